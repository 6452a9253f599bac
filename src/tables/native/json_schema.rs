//! The JSON schema of our own tables in YAML, for editors.

use serde_json::{Map, Value, json};

use super::row::ROW;
use super::sheet::SHEET;

/// Where editors find it.
const SCHEMA_URL: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/raw/main/polcheck-table.schema.json");

/// The JSON schema (draft 2020-12) of a decision table.
#[must_use]
pub fn json_schema() -> Value {
    let sheet: Map<String, Value> = SHEET.iter().map(|key| ((*key).to_owned(), of_sheet(key))).collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_URL,
        "title": "decision table of polcheck",
        "type": "object",
        "required": ["tests"],
        "additionalProperties": false,
        "properties": sheet
    })
}

fn text(about: &str) -> Value {
    json!({ "type": "string", "description": about })
}

fn texts(about: &str) -> Value {
    json!({ "description": about, "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }] })
}

fn decision(about: &str) -> Value {
    json!({ "enum": ["allow", "deny", "Allow", "Deny", "ALLOW", "DENY"], "description": about })
}

/// What stands under `key` of a table.
fn of_sheet(key: &str) -> Value {
    match key {
        "entities" => json!({
            "description": "the entities that rows start from: a file, or entities; the store's where left out",
            "type": ["string", "object", "array"]
        }),
        "with" => json!({ "description": "entities that rows add or change", "type": ["object", "array"] }),
        "unknown" => texts("entities that rows mean to exist nowhere"),
        "defaults" => {
            let keys = ["principal", "action", "resource", "context"];
            let keys: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), of_row(key))).collect();
            json!({
                "description": "what a row says where it says nothing itself",
                "type": "object", "additionalProperties": false, "properties": keys
            })
        }
        "clock" => json!({
            "description": "the attribute of contexts that says what time it is",
            "type": "object",
            "additionalProperties": false,
            "required": ["attribute", "start"],
            "properties": {
                "attribute": text("the attribute"),
                "type": { "enum": ["datetime", "seconds", "milliseconds"], "description": "how it says the time" },
                "start": text("the time at which rows begin, as 2026-11-20T09:00:00Z")
            }
        }),
        _ => {
            let keys: Map<String, Value> = ROW.iter().map(|key| ((*key).to_owned(), of_row(key))).collect();
            let row = json!({ "type": "object", "additionalProperties": false, "properties": keys });
            json!({ "description": "the rows", "type": "array", "minItems": 1, "items": row })
        }
    }
}

/// What stands under `key` of a row.
fn of_row(key: &str) -> Value {
    match key {
        "name" => text("what the row is called"),
        "principal" => text("who asks, as 'User::\"alice\"'"),
        "action" => text("what for: an action in full, or its id where only one action has it"),
        "resource" => text("on what, as 'Doc::\"d1\"'"),
        "context" => json!({ "type": "object", "description": "the attributes of the request's context" }),
        "with" => json!({ "description": "entities that this row adds or changes", "type": ["object", "array"] }),
        "expect" => decision("what the policies must decide"),
        "allow" => texts("the actions that must be allowed, or `rest` for all that are not named"),
        "deny" => texts("the actions that must be denied, or `rest` for all that are not named"),
        "because" => texts("exactly the policies that must decide; [] for none"),
        "because-includes" => texts("some of the policies that must decide"),
        "errors" => json!({
            "description": "how many policies fail to evaluate, or which",
            "type": ["integer", "string", "array"]
        }),
        "at" => json!({
            "description": "the time, or a decision for each of several times",
            "oneOf": [{ "type": ["string", "integer"] }, { "type": "object", "additionalProperties": decision("what they must decide then") }]
        }),
        "who-can" => {
            let mut keys: Map<String, Value> =
                ["action", "resource", "context"].iter().map(|key| ((*key).to_owned(), of_row(key))).collect();
            keys.insert("expect".to_owned(), texts("everybody who must be allowed; [] for nobody"));
            json!({
                "description": "who of the entities is allowed something",
                "type": "object", "additionalProperties": false, "required": ["expect"], "properties": keys
            })
        }
        "unknown" => texts("entities that this row means to exist nowhere"),
        _ => json!({ "description": "why the row is not run yet", "type": ["string", "boolean"] }),
    }
}
