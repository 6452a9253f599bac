//! Places in a text, as editors count them.
//!
//! # Why
//!
//! A line ends at `\n`, `\r\n` and at a `\r` alone; the rest of polcheck knows the first two. Columns are counted in
//! units of UTF-16 unless the editor asks for another encoding. An editor keeps a byte-order mark to itself, so that in
//! a file that it has not opened the first line begins after it.

use lsp_types::{Position, PositionEncodingKind, Range};

use crate::text::Span;

/// What columns count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// Units of UTF-16.
    #[default]
    Utf16,
    /// Code points.
    Utf32,
}

impl Encoding {
    /// The first of those that are `offered` that costs least.
    pub(super) fn choose(offered: &[PositionEncodingKind]) -> Self {
        if offered.contains(&PositionEncodingKind::UTF8) {
            Self::Utf8
        } else if offered.contains(&PositionEncodingKind::UTF16) || !offered.contains(&PositionEncodingKind::UTF32) {
            Self::Utf16
        } else {
            Self::Utf32
        }
    }

    /// What the protocol calls it.
    pub(super) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    fn width(self, c: char) -> usize {
        match self {
            Self::Utf8 => c.len_utf8(),
            Self::Utf16 => c.len_utf16(),
            Self::Utf32 => 1,
        }
    }
}

/// The lines of a text.
#[derive(Debug)]
pub(super) struct Lines<'t> {
    text: &'t str,
    encoding: Encoding,
    /// Where each line begins; never empty.
    starts: Vec<usize>,
}

const BOM: &str = "\u{feff}";

impl<'t> Lines<'t> {
    /// The lines of the text of an open document.
    pub(super) fn new(text: &'t str, encoding: Encoding) -> Self {
        Self::beginning_at(text, encoding, 0)
    }

    /// The lines of a file that is not open.
    pub(super) fn of_file(text: &'t str, encoding: Encoding) -> Self {
        Self::beginning_at(text, encoding, if text.starts_with(BOM) { BOM.len() } else { 0 })
    }

    fn beginning_at(text: &'t str, encoding: Encoding, first: usize) -> Self {
        let bytes = text.as_bytes();
        let mut starts = vec![first];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let before_newline = bytes.get(at) == Some(&b'\r') && bytes.get(at + 1) == Some(&b'\n');
            if !before_newline {
                starts.push(at + 1);
            }
        }
        Self { text, encoding, starts }
    }

    /// The text of a line without its end, and where it begins.
    fn line(&self, line: usize) -> (usize, &'t str) {
        let start = self.starts.get(line).copied().unwrap_or(self.text.len());
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        (start, self.text.get(start..end).unwrap_or_default().trim_end_matches(['\n', '\r']))
    }

    /// Where the byte `offset` is. One past the end is the end, one inside of a character its start, and one inside of
    /// a line's end the end of the line.
    pub(super) fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset).saturating_sub(1);
        let (start, text) = self.line(line);
        let mut column = 0;
        for (at, c) in text.char_indices() {
            if start + at + c.len_utf8() > offset {
                break;
            }
            column += self.encoding.width(c);
        }
        let number = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Position::new(number(line), number(column))
    }

    /// The byte at `position`. One beyond the end of a line is its end, one beyond the last line the end of the text,
    /// and one inside of a character its start.
    pub(super) fn offset(&self, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        if line >= self.starts.len() {
            return self.text.len();
        }
        let (start, text) = self.line(line);
        let mut left = usize::try_from(position.character).unwrap_or(usize::MAX);
        for (at, c) in text.char_indices() {
            let width = self.encoding.width(c);
            if left < width {
                return start + at;
            }
            left -= width;
        }
        start + text.len()
    }

    /// Where `span` is.
    pub(super) fn range(&self, span: Span) -> Range {
        Range::new(self.position(span.start), self.position(span.end))
    }

    /// The bytes of `range`, in order however it is given.
    pub(super) fn span(&self, range: Range) -> Span {
        let (one, other) = (self.offset(range.start), self.offset(range.end));
        Span::new(one.min(other), one.max(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "aé\u{1F600}z\r\n\tb\rc\n\nd";

    #[test]
    fn places_are_counted_in_the_unit_that_was_agreed_on() {
        for (encoding, z) in [(Encoding::Utf8, 7), (Encoding::Utf16, 4), (Encoding::Utf32, 3)] {
            let lines = Lines::new(TEXT, encoding);
            for (c, line, column) in [('z', 0, z), ('b', 1, 1), ('c', 2, 0), ('d', 4, 0)] {
                let at = TEXT.find(c).unwrap();
                assert_eq!(lines.position(at), Position::new(line, column), "{encoding:?} {c}");
                assert_eq!(lines.offset(Position::new(line, column)), at, "{encoding:?} {c}");
            }
        }
    }

    #[test]
    fn every_place_leads_back_to_itself() {
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            let lines = Lines::new(TEXT, encoding);
            for (at, c) in TEXT.char_indices().chain([(TEXT.len(), 'x')]) {
                // Between `\r` and `\n` no line can be.
                let inside = c == '\n' && TEXT[..at].ends_with('\r');
                let back = lines.offset(lines.position(at));
                assert_eq!(back, if inside { at - 1 } else { at }, "{encoding:?} {at}");
            }
        }
    }

    #[test]
    fn places_beyond_the_text_are_its_nearest() {
        let lines = Lines::new(TEXT, Encoding::Utf16);
        assert_eq!(lines.offset(Position::new(0, 999)), TEXT.find('\r').unwrap());
        assert_eq!(lines.offset(Position::new(3, 5)), TEXT.len() - 2);
        assert_eq!(lines.offset(Position::new(99, 0)), TEXT.len());
        assert_eq!(lines.offset(Position::new(u32::MAX, u32::MAX)), TEXT.len());
        assert_eq!(lines.position(999), Position::new(4, 1));
        // Inside of a surrogate pair, and inside of a character's bytes.
        assert_eq!(lines.offset(Position::new(0, 3)), TEXT.find('\u{1F600}').unwrap());
        assert_eq!(lines.position(TEXT.find('\u{1F600}').unwrap() + 2), Position::new(0, 2));
        let turned = Range::new(Position::new(1, 1), Position::new(0, 0));
        assert_eq!(lines.span(turned), Span::new(0, TEXT.find('b').unwrap()));
        assert_eq!(Lines::new("", Encoding::Utf16).position(0), Position::new(0, 0));
    }

    #[test]
    fn a_byte_order_mark_counts_where_the_editor_shows_it() {
        let text = "\u{feff}permit\r\nx";
        assert_eq!(Lines::of_file(text, Encoding::Utf16).position(3), Position::new(0, 0));
        assert_eq!(Lines::of_file(text, Encoding::Utf8).offset(Position::new(0, 0)), 3);
        assert_eq!(Lines::new(text, Encoding::Utf16).position(3), Position::new(0, 1));
        assert_eq!(Lines::of_file(text, Encoding::Utf16).position(0), Position::new(0, 0));
        assert_eq!(Lines::of_file(text, Encoding::Utf16).position(text.len()), Position::new(1, 1));
    }

    #[test]
    fn bytes_are_taken_where_they_are_offered() {
        let all = [PositionEncodingKind::UTF32, PositionEncodingKind::UTF16, PositionEncodingKind::UTF8];
        assert_eq!(Encoding::choose(&all), Encoding::Utf8);
        assert_eq!(Encoding::choose(&all[..2]), Encoding::Utf16);
        assert_eq!(Encoding::choose(&all[..1]), Encoding::Utf32);
        assert_eq!(Encoding::choose(&[]), Encoding::Utf16);
    }
}
