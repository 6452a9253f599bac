//! Values from events, read strictly: no anchors, aliases, tags and merge keys, and no key twice.

use std::collections::HashSet;

use saphyr_parser::{Event, ScalarStyle};

use super::events::Events;
use super::scalar::plain;
use crate::data::{DEEPEST, Entry, Fault, Kind, Said, Tree};
use crate::text::{Span, inline};

impl<'t> Events<'t> {
    /// The next key of a mapping; `None` at its end.
    pub(super) fn key(&mut self) -> Result<Option<Said<String>>, Fault> {
        match self.next()? {
            (Event::MappingEnd, _) => Ok(None),
            (Event::Scalar(text, style, anchor, tag), span) => {
                if let Some(fault) = decorated(anchor, tag.is_some(), span) {
                    return Err(fault);
                }
                if style == ScalarStyle::Plain && text == "<<" {
                    return Err(refused("a merge key (`<<`)", span));
                }
                Ok(Some(Said { value: text.into_owned(), span }))
            }
            (_, span) => Err(Fault::new("a key is a single word or text").at(span)),
        }
    }

    /// The next value, which is nested `depth` deep.
    pub(super) fn value(&mut self, depth: usize) -> Result<Tree, Fault> {
        let step = self.next()?;
        self.value_from(step, depth)
    }

    /// The value that begins with `step`.
    pub(super) fn value_from(&mut self, step: (Event<'t>, Span), depth: usize) -> Result<Tree, Fault> {
        let (event, span) = step;
        if depth > DEEPEST {
            return Err(Fault::new(format!("this is nested more than {DEEPEST} deep")).at(span));
        }
        let refusal = match &event {
            Event::Scalar(_, _, anchor, tag) => decorated(*anchor, tag.is_some(), span),
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                decorated(*anchor, tag.is_some(), span)
            }
            Event::Alias(_) => Some(refused("an alias (`*name`)", span)),
            _ => None,
        };
        let tree = self.undecorated(event, span, depth)?;
        Ok(match refusal {
            Some(fault) => Tree { span: tree.span, kind: Kind::Wrong(Box::new(fault)) },
            None => tree,
        })
    }

    fn undecorated(&mut self, event: Event<'t>, span: Span, depth: usize) -> Result<Tree, Fault> {
        match event {
            Event::Alias(_) => Ok(Tree { span, kind: Kind::Null }),
            Event::Scalar(text, ScalarStyle::Plain, ..) => Ok(Tree { span, kind: plain(&text, span, self.text) }),
            Event::Scalar(text, ..) => Ok(Tree { span, kind: Kind::Text(text.into_owned()) }),
            Event::SequenceStart(..) => {
                let mut items: Vec<Tree> = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, end) => {
                            let span = around(span, items.last().map(|item| item.span), end);
                            return Ok(Tree { span, kind: Kind::List(items) });
                        }
                        step => items.push(self.value_from(step, depth + 1)?),
                    }
                }
            }
            Event::MappingStart(..) => {
                let mut entries: Vec<Entry> = Vec::new();
                let mut seen = HashSet::new();
                while let Some(key) = self.key()? {
                    let mut value = self.value(depth + 1)?;
                    if !seen.insert(key.value.clone()) {
                        value = Tree { span: value.span, kind: Kind::Wrong(Box::new(twice(&key))) };
                    }
                    entries.push(Entry { key, value });
                }
                // The end of a mapping is where its last value ends, or its closing brace.
                let closing = self.place.last;
                let span = around(span, entries.last().map(|entry| entry.value.span), closing);
                Ok(Tree { span, kind: Kind::Map(entries) })
            }
            _ => Err(Fault::new("a value is missing here").at(span)),
        }
    }
}

/// The fault of a key that its mapping has already.
pub(super) fn twice(key: &Said<String>) -> Fault {
    Fault::new(format!("`{}` is given twice", inline(&key.value))).at(key.span)
}

fn refused(what: &str, span: Span) -> Fault {
    let help = "write the value out; what rows share stands under `defaults`";
    Fault::new(format!("{what} is not read here")).help(help).at(span)
}

/// What is wrong with a value that has an anchor or a tag.
fn decorated(anchor: usize, tagged: bool, span: Span) -> Option<Fault> {
    match (anchor, tagged) {
        (0, false) => None,
        (0, true) => Some(refused("a tag (`!name`)", span)),
        _ => Some(refused("an anchor (`&name`)", span)),
    }
}

/// From the start of a collection to its closing bracket, or to the end of its last value where it has none.
fn around(start: Span, last: Option<Span>, end: Span) -> Span {
    let to = if end.end > end.start { end.end } else { last.map_or(start.end, |last| last.end) };
    Span::new(start.start, to.max(start.start))
}
