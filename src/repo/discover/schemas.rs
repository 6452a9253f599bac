//! Which schemas rule which folder, and whether it can be told.

use std::collections::BTreeSet;

use super::plan::Plan;
use crate::data::json::Node;
use crate::finding::{Finding, Level};
use crate::repo::files::{Files, whole};
use crate::repo::paths::dir;
use crate::repo::rules::SCHEMA_CONFLICT;
use crate::text::{Location, inline};

/// Folders that hold schemas for the folder around them.
pub const SCHEMA_FOLDERS: [&str; 3] = ["schema", "schemas", "cedarschema"];

/// The folder that a schema in `dir` rules: `dir`, or the folder around it when it is called as one that holds schemas.
pub(super) fn root_of(dir: &str) -> &str {
    let (above, name) = dir.rsplit_once('/').unwrap_or(("", dir));
    if SCHEMA_FOLDERS.contains(&name) { above } else { dir }
}

/// Whether the file at `path` has the outlines of a schema in JSON.
pub(super) fn looks_like_schema(files: &Files<'_>, path: &str) -> bool {
    // One that cannot be read or is not JSON is an error later on, never skipped.
    let Ok(file) = files.text(path) else { return true };
    let text = file.parse_text();
    let Ok(root) = Node::parse(&file, &text) else { return true };
    let namespaces = root.fields().unwrap_or_default();
    namespaces.iter().any(|(_, body)| body.field("entityTypes").is_some() || body.field("actions").is_some())
}

/// A store around the schemas that rule `root`: one, one in two syntaxes, fragments, or a conflict.
pub(super) fn with_schema(root: &str, schemas: &[&str], files: &Files<'_>) -> Plan {
    let mut plan = Plan::rooted(root);
    for path in schemas {
        let cedar = path.strip_suffix(".json").filter(|cedar| schemas.contains(cedar));
        match cedar {
            Some(cedar) => plan.twins.push(((*path).to_owned(), cedar.to_owned())),
            None => plan.schema.push((*path).to_owned()),
        }
    }
    let folders: BTreeSet<&str> = plan.schema.iter().map(|path| dir(path)).collect();
    let fragments = folders.len() == 1 && folders.iter().all(|folder| *folder != root);
    if plan.schema.len() > 1 && !fragments {
        plan.conflict = Some(conflict(&plan.schema, files));
    }
    plan
}

fn conflict(schemas: &[String], files: &Files<'_>) -> Finding {
    let place = |path: &str| files.text(path).map_or_else(|_| Location::of_path(path), |file| whole(&file));
    let first = schemas.first().map(String::as_str).unwrap_or_default();
    let listed: Vec<_> = schemas.iter().map(|path| format!("`{}`", inline(path))).collect();
    let message = format!(
        "{} schemas stand side by side and it cannot be told which one holds: {}",
        schemas.len(),
        listed.join(", ")
    );
    let quoted: Vec<_> = schemas.iter().map(|path| format!("\"{}\"", path.escape_default())).collect();
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
