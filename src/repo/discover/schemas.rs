//! Which schemas rule which folder, and whether it can be told.

use super::advice::store_lines;
use crate::finding::{Finding, Level};
use crate::repo::files::{Files, whole};
use crate::repo::paths::shown;
use crate::repo::rules::SCHEMA_CONFLICT;
use crate::text::{Location, inline};

/// Folders that hold schemas for the folder around them.
pub const SCHEMA_FOLDERS: [&str; 3] = ["schema", "schemas", "cedarschema"];

/// The folder that a schema in `dir` rules: `dir`, or the folder around it when it is called as one that holds schemas.
pub(super) fn root_of(dir: &str) -> &str {
    let (above, name) = dir.rsplit_once('/').unwrap_or(("", dir));
    if SCHEMA_FOLDERS.contains(&name) { above } else { dir }
}

/// The file in Cedar syntax, if `has` says that it is there, of the stem of the schema in JSON at `path`.
pub(super) fn in_cedar_syntax(path: &str, has: impl Fn(&str) -> bool) -> Option<String> {
    let plain = path.strip_suffix(".json")?;
    let cedar = if plain.ends_with("cedarschema") { plain.to_owned() } else { format!("{plain}.cedarschema") };
    has(&cedar).then_some(cedar)
}

/// What is said where it cannot be told which of `schemas` governs the policies of `folder`; `parts` says whether they
/// could be parts of one.
pub(super) fn conflict(schemas: &[&str], folder: &str, parts: bool, files: &Files<'_>) -> Finding {
    let place = |path: &str| files.text(path).map_or_else(|_| Location::of_path(path), |file| whole(&file));
    let first = schemas.first().copied().unwrap_or_default();
    let listed: Vec<_> = schemas.iter().map(|path| format!("`{}`", inline(shown(path)))).collect();
    let message = format!(
        "{} schemas stand side by side and it cannot be told which one governs the policies here: {}",
        schemas.len(),
        listed.join(", ")
    );
    let policies: &[&str] = &[if folder.is_empty() { "." } else { folder }];
    let mut help = format!("say which: {}", store_lines(folder, &[("policies", policies), ("schema", &[first])]));
    if parts {
        help.push_str("; or all of them, if they are parts of one schema");
    }
    let mut finding = Finding::new(SCHEMA_CONFLICT.id, Level::Error, place(first), message).help(help);
    for other in schemas.iter().skip(1) {
        finding = finding.related(place(other), "another candidate", None);
    }
    finding
}
