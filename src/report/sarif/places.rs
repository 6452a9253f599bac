//! Places as SARIF counts them.

use super::model::{Artifact, Physical, Region};
use crate::text::{Location, Position, Span};

const MARK: char = '\u{feff}';

pub(super) fn physical(location: &Location) -> Physical {
    Physical { artifact_location: artifact(location.path()), region: region(&location.shown()) }
}

/// Code scanning wants all four sides, and an end after the start. A place between two characters is shown as the
/// character after it, or the one before it at the end of a line. Where there is no text there are no bytes to count
/// either. A byte-order mark is no character of the text (section 3.30.2).
fn region(location: &Location) -> Region {
    let mark = if location.file.text().starts_with(MARK) { MARK.len_utf8() } else { 0 };
    let shown = widened(location, mark);
    let (start, end) = (shown.start(), shown.end());
    let column = |at: Position| if at.line == 1 && mark > 0 { at.column - 1 } else { at.column };
    let bytes = (!shown.span.is_empty()).then_some(shown.span);
    Region {
        start_line: start.line,
        start_column: column(start),
        end_line: end.line,
        end_column: if bytes.is_some() { column(end) } else { column(start) + 1 },
        byte_offset: bytes.map(|span| span.start),
        byte_length: bytes.map(Span::len),
    }
}

/// The place as it is, of no length where something is inserted.
pub(super) fn exact(location: &Location) -> Region {
    let mark = location.file.text().starts_with(MARK);
    let (start, end) = (location.start(), location.end());
    let column = |at: Position| if at.line == 1 && mark { at.column.saturating_sub(1).max(1) } else { at.column };
    Region {
        start_line: start.line,
        start_column: column(start),
        end_line: end.line,
        end_column: column(end),
        byte_offset: Some(location.span.start),
        byte_length: Some(location.span.len()),
    }
}

/// `location` after the first `mark` bytes, with a character in it if there is one on its line.
fn widened(location: &Location, mark: usize) -> Location {
    let span = Span::new(location.span.start.max(mark), location.span.end.max(mark));
    let at = span.start;
    let text = location.file.text();
    let on_line = |c: &char| !matches!(c, '\r' | '\n');
    let after = text.get(at..).and_then(|rest| rest.chars().next()).filter(on_line).map(char::len_utf8);
    let before = text.get(mark..at).and_then(|rest| rest.chars().next_back()).filter(on_line).map(char::len_utf8);
    let span = match (after, before) {
        _ if !span.is_empty() => span,
        (Some(after), _) => Span::new(at, at + after),
        (None, Some(before)) => Span::new(at - before, at),
        (None, None) => Span::at(at.min(text.len())),
    };
    Location { file: location.file.clone(), span }
}

/// A path below the root as a relative reference; one that is absolute, because it was named so and lies elsewhere, as
/// a URI.
pub(super) fn artifact(path: &str) -> Artifact {
    if path.starts_with('/') {
        return Artifact { uri: format!("file://{}", encoded(path)), uri_base_id: None };
    }
    let uri = if path.is_empty() { ".".to_owned() } else { encoded(path) };
    Artifact { uri, uri_base_id: Some("%SRCROOT%") }
}

/// RFC 3986: every byte but the unreserved and `/` percent-encoded.
fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceFile;

    #[test]
    fn paths_are_encoded() {
        let uri = |path| artifact(path).uri;
        assert_eq!(uri("a b/#1?x=%20&ä.cedar"), "a%20b/%231%3Fx%3D%2520%26%C3%A4.cedar");
        assert_eq!((uri("a:b"), uri("")), ("a%3Ab".to_owned(), ".".to_owned()));
        let outside = artifact("/srv/a b.cedar");
        assert_eq!((outside.uri.as_str(), outside.uri_base_id), ("file:///srv/a%20b.cedar", None));
    }

    #[test]
    fn every_region_ends_after_its_start() {
        let file = SourceFile::new("a", "é\r\n\r\n😀x");
        let shown = |at| {
            let region = region(&Location::new(&file, Span::at(at)));
            let columns = (region.start_line, region.start_column, region.end_line, region.end_column);
            (columns, region.byte_offset, region.byte_length)
        };
        assert_eq!(shown(0), ((1, 1, 1, 2), Some(0), Some(2)));
        assert_eq!(shown(2), ((1, 1, 1, 2), Some(0), Some(2)), "at the end of a line");
        assert_eq!(shown(4), ((2, 1, 2, 2), None, None), "an empty line");
        assert_eq!(shown(6), ((3, 1, 3, 2), Some(6), Some(4)));
        assert_eq!(shown(11), ((3, 2, 3, 3), Some(10), Some(1)), "the end of the file");
    }

    #[test]
    fn a_byte_order_mark_moves_nothing() {
        let text = "ab\ncd";
        let plain = SourceFile::new("a", text);
        let marked = SourceFile::new("a", format!("{MARK}{text}"));
        let sides = |region: Region| (region.start_line, region.start_column, region.end_line, region.end_column);
        for start in 0..=text.len() {
            for end in start..=text.len() {
                let without = region(&Location::new(&plain, Span::new(start, end)));
                let with = region(&Location::new(&marked, Span::new(start + 3, end + 3)));
                assert_eq!(with.byte_offset, without.byte_offset.map(|at| at + 3));
                assert_eq!((with.byte_length, sides(with)), (without.byte_length, sides(without)));
            }
        }
        assert_eq!(sides(region(&Location::new(&marked, Span::new(0, 3)))), (1, 1, 1, 2));
        assert_eq!(sides(region(&Location::new(&SourceFile::new("a", MARK), Span::new(0, 3)))), (1, 1, 1, 2));
    }
}
