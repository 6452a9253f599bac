//! Our own tables in YAML.

use super::spec::{Bound, Candidate, FormSpec};
use crate::data::Kind;
use crate::data::yaml::Reader;
use crate::text::SourceFile;

pub(super) static FORM: FormSpec = FormSpec {
    about: "YAML",
    endings: &[".yaml", ".yml"],
    prefixes: &[],
    folders: &[],
    sniff: is_table,
    entity_files: Some((named_entities, Bound::Repository)),
    store: None,
};

fn is_table(candidate: &Candidate<'_>) -> bool {
    candidate.must || candidate.text.lines().any(|line| line.starts_with("tests:"))
}

/// The entity file that the table names for all of its rows.
fn named_entities(file: &SourceFile) -> Vec<String> {
    let top = Reader::new(file.text()).top("tests").unwrap_or_default();
    let named = top.entries.into_iter().find(|entry| entry.key.value == "entities");
    match named.map(|entry| entry.value.kind) {
        Some(Kind::Text(path)) => vec![path],
        _ => Vec::new(),
    }
}
