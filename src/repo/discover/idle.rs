//! What is said of Cedar files that govern, hold or run nothing, with the configuration to write.

use super::advice::{quoted, store_lines};
use super::classify::Kind;
use super::units::Unit;
use crate::finding::{Finding, Level};
use crate::repo::files::{Files, whole};
use crate::repo::rules::{LINK_ERROR, UNUSED_ENTITIES, UNUSED_SCHEMA, UNUSED_TABLE};
use crate::repo::schema;
use crate::text::{Location, inline};

/// What is said of a schema that governs no policies, and what is wrong with it, which harms nobody.
pub(super) fn idle_schema(unit: &Unit<'_>, files: &Files<'_>) -> Vec<Finding> {
    let path = unit.path();
    let message = "no policies are under this schema, so it changes nothing";
    let help = format!(
        "if it governs policies here, say which with {}; if not, `exclude = [{}]`",
        store_lines(unit.root, &[("schema", &[path]), ("policies", &["..."])]),
        quoted(path)
    );
    // Among examples and tests a schema may be there to be read by something else.
    let level = if unit.apart().is_empty() { Level::Warning } else { Level::Note };
    let mut findings = vec![Finding::new(UNUSED_SCHEMA.id, level, place(path, files), message).help(help)];
    let texts: Vec<_> = unit.files.iter().filter_map(|path| files.text(path).ok()).collect();
    let (_, faults) = schema::read(&texts, &[], None);
    findings.extend(faults.into_iter().map(|fault| Finding { level, ..fault }));
    findings
}

/// What is said of the file of links, entities or rows at `path` that could belong to each of `stores`, by name and
/// folder where they are not spelled out, or to none.
pub(super) fn idle_data(path: &str, kind: Kind, stores: &[(&str, Option<&str>)], files: &Files<'_>) -> Finding {
    let (rule, level, what, key) = match kind {
        Kind::Links => (LINK_ERROR.id, Level::Error, "so none of these links is made", "links"),
        Kind::Table => (UNUSED_TABLE.id, Level::Warning, "so none of its rows runs", "tests"),
        _ => (UNUSED_ENTITIES.id, Level::Warning, "so these entities are used nowhere", "entities"),
    };
    let names: Vec<String> = stores.iter().map(|(name, _)| format!("`{}`", inline(name))).collect();
    let message = match names.split_last() {
        None => format!("there are no Cedar policies that this file could belong to, {what}"),
        Some((last, others)) => {
            format!("this file could belong to the stores {} and {last}, {what}", others.join(", "))
        }
    };
    // The first of several, as an example of one.
    let help = match stores.first() {
        Some((_, None)) => {
            format!("say where it belongs: `{key} = {}` in the `[[store]]` that it is about", quoted(path))
        }
        Some((name, Some(folder))) => {
            let folder = if folder.is_empty() { "." } else { folder };
            format!("say where it belongs: {}", store_lines(name, &[("policies", &[folder]), (key, &[path])]))
        }
        None => format!("say where it belongs: {}", store_lines("", &[("policies", &["..."]), (key, &[path])])),
    };
    Finding::new(rule, level, place(path, files), message).help(help)
}

fn place(path: &str, files: &Files<'_>) -> Location {
    files.text(path).map_or_else(|_| Location::of_path(path), |file| whole(&file))
}
