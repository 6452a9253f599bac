//! The array of rows that `cedar run-tests` takes.

use super::spec::{Bound, Candidate, FormSpec};
use crate::data::json::Node;
use crate::text::SourceFile;

pub(super) static FORM: FormSpec = FormSpec {
    about: "an array of rows with `request` and `decision` (as for `cedar run-tests`)",
    endings: &[".json"],
    prefixes: &["tests-"],
    folders: &[],
    sniff: is_table,
    shows,
    entity_files: Some((named_entities, Bound::Folder)),
    store: None,
};

/// One look at the first row is enough; whether the rest is right is found when it is run.
fn is_table(candidate: &Candidate<'_>) -> bool {
    if !candidate.text.trim_start().starts_with('[') {
        return false;
    }
    let row_like = |row: Node<'_>| row.field("request").is_some() || row.field("decision").is_some();
    let empty = || candidate.json().and_then(Node::elements).is_some_and(|rows| rows.is_empty());
    Node::first_element(candidate.text).map_or_else(empty, row_like)
}

/// The entity files that rows name, each once.
fn named_entities(file: &SourceFile) -> Vec<String> {
    let text = file.parse_text();
    // Most tables name no file, and a look for the key is cheaper than a look at every row.
    let is_text =
        |rest: &str| rest.trim_start().strip_prefix(':').is_some_and(|rest| rest.trim_start().starts_with('"'));
    if !text.split("\"entities\"").skip(1).any(is_text) {
        return Vec::new();
    }
    let rows = Node::parse(file, &text).ok().and_then(Node::elements).unwrap_or_default();
    let named = rows.into_iter().filter_map(|row| row.field("entities")).filter_map(Node::string);
    let mut named: Vec<String> = named.map(|name| name.into_owned()).collect();
    named.sort_unstable();
    named.dedup();
    named
}

/// What is no JSON and holds no key at all is no other tool's either: its name counts.
fn shows(candidate: &Candidate<'_>) -> bool {
    const KEYS: [&str; 2] = ["request", "decision"];
    match candidate.json() {
        None => !candidate.text.contains('"') || KEYS.iter().any(|key| candidate.text.contains(&format!("\"{key}\""))),
        Some(root) => root.elements().is_some_and(|rows| {
            rows.is_empty() || rows.iter().any(|row| KEYS.iter().any(|key| row.field(key).is_some()))
        }),
    }
}
