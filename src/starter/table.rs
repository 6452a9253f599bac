//! Rows as a decision table in YAML. Names come from policies and entities: each is quoted, whatever it holds.

use std::collections::{BTreeMap, HashMap};

use cedar_policy::EntityUid;
use serde_json::Value;

use super::requests::{Found, Row};
use crate::text::is_deceptive;

/// What the file is called, in the folder of its store.
pub(super) const FILE_NAME: &str = "polcheck_test.yaml";

const HEAD: &str = "\
# What these policies decide today: for each action a request for each answer, as `polcheck init` found them.
# They pin what is, not what should be. Read each row: keep what is meant, correct what is not, and say why in its name.
";

/// Said where the store has no entities to ask about.
const SYNTHETIC: &str = "\
# The entities are made up: each row says under `with` what there is, and nothing else is there. Those of which there is
# nothing to say are listed under `unknown`.
entities: []
";

/// What a line holds.
const WIDTH: usize = 110;

/// Policies that a row's name lists.
const NAMED: usize = 3;

/// `1 row`, `2 rows`.
pub(super) fn counted(rows: usize) -> String {
    format!("{rows} {}", if rows == 1 { "row" } else { "rows" })
}

/// The table of what was found. What most rows say of the context is said once.
pub(super) fn text(found: &Found) -> String {
    let common = common(&found.rows);
    let mut text = HEAD.to_owned();
    text.push_str(if found.synthetic { SYNTHETIC } else { "" });
    for (at, (key, value)) in common.iter().enumerate() {
        text.push_str(if at == 0 { "defaults:\n  context:\n" } else { "" });
        text.push_str(&format!("    {}: {}\n", self::key(key), flow(value)));
    }
    text.push_str("tests:\n");
    let mut names: HashMap<String, usize> = HashMap::new();
    for row in &found.rows {
        text.push_str(&of_row(row, &common, &mut names));
    }
    text
}

/// Attributes that every row has, so that none gets what it should lack, each with its most frequent value.
fn common(rows: &[Row]) -> BTreeMap<&str, &Value> {
    let mut common = BTreeMap::new();
    let attribute = |row: &Row, key: &str| row.context.get(key).is_some();
    for key in rows.first().and_then(|row| row.context.as_object()).into_iter().flat_map(|fields| fields.keys()) {
        if rows.len() < 2 || !rows.iter().all(|row| attribute(row, key)) {
            continue;
        }
        let values = || rows.iter().filter_map(|row| row.context.get(key));
        let often = |value: &Value| values().filter(|other| *other == value).count();
        // Of values that are equally frequent, the first.
        let best = values().collect::<Vec<_>>().into_iter().rev().max_by_key(|value| often(value));
        common.extend(best.map(|value| (key.as_str(), value)));
    }
    common
}

fn of_row(row: &Row, common: &BTreeMap<&str, &Value>, names: &mut HashMap<String, usize>) -> String {
    let mut lines = vec![
        format!("  - name: {}", scalar(&name(row, names))),
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

/// Who may do what, and why not; unique among `names`.
fn name(row: &Row, names: &mut HashMap<String, usize>) -> String {
    let may = if row.allowed { "may" } else { "may not" };
    let mut name = format!("{} {may} {} {}", row.principal, row.action.id().unescaped(), row.resource);
    if !row.allowed && !row.because.is_empty() && row.lasting {
        let listed: Vec<_> = row.because.iter().take(NAMED).map(String::as_str).collect();
        name.push_str(&format!(", because of {}", listed.join(" and ")));
    }
    let count = names.entry(name.clone()).or_default();
    *count += 1;
    if *count > 1 {
        name.push_str(&format!(" ({count})"));
    }
    name
}

/// A key: as it is where it can be nothing but a string.
fn key(text: &str) -> String {
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let special = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if word && !special.contains(&text.to_ascii_lowercase().as_str()) { text.to_owned() } else { scalar(text) }
}

/// A string: in single quotes, or in double quotes where something has to be escaped.
fn scalar(text: &str) -> String {
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
fn flow(value: &Value) -> String {
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
