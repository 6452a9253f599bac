//! Which schemas rule which folder, and whether it can be told.

use super::advice::quoted;
use crate::finding::{Finding, Level};
use crate::repo::files::{Files, whole};
use crate::repo::rules::SCHEMA_CONFLICT;
use crate::text::{Location, inline};

/// Folders that hold schemas for the folder around them.
pub const SCHEMA_FOLDERS: [&str; 3] = ["schema", "schemas", "cedarschema"];

/// The folder that a schema in `dir` rules: `dir`, or the folder around it when it is called as one that holds schemas.
pub(super) fn root_of(dir: &str) -> &str {
    let (above, name) = dir.rsplit_once('/').unwrap_or(("", dir));
    if SCHEMA_FOLDERS.contains(&name) { above } else { dir }
}

/// What is said where it cannot be told which of `schemas` governs the policies of a folder.
pub(super) fn conflict(schemas: &[&str], files: &Files<'_>) -> Finding {
    let place = |path: &str| files.text(path).map_or_else(|_| Location::of_path(path), |file| whole(&file));
    let first = schemas.first().copied().unwrap_or_default();
    let listed: Vec<_> = schemas.iter().map(|path| format!("`{}`", inline(path))).collect();
    let message = format!(
        "{} schemas stand side by side and it cannot be told which one governs the policies here: {}",
        schemas.len(),
        listed.join(", ")
    );
    let quoted: Vec<_> = schemas.iter().map(|path| quoted(path)).collect();
    let help = format!(
        "say so in polcheck.toml: `store = [{{ name = \"main\", schema = {}, policies = \"...\" }}]` with one entry for \
         each schema; or, if they are parts of one schema, `schema = [{}]`",
        quoted.first().map(String::as_str).unwrap_or_default(),
        quoted.join(", ")
    );
    let mut finding = Finding::new(SCHEMA_CONFLICT.id, Level::Error, place(first), message).help(help);
    for other in schemas.iter().skip(1) {
        finding = finding.related(place(other), "another candidate", None);
    }
    finding
}
