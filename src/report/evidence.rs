//! A request and its entities, written as Cedar writes values. The JSON report has them as Cedar's JSON, for replay.

use serde_json::{Map, Value};

use super::counted::counted;
use crate::finding::Evidence;

/// Deeper values are left out: nobody reads them here.
const MAX_DEPTH: usize = 8;

/// The request on one line, its context on another when it holds anything.
pub(super) fn request(evidence: &Evidence) -> (String, Option<String>) {
    let request = &evidence.request;
    let parts = ["principal", "action", "resource"].map(|part| Some(format!("{part} {}", uid(request.get(part)?)?)));
    let [Some(principal), Some(action), Some(resource)] = parts else { return (request.to_string(), None) };
    (format!("{principal}, {action}, {resource}"), request.get("context").and_then(context))
}

/// The context on one line, when it holds anything.
pub(super) fn context(context: &Value) -> Option<String> {
    context.as_object().filter(|context| !context.is_empty()).map(|context| record(context, 0))
}

/// A line for each entity: what it is, what it is in, and its attributes and tags.
pub(super) fn entities(evidence: &Evidence) -> Vec<String> {
    let Some(all) = evidence.entities.as_array() else { return vec![evidence.entities.to_string()] };
    all.iter().map(|one| entity(one).unwrap_or_else(|| one.to_string())).collect()
}

/// As many entities are shown where there is little room.
const SHOWN: usize = 5;

/// The example in one sentence: request, context and the entities that it needs.
pub(super) fn sentence(evidence: &Evidence) -> String {
    let (request, context) = request(evidence);
    let context = context.map(|context| format!(", context {context}")).unwrap_or_default();
    let mut all = told(evidence);
    let more = all.len().saturating_sub(SHOWN);
    all.truncate(SHOWN);
    if more > 0 {
        all.push(counted(more, "more entity", "more entities"));
    }
    let entities = if all.is_empty() { String::new() } else { format!(", where {}", all.join("; ")) };
    format!("{request}{context}{entities}")
}

/// The entities of the example that say more than their name.
pub(super) fn told(evidence: &Evidence) -> Vec<String> {
    let Some(all) = evidence.entities.as_array() else { return vec![evidence.entities.to_string()] };
    let says = |one: &&Value| {
        let filled = |key: &str| match one.get(key) {
            Some(Value::Array(all)) => !all.is_empty(),
            Some(Value::Object(all)) => !all.is_empty(),
            _ => false,
        };
        ["parents", "attrs", "tags"].into_iter().any(filled)
    };
    all.iter().filter(says).map(|one| entity(one).unwrap_or_else(|| one.to_string())).collect()
}

fn entity(entity: &Value) -> Option<String> {
    let mut text = uid(entity.get("uid")?)?;
    let parents: Option<Vec<_>> = entity.get("parents")?.as_array()?.iter().map(uid).collect();
    let parents = parents?;
    if !parents.is_empty() {
        text.push_str(&format!(" in {}", parents.join(", ")));
    }
    let part = |key: &str| entity.get(key).and_then(Value::as_object).filter(|part| !part.is_empty());
    if let Some(attributes) = part("attrs") {
        text.push_str(&format!(" {}", record(attributes, 0)));
    }
    if let Some(tags) = part("tags") {
        text.push_str(&format!(" tags {}", record(tags, 0)));
    }
    Some(text)
}

/// `Type::"id"`.
pub(super) fn uid(value: &Value) -> Option<String> {
    let (ty, id) = (value.get("type")?.as_str()?, value.get("id")?);
    id.is_string().then(|| format!("{ty}::{id}"))
}

/// A key as Cedar writes it.
pub(super) fn key(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if plain { key.to_owned() } else { Value::from(key).to_string() }
}

/// A value as Cedar writes it.
pub(super) fn value_of(of: &Value) -> String {
    value(of, 0)
}

/// Whether an object of Cedar's JSON is an entity or an extension value, and no record.
pub(super) fn is_literal(fields: &Map<String, Value>) -> bool {
    fields.contains_key("__entity") || fields.contains_key("__extn")
}

fn record(fields: &Map<String, Value>, depth: usize) -> String {
    let fields: Vec<_> =
        fields.iter().map(|(name, of)| format!("{}: {}", self::key(name), value(of, depth + 1))).collect();
    if fields.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", fields.join(", ")) }
}

fn value(of: &Value, depth: usize) -> String {
    match of {
        _ if depth > MAX_DEPTH => "...".to_owned(),
        Value::Array(all) => {
            format!("[{}]", all.iter().map(|one| value(one, depth + 1)).collect::<Vec<_>>().join(", "))
        }
        Value::Object(fields) => escaped(fields, depth).unwrap_or_else(|| record(fields, depth)),
        _ => of.to_string(),
    }
}

/// An entity or an extension value in Cedar's JSON.
fn escaped(fields: &Map<String, Value>, depth: usize) -> Option<String> {
    if let Some(entity) = fields.get("__entity") {
        return uid(entity);
    }
    let call = fields.get("__extn")?;
    let name = call.get("fn")?.as_str()?;
    match call.get("args").and_then(Value::as_array).map(Vec::as_slice) {
        Some([of, rest @ ..]) => {
            let rest: Vec<_> = rest.iter().map(|one| value(one, depth + 1)).collect();
            Some(format!("{}.{name}({})", value(of, depth + 1), rest.join(", ")))
        }
        Some([]) => None,
        None => Some(format!("{name}({})", call.get("arg")?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_read_like_cedar() {
        let evidence = Evidence {
            request: json!({
                "principal": {"type": "NS::User", "id": "a\"b"}, "action": {"type": "Action", "id": "view"},
                "resource": {"type": "Doc", "id": "d"},
                "context": {"now": {"__extn": {"fn": "datetime", "arg": "2026-01-01"}}, "a b": [1, {"x": true}],
                    "then": {"__extn": {"fn": "offset", "args": [{"__extn": {"fn": "datetime", "arg": "1970-01-01"}},
                        {"__extn": {"fn": "duration", "arg": "1ms"}}]}}}
            }),
            entities: json!([{"uid": {"type": "Doc", "id": "d"}, "parents": [{"type": "Folder", "id": "f"}],
                "attrs": {"owner": {"__entity": {"type": "User", "id": "u"}}}, "tags": {"k": "v"}}]),
        };
        let (line, context) = request(&evidence);
        assert_eq!(line, r#"principal NS::User::"a\"b", action Action::"view", resource Doc::"d""#);
        assert_eq!(
            context.unwrap(),
            r#"{ now: datetime("2026-01-01"), "a b": [1, { x: true }], then: datetime("1970-01-01").offset(duration("1ms")) }"#
        );
        assert!(
            sentence(&evidence)
                .ends_with(r#"1ms")) }, where Doc::"d" in Folder::"f" { owner: User::"u" } tags { k: "v" }"#)
        );
        assert_eq!(entities(&evidence), [r#"Doc::"d" in Folder::"f" { owner: User::"u" } tags { k: "v" }"#]);
    }

    #[test]
    fn what_is_no_request_is_shown_as_it_is() {
        let evidence = Evidence { request: json!("x"), entities: json!({"a": 1}) };
        assert_eq!(request(&evidence), ("\"x\"".to_owned(), None));
        assert_eq!(entities(&evidence), ["{\"a\":1}"]);
    }
}
