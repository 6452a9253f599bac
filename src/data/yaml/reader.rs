//! A file whose mapping holds a list of rows under one key: all but the rows at once, and the rows one by one.

use std::collections::HashSet;

use saphyr_parser::{Event, ScalarStyle};

use super::events::Events;
use super::values::twice;
use crate::data::{Entry, Fault, Tree};
use crate::text::{Span, inline};

/// The YAML of one file as a stream of values.
pub struct Reader<'t> {
    events: Events<'t>,
    /// Set when [`Self::top`] did not read what stands after the rows, because nothing does.
    unread: bool,
}

/// The top of a file.
#[derive(Debug, Default)]
pub struct Top {
    /// The entries of the file's mapping, without the one that holds the rows.
    pub entries: Vec<Entry>,
    /// Where the key of the rows stands; the start of the file when the whole file is the list of rows.
    pub rows: Option<Span>,
    /// Whether what stands after the rows, if anything does, was read.
    pub whole: bool,
}

impl<'t> Reader<'t> {
    /// A reader of `text`, a whole file with its byte-order mark if it has one.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        Self { events: Events::new(text), unread: false }
    }

    /// Reads everything but the values under `rows`.
    ///
    /// # Errors
    /// What is not YAML, or not strict YAML at the top.
    pub fn top(mut self, rows: &str) -> Result<Top, Fault> {
        let mut top = Top { whole: true, ..Top::default() };
        let start = match self.start()? {
            None => return Ok(top),
            Some((Event::SequenceStart(..), span)) => {
                top.rows = Some(Span::at(span.start));
                return Ok(top);
            }
            Some((Event::MappingStart(..), span)) => span.start,
            Some((_, span)) => {
                return Err(Fault::new("this is a single value, not a table").at(span));
            }
        };
        let mut seen = HashSet::new();
        while let Some(key) = self.events.key()? {
            if key.value == rows && top.rows.is_none() {
                top.rows = Some(key.span);
                if self.last_key(start, key.span.end) {
                    top.whole = false;
                    break;
                }
                self.events.skip()?;
                continue;
            }
            if key.value == rows || !seen.insert(key.value.clone()) {
                return Err(twice(&key));
            }
            let value = self.events.value(0)?;
            top.entries.push(Entry { key, value });
        }
        Ok(top)
    }

    /// Comes to the list under `rows` (or at the top), so that [`Self::row`] gives its items. `top` is what
    /// [`Self::top`] read.
    ///
    /// # Errors
    /// When it is no list.
    pub fn seek(&mut self, rows: &str, top: &Top) -> Result<(), Fault> {
        self.unread = !top.whole;
        let list = |step: (Event<'_>, Span)| match step {
            (Event::SequenceStart(..), _) => Ok(()),
            (Event::Scalar(text, ScalarStyle::Plain, ..), span) if text.is_empty() => {
                Err(Fault::new(format!("`{rows}` holds no row")).at(span))
            }
            (_, span) => Err(Fault::new(format!("`{rows}` is a list of rows, each after a `-`")).at(span)),
        };
        match self.start()? {
            Some(step @ (Event::SequenceStart(..), _)) => return list(step),
            Some((Event::MappingStart(..), _)) => {}
            _ => return Err(Fault::new("there is no row in this table")),
        }
        while let Some(key) = self.events.key()? {
            if key.value == rows {
                let step = self.events.next()?;
                return list(step);
            }
            self.events.skip()?;
        }
        Err(Fault::new("there is no row in this table"))
    }

    /// The next item of the list that [`Self::seek`] came to.
    ///
    /// # Errors
    /// What is not YAML; nothing can be read after it.
    pub fn row(&mut self) -> Result<Option<Tree>, Fault> {
        match self.events.next()? {
            (Event::SequenceEnd, _) => self.end().map(|()| None),
            step => self.events.value_from(step, 0).map(Some),
        }
    }

    /// Reads on to the end of the file, in which nothing but what [`Self::top`] read may stand.
    fn end(&mut self) -> Result<(), Fault> {
        loop {
            match self.events.next()? {
                (Event::StreamEnd, _) => return Ok(()),
                (Event::DocumentStart(_), span) => {
                    let fault = Fault::new("a second document begins here, and is not read");
                    return Err(fault.help("put its rows into a file of their own").at(span));
                }
                (Event::Scalar(text, ..), span) if self.unread => {
                    let fault = Fault::new(format!("`{}` stands after the rows, and is not read", inline(&text)));
                    return Err(fault.help("put it before them").at(span));
                }
                _ => {}
            }
        }
    }

    /// The first event of the document; `None` when the file is empty.
    fn start(&mut self) -> Result<Option<(Event<'t>, Span)>, Fault> {
        loop {
            match self.events.next()? {
                (Event::StreamStart | Event::DocumentStart(_) | Event::Nothing, _) => {}
                (Event::StreamEnd, _) => return Ok(None),
                (Event::Scalar(text, ScalarStyle::Plain, ..), _) if text.is_empty() => return Ok(None),
                step => return Ok(Some(step)),
            }
        }
    }

    /// Whether no further key of the file's mapping, which starts at `start`, can follow after `from`: its keys stand
    /// at the margin, and no later line has anything there but a comment or an item. Where one does, the file is read
    /// to its end to see.
    fn last_key(&self, start: usize, from: usize) -> bool {
        let text = self.events.text;
        let before = text.get(..start).unwrap_or_default();
        let at_margin = before.is_empty() || before.ends_with(['\n', '\u{feff}']);
        let block = !text.get(start..).unwrap_or_default().starts_with('{');
        let rest = text.get(from..).unwrap_or_default();
        let margin = |line: &str| {
            let item = line.strip_prefix('-').is_some_and(|item| item.is_empty() || item.starts_with([' ', '\r']));
            item || matches!(line.bytes().next(), None | Some(b' ' | b'#')) || line == "\r"
        };
        at_margin && block && !lone_return(rest) && rest.split('\n').skip(1).all(margin)
    }
}

/// Whether a line ends in a carriage return alone, which YAML takes for a line end.
fn lone_return(text: &str) -> bool {
    text.split('\r').skip(1).any(|after| !after.starts_with('\n'))
}
