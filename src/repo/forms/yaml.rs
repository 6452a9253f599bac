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
    shows,
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

/// A key of a row is enough; without one all keys of the file have to be a table's, because other tools' files have
/// `tests` as well.
fn shows(candidate: &Candidate<'_>) -> bool {
    const ROW: [&str; 5] = ["principal", "resource", "expect", "because", "who-can"];
    const TABLE: [&str; 6] = ["tests", "defaults", "entities", "with", "clock", "unknown"];
    let key = |line: &str| {
        let (key, _) = line.trim_start_matches(['-', ' ', '{']).split_once(':')?;
        Some(key.trim_matches(['"', '\'']).to_owned())
    };
    let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#') && *line != "---";
    let lines = || candidate.text.lines().filter(code);
    if lines().filter_map(key).any(|key| ROW.contains(&key.as_str())) {
        return true;
    }
    let mut top = lines().filter(|line| !line.starts_with([' ', '\t', '-', ']', '}'])).map(key);
    top.all(|key| key.is_some_and(|key| TABLE.contains(&key.as_str())))
}
