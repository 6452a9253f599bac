//! The JSON schema of `polcheck.toml`, for editors.

use serde_json::{Map, Value, json};

use super::model::Gate;
use crate::finding::FailOn;
use crate::rule::Catalogue;

/// Where editors find the schema of the configuration file.
const SCHEMA_URL: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/raw/main/polcheck.schema.json");

/// The JSON schema (draft 2020-12) of the configuration file, with the rules of `catalogue` that can be configured.
#[must_use]
pub fn json_schema(catalogue: &Catalogue) -> Value {
    let level = json!({ "enum": ["error", "warning", "note", "off"] });
    let rules: Map<String, Value> = catalogue
        .iter()
        .filter(|rule| rule.configurable)
        .map(|rule| {
            let mut entry = level.clone();
            if let Some(fields) = entry.as_object_mut() {
                fields.insert("description".to_owned(), json!(rule.summary));
                fields.insert("default".to_owned(), json!(rule.level.map_or("off", |level| level.as_str())));
            }
            (rule.id.to_owned(), entry)
        })
        .collect();
    let rules = json!({ "type": "object", "properties": rules, "additionalProperties": false });
    let paths = json!({
        "description": "paths relative to the repository's root; `*` stays in one folder, `**` does not",
        "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
    });
    let store = json!({
        "type": "object",
        "required": ["name"],
        "additionalProperties": false,
        "properties": {
            "name": { "type": "string" },
            "schema": paths,
            "policies": paths,
            "entities": paths,
            "links": {
                "description": "paths of template links; `complete` among them says that templates have no other links",
                "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
            },
            "tests": paths,
            "level": {
                "type": "integer",
                "minimum": 0,
                "description": "how many entity dereferences a policy may chain"
            }
        }
    });
    let deny = json!({
        "description": "changes of permissions that are refused",
        "oneOf": [{ "enum": Gate::WORDS }, { "type": "array", "items": { "enum": Gate::WORDS } }]
    });
    let names = |about: &str| {
        json!({
            "description": about,
            "oneOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" } }]
        })
    };
    let gate = json!({
        "type": "object",
        "required": ["deny"],
        "additionalProperties": false,
        "properties": {
            "deny": deny,
            "stores": names("only changes in these stores"),
            "actions": names("only changes of these actions, as `Action::\"view\"` or by id alone"),
            "resources": names("only changes on these resource types")
        }
    });
    let text = |about: &str| json!({ "type": "string", "description": about });
    let form = |own: Value, required: &[&str]| {
        let mut keys = json!({
            "id": text("what the guardrail is called"),
            "why": text("why it is there, for those who read that it is broken"),
            "actions": names("only these actions and groups of actions, as `Action::\"view\"` or by id alone"),
            "principals": names("only these principal types"),
            "resources": names("only these resource types"),
            "stores": names("only these stores")
        });
        if let (Some(keys), Value::Object(own)) = (keys.as_object_mut(), own) {
            keys.extend(own);
        }
        let item = json!({
            "type": "object", "additionalProperties": false, "required": required, "properties": keys
        });
        json!({ "type": "array", "items": item })
    };
    let guardrail = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "clock": text("the attribute of the context that holds the time, where it is not `context.now`"),
            "unit": { "enum": ["seconds", "milliseconds"], "description": "the unit of clocks that are numbers" },
            "same": form(json!({}), &["actions"]),
            "expires": form(json!({
                "clock": text("the attribute that holds the time"),
                "from": text("the attribute at which the time begins, or `@granted`, an annotation of policies"),
                "within": text("how long it lasts, as `30m`"),
                "until": text("the attribute that holds the end")
            }), &[]),
            "isolate": form(json!({
                "principal": text("the attribute of the principal, or `context.attribute`"),
                "resource": text("the attribute of the resource"),
                "except": names("principals that are left out: these entities and their members")
            }), &["principal", "resource"]),
            "never-gain": form(json!({}), &[])
        }
    });
    let rule = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["id", "message"],
        "properties": {
            "id": text("what it is called, in small letters with hyphens"),
            "message": text("one sentence that says what is wrong with a policy that it finds"),
            "level": { "enum": ["error", "warning", "note"], "description": "its level, where not `warning`" },
            "page": text("where more is to be read about it"),
            "effect": { "enum": ["permit", "forbid"], "description": "only policies of this effect" },
            "actions": names("only policies that match requests of these actions"),
            "principals": names("and of these types of principal"),
            "resources": names("and of these types of resource"),
            "stores": names("only these stores"),
            "annotations": {
                "type": "object",
                "additionalProperties": { "type": "string" },
                "description": "annotations that they have, each with the form of its value; `*` is any text"
            },
            "mentions": names("attributes that their conditions read, as `resource.owner`"),
            "never-mentions": names("attributes that their conditions do not read"),
            "implies": text("a condition in Cedar that every request meets that they match"),
            "excludes": text("a condition in Cedar that no request meets that they match"),
            "fixtures": text("the folder with `fail` and `pass`, which `polcheck rules --test` runs")
        }
    });
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_URL,
        "title": "polcheck.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "required-version": { "type": "string", "description": "the versions of polcheck that may run" },
            "fail-on": { "enum": FailOn::WORDS, "description": "the mildest level that fails a run" },
            "exclude": paths,
            "baseline": { "type": "string", "description": "the file of findings that fail nothing, written by `polcheck baseline`" },
            "coverage-floor": {
                "type": "integer",
                "minimum": 0,
                "maximum": 100,
                "description": "the percentage of policies and conditions that the rows of decision tables have to cover"
            },
            "rules": rules,
            "override": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["paths", "rules"],
                    "additionalProperties": false,
                    "properties": { "paths": paths, "rules": rules }
                }
            },
            "store": { "type": "array", "items": store },
            "diff": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "deny": deny,
                    "migrated": {
                        "enum": ["allow", "refuse"],
                        "description": "whether access passes that is gained only if data is carried over so that it is"
                    },
                    "accept": { "enum": ["base", "head"], "description": "whose accepted changes count" },
                    "gate": { "type": "array", "items": gate }
                }
            },
            "guardrail": guardrail,
            "template": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "vars": {
                        "type": "object",
                        "additionalProperties": { "type": "string" },
                        "description": "what another program fills in for placeholders in policies and schemas, by name: `x` for `${x}`, `{{ x }}`, `<%= x %>`, `$(x)` and `__X__`"
                    }
                }
            },
            "step-up": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "attributes": names("what a challenge can bring, as `context.mfa`; `polcheck explain` says which of them turn a decision")
                }
            },
            "rule": { "type": "array", "items": rule },
            "schema": {
                "type": "object",
                "additionalProperties": false,
                "properties": {
                    "inferred": {
                        "enum": ["use", "refuse"],
                        "description": "whether what a store without a schema permits is answered under an inferred one"
                    }
                }
            }
        }
    })
}
