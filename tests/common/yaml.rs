//! YAML as plain values, for the files that we hand to other programs.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Value};

/// The one document in `text`; panics when it is not YAML, or uses what our files do not: tags, a key twice.
pub fn parse(text: &str) -> Value {
    let mut anchored = HashMap::new();
    let events = Parser::new_from_str(text).map(|event| event.unwrap_or_else(|error| panic!("{error}\n{text}")).0);
    // An alias stands for the scalar that was said before.
    let events = events.map(|event| match event {
        Event::Scalar(text, style, anchor, tag) => {
            anchored.insert(anchor, text.clone());
            Event::Scalar(text, style, 0, tag)
        }
        Event::Alias(anchor) => Event::Scalar(anchored[&anchor].clone(), ScalarStyle::Literal, 0, None),
        event => event,
    });
    let mut events =
        events.filter(|event| !matches!(event, Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_)));
    let value = value(&mut events);
    assert!(matches!(events.next(), Some(Event::DocumentEnd)) && events.next().is_none(), "more than one document");
    value
}

fn value<'t>(events: &mut impl Iterator<Item = Event<'t>>) -> Value {
    let first = events.next().expect("a value");
    started(first, events)
}

fn started<'t>(first: Event<'t>, events: &mut impl Iterator<Item = Event<'t>>) -> Value {
    match first {
        Event::Scalar(text, ScalarStyle::Plain, _, None) => plain(&text),
        Event::Scalar(text, _, _, None) => Value::String(text.into_owned()),
        Event::SequenceStart(_, None) => {
            let mut items = Vec::new();
            loop {
                match events.next().expect("the sequence ends") {
                    Event::SequenceEnd => return Value::Array(items),
                    event => items.push(started(event, events)),
                }
            }
        }
        Event::MappingStart(_, None) => {
            let mut fields = Map::new();
            loop {
                let Event::Scalar(key, ..) = (match events.next().expect("the mapping ends") {
                    Event::MappingEnd => return Value::Object(fields),
                    event => event,
                }) else {
                    panic!("a key that is no scalar")
                };
                assert!(fields.insert(key.to_string(), value(events)).is_none(), "`{key}` twice");
            }
        }
        event => panic!("{event:?}"),
    }
}

/// A scalar without quotes: nothing, a boolean, a whole number, or text. What YAML has beyond that, our files do not
/// use.
fn plain(text: &str) -> Value {
    assert!(!matches!(text, "~" | "null" | "yes" | "no" | "on" | "off"), "`{text}` without quotes");
    match (text, text.parse::<i64>()) {
        ("", _) => Value::Null,
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Ok(number)) => Value::from(number),
        _ => Value::String(text.to_owned()),
    }
}
