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
