//! The parser's events, each with its place in the file, and the words for what is no YAML.

use saphyr_parser::{Event, Parser, ScanError, StrInput};

use super::cursor::Cursor;
use crate::data::Fault;
use crate::text::{Span, inline};

/// One step of the parser.
pub(super) type Step<'t> = Result<(Event<'t>, Span), Fault>;

/// The YAML of one file, event by event.
pub(super) struct Events<'t> {
    /// The whole file, with its byte-order mark if it has one.
    pub(super) text: &'t str,
    parser: Parser<'t, StrInput<'t>>,
    pub(super) place: Cursor<'t>,
}

impl<'t> Events<'t> {
    /// The events of `text`, a whole file.
    pub(super) fn new(text: &'t str) -> Self {
        let body = text.strip_prefix('\u{feff}').unwrap_or(text);
        let place = Cursor::new(text, text.len() - body.len());
        Self { text, parser: Parser::new_from_str(body), place }
    }

    /// The next event; the end of the stream comes again and again.
    pub(super) fn next(&mut self) -> Step<'t> {
        match self.parser.next_event() {
            Some(Ok((event, marks))) => {
                let span = self.place.span(&marks);
                Ok((event, span))
            }
            Some(Err(error)) => Err(self.unreadable(&error)),
            None => Ok((Event::StreamEnd, Span::at(self.text.len()))),
        }
    }

    fn unreadable(&mut self, error: &ScanError) -> Fault {
        let at = self.place.byte(error.marker().index()).min(self.text.len());
        let words = error.info().trim_end_matches('.');
        let fault = Fault::new(format!("this is not YAML: {}", inline(words))).at(Span::at(at));
        let from = self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line = self.text.get(from..).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let next = self.text.get(at..).and_then(|rest| rest.lines().nth(1)).unwrap_or_default();
        if let Some(fault) = layout(self.text, from, line) {
            return fault;
        }
        if line.contains('\t') || next.trim_start_matches(' ').starts_with('\t') {
            fault.help("indent with spaces; YAML takes no tabs")
        } else if line.contains("::\"") {
            fault.help("write entities between single quotes: 'User::\"alice\"'")
        } else {
            fault
        }
    }

    /// Reads over one value.
    pub(super) fn skip(&mut self) -> Result<(), Fault> {
        let mut open = 0_usize;
        loop {
            match self.next()?.0 {
                Event::SequenceStart(..) | Event::MappingStart(..) => open += 1,
                Event::SequenceEnd | Event::MappingEnd => open = open.saturating_sub(1),
                Event::StreamEnd => return Ok(()),
                _ => {}
            }
            if open == 0 {
                return Ok(());
            }
        }
    }
}

/// A key that does not stand under the one before it, or a value with a colon in it: what the parser stumbles over in
/// `line`, which starts at byte `start`.
fn layout(text: &str, start: usize, line: &str) -> Option<Fault> {
    let (column, key, value) = entry(line)?;
    let colon = value.find(": ").or_else(|| value.strip_suffix(':').map(str::len));
    if colon.is_some() && !value.starts_with(['\'', '"', '[', '{', '|', '>', '#']) {
        let from = start + line.find(value).unwrap_or_default();
        let help = format!("write {key}: '{}'", value.replace('\'', "''"));
        let fault = Fault::new("a value with a colon in it stands between quotes").help(inline(&help));
        return Some(fault.at(Span::new(from, from + value.len())));
    }
    let before =
        text.get(..start)?.lines().rev().filter(|line| !line.trim().is_empty() && !line.trim().starts_with('#'));
    let mut columns = Vec::new();
    let mut parent = false;
    for (number, line) in before.enumerate() {
        let Some((column, _, value)) = entry(line) else { continue };
        parent |= number == 0 && value.is_empty();
        columns.push(column);
        if line.trim_start().starts_with("- ") || columns.len() > NEAR {
            break;
        }
    }
    if parent || columns.contains(&column) {
        return None;
    }
    let right = columns.into_iter().min_by_key(|other| other.abs_diff(column))?;
    let from = start + column;
    let message = format!("`{}` does not stand under the keys before it", inline(key));
    let help = format!("begin it in column {}, and not in column {}", right + 1, column + 1);
    (right.abs_diff(column) <= NEAR).then(|| Fault::new(message).help(help).at(Span::new(from, from + key.len())))
}

/// How many columns, and how many lines, apart are still near.
const NEAR: usize = 3;

/// The column of the key of `line`, the key, and what stands after it.
fn entry(line: &str) -> Option<(usize, &str, &str)> {
    let rest = line.trim_start_matches(' ');
    let rest = rest.strip_prefix("- ").map_or(rest, |item| item.trim_start_matches(' '));
    let (key, value) = rest.split_once(':')?;
    let word = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    (word && (value.is_empty() || value.starts_with(' '))).then(|| (line.len() - rest.len(), key, value.trim()))
}
