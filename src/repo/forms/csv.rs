//! Our own tables in CSV.

use super::spec::{Candidate, FormSpec};

pub(super) static FORM: FormSpec = FormSpec {
    about: "CSV",
    endings: &[".csv"],
    prefixes: &[],
    folders: &[],
    sniff: is_table,
    entity_files: None,
    store: None,
};

fn is_table(candidate: &Candidate<'_>) -> bool {
    let header = candidate.text.lines().next().unwrap_or_default();
    candidate.must || (header.contains("principal") && header.contains("expect"))
}
