//! Rows as entries of a decision table in YAML. Names come from policies and entities: each is quoted, whatever it
//! holds.

use std::collections::BTreeMap;

use cedar_policy::EntityUid;
use serde_json::Value;

use super::row::Row;
use crate::text::is_deceptive;

/// What a line holds.
const WIDTH: usize = 110;

/// `row` as an entry of the list `tests`, indented by two, without what is `common` to all contexts.
#[must_use]
pub fn entry(row: &Row, name: &str, common: &BTreeMap<&str, &Value>) -> String {
    let mut lines = vec![
        format!("  - name: {}", scalar(name)),
        format!("    principal: {}", scalar(&row.principal.to_string())),
        format!("    action: {}", scalar(&row.action.to_string())),
        format!("    resource: {}", scalar(&row.resource.to_string())),
    ];
    let attributes = row.context.as_object().into_iter().flatten();
    let own = attributes.filter(|(key, value)| common.get(key.as_str()) != Some(value));
    for (at, (key, value)) in own.enumerate() {
        if at == 0 {
            lines.push("    context:".to_owned());
        }
        lines.push(format!("      {}: {}", self::key(key), flow(value)));
    }
    for (at, (uid, entity)) in row.with.iter().enumerate() {
        if at == 0 {
            lines.push("    with:".to_owned());
        }
        lines.extend(of_entity(uid, entity));
    }
    let unknown: Vec<String> = row.unknown.iter().map(|uid| scalar(&uid.to_string())).collect();
    let line = format!("    unknown: [{}]", unknown.join(", "));
    match unknown.is_empty() {
        true => {}
        false if line.chars().count() <= WIDTH => lines.push(line),
        false => {
            lines.push("    unknown:".to_owned());
            lines.extend(unknown.iter().map(|uid| format!("      - {uid}")));
        }
    }
    let because: Vec<String> = row.because.iter().map(|name| scalar(name)).collect();
    lines.push(format!("    expect: {}", if row.allowed { "allow" } else { "deny" }));
    if row.lasting {
        lines.push(format!("    because: [{}]", because.join(", ")));
    }
    lines.join("\n") + "\n"
}

/// What is said of an entity, on one line where that can be read.
fn of_entity(uid: &EntityUid, entity: &Value) -> Vec<String> {
    let uid = scalar(&uid.to_string());
    let line = format!("      {uid}: {}", flow(entity));
    if line.chars().count() <= WIDTH {
        return vec![line];
    }
    let mut lines = vec![format!("      {uid}:")];
    for (name, said) in entity.as_object().into_iter().flatten() {
        let Some(fields) = said.as_object() else {
            lines.push(format!("        {name}: {}", flow(said)));
            continue;
        };
        lines.push(format!("        {name}:"));
        lines.extend(fields.iter().map(|(key, value)| format!("          {}: {}", self::key(key), flow(value))));
    }
    lines
}

/// A key: as it is where it can be nothing but a string.
#[must_use]
pub fn key(text: &str) -> String {
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let special = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if word && !special.contains(&text.to_ascii_lowercase().as_str()) { text.to_owned() } else { scalar(text) }
}

/// A string: in single quotes, or in double quotes where something has to be escaped.
#[must_use]
pub fn scalar(text: &str) -> String {
    if text.chars().any(is_deceptive) {
        return double_quoted(text);
    }
    format!("'{}'", text.replace('\'', "''"))
}

fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_deceptive(c) => out.push_str(&format!("\\U{:08x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A value on one line.
#[must_use]
pub fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text),
        Value::Array(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(fields) => {
            let fields: Vec<_> =
                fields.iter().map(|(key, value)| format!("{}: {}", self::key(key), flow(value))).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
