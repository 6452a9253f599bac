//! From what a table writes to Cedar's JSON, by what the schema asks for.

use std::fmt::Arguments;

use cedar_policy::EntityUid;
use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::data::{Entry, Fault, Kind, Tree};
use crate::repo::shape::{Field, Shape, constructor};
use crate::symbolic::uid_json;
use crate::tables::uid::parse;
use crate::text::{Span, inline, nearest};

/// Writes values; what it once found good is not looked at again.
#[derive(Debug, Default)]
pub(in crate::tables) struct Values {
    /// Whether an extension's function takes a text, and Cedar's words where it does not.
    literals: FxHashMap<(String, String), Option<String>>,
    /// The entities that were written.
    named: Vec<EntityUid>,
}

impl Values {
    /// The entities that were written since this was asked last.
    pub(super) fn named(&mut self) -> Vec<EntityUid> {
        std::mem::take(&mut self.named)
    }

    /// `tree` as JSON where `shape` is wanted; `what` names it for people. `None` when a fault says why not.
    pub(super) fn json(
        &mut self,
        tree: &Tree,
        shape: &Shape,
        what: Arguments<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Value> {
        let wrong = |faults: &mut Vec<Fault>| {
            let fault = Fault::new(format!("{what} is {}, and this is {}", shape.what(), tree.what())).at(tree.span);
            faults.push(match (&tree.kind, shape) {
                (Kind::Bool(value), Shape::String) => fault.help(format!("write '{value}' for the text")),
                (Kind::Long(value), Shape::String) => fault.help(format!("write '{value}' for the text")),
                _ => fault,
            });
            None
        };
        match (&tree.kind, shape) {
            (Kind::Wrong(fault), _) => {
                faults.push((**fault).clone());
                None
            }
            (Kind::Null, _) => {
                let help = "leave the key out for an attribute that is not there";
                faults.push(Fault::new(format!("{what} has no value")).help(help).at(tree.span));
                None
            }
            (Kind::Cell(text), shape) => self.cell(tree, text, shape, what, faults),
            (Kind::Bool(value), Shape::Bool | Shape::Any) => Some(Value::Bool(*value)),
            (Kind::Long(value), Shape::Long | Shape::Any) => Some(Value::from(*value)),
            (Kind::Text(text), Shape::String | Shape::Any) => Some(Value::String(text.clone())),
            (Kind::Text(text), Shape::Entity) => self.entity(text, tree.span, what, faults),
            (Kind::Text(text), Shape::Extension(name)) => self.extension(name, text, tree.span, what, faults),
            (Kind::List(items), Shape::Set(_) | Shape::Any) => {
                let of = if let Shape::Set(of) = shape { of } else { &Shape::Any };
                let all: Vec<_> =
                    items.iter().map(|tree| self.json(tree, of, format_args!("an item of {what}"), faults)).collect();
                all.into_iter().collect::<Option<_>>().map(Value::Array)
            }
            (Kind::Map(entries), Shape::Record(fields)) => self.record(entries, fields, tree.span, what, faults),
            // Cedar's own spellings of entities and of values of extensions.
            (Kind::Map(entries), Shape::Any | Shape::Entity | Shape::Extension(_)) => {
                let mut object = serde_json::Map::new();
                for Entry { key, value } in entries {
                    let json = self.json(value, &Shape::Any, what, faults)?;
                    object.insert(key.value.clone(), json);
                }
                let object = Value::Object(object);
                if *shape == Shape::Entity || object.get("__entity").is_some() {
                    self.named.extend(EntityUid::from_json(object.clone()));
                }
                Some(object)
            }
            _ => wrong(faults),
        }
    }

    /// A record with these `entries`: every attribute known, every required one there.
    fn record(
        &mut self,
        entries: &[Entry],
        fields: &std::collections::BTreeMap<String, Field>,
        span: Span,
        what: Arguments<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Value> {
        let before = faults.len();
        let mut object = serde_json::Map::new();
        for Entry { key, value } in entries {
            let name = inline(&key.value);
            let Some(field) = fields.get(&key.value) else {
                let fault = Fault::new(format!("{what} has no attribute `{name}`")).at(key.span);
                faults.push(match nearest(&key.value, fields.keys().map(String::as_str)) {
                    Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
                    None => fault,
                });
                continue;
            };
            let json = self.json(value, &field.shape, format_args!("{what}.{name}"), faults);
            object.extend(json.map(|json| (key.value.clone(), json)));
        }
        for (name, field) in fields {
            if field.required && !entries.iter().any(|entry| entry.key.value == *name) {
                faults.push(Fault::new(format!("{what} lacks `{}`", inline(name))).at(span));
            }
        }
        (faults.len() == before).then_some(Value::Object(object))
    }

    /// A cell of a syntax that has text only.
    fn cell(
        &mut self,
        tree: &Tree,
        text: &str,
        shape: &Shape,
        what: Arguments<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Value> {
        let wrong = |faults: &mut Vec<Fault>, wanted: &str| {
            faults.push(Fault::new(format!("{what} is {wanted}, and this is `{}`", inline(text))).at(tree.span));
            None
        };
        match shape {
            Shape::String => Some(Value::String(text.to_owned())),
            // Spreadsheets write booleans in capitals.
            Shape::Bool => match text.to_ascii_lowercase().as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => wrong(faults, &shape.what()),
            },
            Shape::Long => text.parse::<i64>().map_or_else(|_| wrong(faults, &shape.what()), |long| Some(long.into())),
            Shape::Entity if !text.trim_start().starts_with('{') => self.entity(text, tree.span, what, faults),
            Shape::Extension(name) if !text.trim_start().starts_with('{') => {
                self.extension(name, text, tree.span, what, faults)
            }
            Shape::Any => {
                let read = match text.to_ascii_lowercase().as_str() {
                    "true" => Some(Tree { span: tree.span, kind: Kind::Bool(true) }),
                    "false" => Some(Tree { span: tree.span, kind: Kind::Bool(false) }),
                    _ => Tree::of_json(text, tree.span),
                };
                let plain = || Tree { span: tree.span, kind: Kind::Text(text.to_owned()) };
                self.json(&read.unwrap_or_else(plain), shape, what, faults)
            }
            Shape::Set(_) | Shape::Record(_) | Shape::Entity | Shape::Extension(_) => {
                match Tree::of_json(text, tree.span) {
                    Some(read) => self.json(&read, shape, what, faults),
                    None => wrong(faults, &format!("{} as JSON", shape.what())),
                }
            }
        }
    }

    fn extension(
        &mut self,
        name: &str,
        text: &str,
        span: Span,
        what: Arguments<'_>,
        faults: &mut Vec<Fault>,
    ) -> Option<Value> {
        let function = constructor(name);
        let value = serde_json::json!({ "__extn": { "fn": function, "arg": text } });
        let key = (function.to_owned(), text.to_owned());
        let words = self.literals.entry(key).or_insert_with(|| {
            let context = serde_json::json!({ "value": value });
            let error = cedar_policy::Context::from_json_value(context, None).err()?;
            let words = crate::repo::cedar::fault(&error).message;
            // Cedar's last words are about the text itself.
            Some(words.rsplit("extension function: ").next().unwrap_or(&words).to_owned())
        });
        let Some(words) = words else { return Some(value) };
        let shape = Shape::Extension(name.to_owned());
        let message = format!("{what} is {}, and this is `{}`: {}", shape.what(), inline(text), inline(words));
        faults.push(Fault::new(message).at(span));
        None
    }

    fn entity(&mut self, text: &str, span: Span, what: Arguments<'_>, faults: &mut Vec<Fault>) -> Option<Value> {
        match parse(text) {
            Ok(uid) => {
                let json = serde_json::json!({ "__entity": uid_json(&uid) });
                self.named.push(uid);
                Some(json)
            }
            Err(fault) => {
                let message = format!("{what} is an entity, and this is `{}`", inline(text));
                faults.push(Fault { message, ..fault }.at(span));
                None
            }
        }
    }
}
