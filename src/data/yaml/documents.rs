//! YAML as other tools read it: every document of a file, with tags and anchors.

use std::collections::HashMap;
use std::sync::Arc;

use saphyr_parser::{Event, ScalarStyle, Tag};

use super::events::{Events, Step};
use crate::data::exact::Style;
use crate::data::item::{Field, Item, Scalar, What};
use crate::data::{DEEPEST, Fault};
use crate::text::Span;

/// The documents of `text`, a whole file, up to the first that is no YAML; and what is wrong with that.
#[must_use]
pub fn documents(text: &str) -> (Vec<Arc<Item>>, Option<Fault>) {
    let mut reading = Reading { events: Events::new(text), anchors: HashMap::new() };
    let mut found = Vec::new();
    loop {
        match reading.events.next() {
            Ok((Event::StreamEnd, _)) => return (found, None),
            Ok((Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing, _)) => {}
            step => match reading.item(step, 0) {
                Ok(item) => found.push(item),
                Err(fault) => return (found, Some(fault)),
            },
        }
    }
}

struct Reading<'t> {
    events: Events<'t>,
    /// What stands at each anchor. What is named while it is being read holds itself, and is nothing.
    anchors: HashMap<usize, Arc<Item>>,
}

impl Reading<'_> {
    fn item(&mut self, step: Step<'_>, depth: usize) -> Result<Arc<Item>, Fault> {
        let (event, span) = step?;
        if depth > DEEPEST {
            return Err(Fault::new(format!("this is nested more than {DEEPEST} deep")).at(span));
        }
        let (anchor, tag, span, what) = match event {
            Event::Alias(anchor) => {
                let nothing = || Arc::new(Item { span, tag: None, what: What::Scalar(scalar("", Style::Plain)) });
                return Ok(self.anchors.get(&anchor).cloned().unwrap_or_else(nothing));
            }
            Event::Scalar(text, style, anchor, tag) => {
                let span = if anchor > 0 || tag.is_some() { after_properties(self.events.text, span) } else { span };
                let what = What::Scalar(scalar(&text, style_of(style)));
                (anchor, name(tag.as_deref()), span, what)
            }
            Event::SequenceStart(anchor, tag) => {
                let tag = name(tag.as_deref());
                let (items, span) = self.list(span, depth)?;
                (anchor, tag, span, What::List(items))
            }
            Event::MappingStart(anchor, tag) => {
                let tag = name(tag.as_deref());
                let (fields, span) = self.map(span, depth)?;
                (anchor, tag, span, What::Map(fields))
            }
            _ => return Err(Fault::new("a value is missing here").at(span)),
        };
        let item = Arc::new(Item { span, tag, what });
        if anchor > 0 {
            self.anchors.insert(anchor, Arc::clone(&item));
        }
        Ok(item)
    }

    fn list(&mut self, start: Span, depth: usize) -> Result<(Vec<Arc<Item>>, Span), Fault> {
        let mut items: Vec<Arc<Item>> = Vec::new();
        loop {
            match self.events.next()? {
                (Event::SequenceEnd, _) => {
                    let last = items.last().map_or(start.end, |item| item.span.end);
                    return Ok((items, Span::new(start.start, last)));
                }
                step => items.push(self.item(Ok(step), depth + 1)?),
            }
        }
    }

    fn map(&mut self, start: Span, depth: usize) -> Result<(Vec<Field>, Span), Fault> {
        let mut fields: Vec<Field> = Vec::new();
        loop {
            let key = match self.events.next()? {
                (Event::MappingEnd, _) => {
                    let last = fields.last().map_or(start.end, |field| field.value.span.end);
                    return Ok((fields, Span::new(start.start, last)));
                }
                step => self.item(Ok(step), depth + 1)?,
            };
            let step = self.events.next();
            let value = self.item(step, depth + 1)?;
            fields.push(Field { key: key.text().unwrap_or_default().to_owned(), key_span: key.span, value });
        }
    }
}

fn scalar(text: &str, style: Style) -> Scalar {
    Scalar { text: text.to_owned(), style }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

/// `span` of `text` without the tag and the anchor in front.
fn after_properties(text: &str, span: Span) -> Span {
    let mut at = span.start;
    while let Some(rest) = text.get(at..span.end).filter(|rest| rest.starts_with(['!', '&'])) {
        let name = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let blank = rest.get(name..).unwrap_or_default();
        at += name + blank.len() - blank.trim_start().len();
    }
    Span::new(at, span.end)
}

/// The name of a tag of the file's own; YAML's own tags (`!!str`) say nothing that the value does not.
fn name(tag: Option<&Tag>) -> Option<String> {
    tag.filter(|tag| tag.handle == "!").map(|tag| tag.suffix.clone())
}
