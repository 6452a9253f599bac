//! `@sensitive("condition")` on an action of a schema: every request of it that is allowed meets the condition.

use serde_json::Value;

use super::{Sources, policy};
use crate::prove::guardrail::{Demand, Guardrail, Reach, Rule};
use crate::repo::{Schema, Store, schema_as_json};
use crate::text::{Location, Span, inline};

pub(super) fn collect(sources: &Sources<'_>) -> Vec<Guardrail> {
    sources.repo.stores.iter().flat_map(of_store).collect()
}

fn of_store(store: &Store) -> Vec<Guardrail> {
    let Some(schema) = store.schema.ready() else { return Vec::new() };
    if !schema.files.iter().any(|file| file.text().contains("sensitive")) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for (namespace, body) in schema_as_json(schema).iter().filter_map(Value::as_object).flatten() {
        for (name, action) in body.get("actions").and_then(Value::as_object).into_iter().flatten() {
            let Some(condition) = action.pointer("/annotations/sensitive").and_then(Value::as_str) else { continue };
            let ty = if namespace.is_empty() { "Action".to_owned() } else { format!("{namespace}::Action") };
            let text = format!("forbid (principal, action in {ty}::{name:?}, resource) unless {{ {condition} }};");
            let demand = match policy(&text) {
                Ok(policy) => Demand::Refused(Rule::Everywhere(Box::new(policy), None)),
                Err(why) => Demand::Unaskable(format!("`{}` is no condition: {why}", inline(condition))),
            };
            let reason = action.pointer("/annotations/why").and_then(Value::as_str);
            all.push(Guardrail {
                id: format!("sensitive {name}"),
                kind: "sensitive",
                why: reason.map(str::to_owned),
                location: place(schema, name, condition),
                expansion: Some(text),
                reach: Reach::Only(vec![store.name.clone()]),
                demand,
                doubt: None,
            });
        }
    }
    all
}

/// Where the annotation stands: the one before the action's name.
fn place(schema: &Schema, action: &str, condition: &str) -> Location {
    for file in &schema.files {
        let text = file.text();
        for (at, word) in text.match_indices("@sensitive") {
            let rest = text.get(at..).unwrap_or_default();
            let declared = rest.split("appliesTo").next().unwrap_or(rest);
            if declared.contains(action) {
                let end = rest.find('\n').unwrap_or(word.len());
                return Location::new(file, Span::new(at, at + end));
            }
        }
        if let Some(at) = serde_json::to_string(condition).ok().and_then(|written| text.find(&written)) {
            return Location::new(file, Span::new(at, at + condition.len()));
        }
    }
    let path = schema.files.first().map(|file| file.path().to_owned()).unwrap_or_default();
    Location::of_path(path)
}
