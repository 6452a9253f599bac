//! Our own tables in CSV.

use super::spec::{Candidate, FormSpec};

pub(super) static FORM: FormSpec = FormSpec {
    about: "CSV",
    endings: &[".csv"],
    prefixes: &[],
    folders: &[],
    sniff: is_table,
    shows,
    entity_files: None,
    store: None,
};

fn is_table(candidate: &Candidate<'_>) -> bool {
    let header = candidate.text.lines().next().unwrap_or_default();
    candidate.must || (header.contains("principal") && header.contains("expect"))
}

fn shows(candidate: &Candidate<'_>) -> bool {
    let header = candidate.text.lines().next().unwrap_or_default();
    let columns = header.split([',', ';', '\t']).map(|column| column.trim().trim_matches('"'));
    // One without its header is read, to be told so.
    candidate.text.trim().is_empty()
        || header.contains("::\"")
        || columns.into_iter().any(|column| ["principal", "action", "resource", "expect"].contains(&column))
}
