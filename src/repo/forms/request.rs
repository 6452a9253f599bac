//! One request, in a folder that says what it should get.

use super::integration;
use super::spec::{Candidate, FormSpec};

pub(super) static FORM: FormSpec = FormSpec {
    about: "one request in a folder `ALLOW` or `DENY`",
    endings: &[".json"],
    prefixes: &[],
    folders: &["ALLOW", "DENY"],
    sniff: is_table,
    shows,
    entity_files: None,
    store: None,
};

fn is_table(candidate: &Candidate<'_>) -> bool {
    if !FORM.folders.contains(&candidate.folder) || integration::is_table(candidate) {
        return false;
    }
    let root = candidate.json();
    root.is_some_and(|root| ["principal", "action", "resource"].iter().all(|key| root.field(key).is_some()))
}

/// The folder says that it is one, so that what lacks a key is a broken one.
fn shows(candidate: &Candidate<'_>) -> bool {
    let keys = ["principal", "action", "resource"];
    FORM.folders.contains(&candidate.folder)
        && candidate.json().is_none_or(|root| keys.iter().any(|key| root.field(key).is_some()))
}
