//! Decision tables: which form a file has, and the files that it brings along.

use std::collections::HashMap;
use std::sync::Arc;

use crate::data::Kind;
use crate::data::json::Node;
use crate::data::yaml::Reader;
use crate::repo::files::Files;
use crate::repo::model::{Table, TableForm};
use crate::text::SourceFile;

/// How the names of tables end.
pub(in crate::repo) const ENDINGS: [&str; 4] = [".json", ".yaml", ".yml", ".csv"];

/// What the form of `file` is: `folder` is the name of the folder that holds it. `must` says that it has to be a table. `None`
/// where it is no table in any known form.
pub(in crate::repo) fn form(file: &SourceFile, folder: &str, must: bool) -> Option<TableForm> {
    let text = file.parse_text();
    if file.name().ends_with(".yaml") || file.name().ends_with(".yml") {
        return (must || text.lines().any(|line| line.starts_with("tests:"))).then_some(TableForm::Yaml);
    }
    if file.name().ends_with(".csv") {
        let header = text.lines().next().unwrap_or_default();
        return (must || (header.contains("principal") && header.contains("expect"))).then_some(TableForm::Csv);
    }
    if text.trim_start().starts_with('[') {
        // One look at the first row is enough; whether the rest is right is found when it is run.
        let row_like = |row: Node<'_>| row.field("request").is_some() || row.field("decision").is_some();
        let empty = || Node::parse(file, &text).ok().and_then(Node::elements).is_some_and(|rows| rows.is_empty());
        return Node::first_element(&text).map_or_else(empty, row_like).then_some(TableForm::RunTests);
    }
    let root = Node::parse(file, &text).ok()?;
    let has = |name: &str| root.field(name).is_some();
    if has("requests") && has("policies") {
        return Some(TableForm::Integration);
    }
    let request = has("principal") && has("action") && has("resource");
    (request && matches!(folder, "ALLOW" | "DENY")).then(|| TableForm::Request { allow: folder == "ALLOW" })
}

/// A table of `form`, with the entity files that its rows name.
pub(super) fn table(files: &Files<'_>, file: Arc<SourceFile>, form: TableForm) -> Table {
    let entity_files = match form {
        TableForm::RunTests => named_entities(files, &file),
        TableForm::Yaml => sheet_entities(files, &file),
        _ => HashMap::new(),
    };
    Table { file, form, own_store: None, entity_files }
}

fn named_entities(files: &Files<'_>, file: &SourceFile) -> HashMap<String, Result<Arc<SourceFile>, String>> {
    let text = file.parse_text();
    let mut named = HashMap::new();
    // Most tables name no file, and a look for the key is cheaper than a look at every row.
    let is_text =
        |rest: &str| rest.trim_start().strip_prefix(':').is_some_and(|rest| rest.trim_start().starts_with('"'));
    if !text.split("\"entities\"").skip(1).any(is_text) {
        return named;
    }
    let rows = Node::parse(file, &text).ok().and_then(Node::elements).unwrap_or_default();
    for name in rows.into_iter().filter_map(|row| row.field("entities")).filter_map(Node::string) {
        if !named.contains_key(name.as_ref()) {
            let read = beside(file.path(), &name)
                .ok_or_else(|| format!("`{name}` lies outside of the folder of this table"))
                .and_then(|path| files.text(&path).map_err(|error| format!("`{path}` cannot be read: {error}")));
            named.insert(name.into_owned(), read);
        }
    }
    named
}

/// The entity file that a YAML table names for all of its rows.
fn sheet_entities(files: &Files<'_>, file: &SourceFile) -> HashMap<String, Result<Arc<SourceFile>, String>> {
    // A table that cannot be read says so when it is run.
    let top = Reader::new(file.text()).top("tests").unwrap_or_default();
    let named = top.entries.iter().find(|entry| entry.key.value == "entities");
    let Some(Kind::Text(path)) = named.map(|entry| &entry.value.kind) else { return HashMap::new() };
    let read = resolve(file.path(), path, 0)
        .ok_or_else(|| format!("`{path}` lies outside of the repository"))
        .and_then(|path| files.text(&path).map_err(|error| format!("`{path}` cannot be read: {error}")));
    HashMap::from([(path.clone(), read)])
}

/// `relative` from the folder of `path`; `None` when it leads out of that folder, as for the `cedar` command line.
fn beside(path: &str, relative: &str) -> Option<String> {
    resolve(path, relative, path.split('/').count() - 1)
}

/// `relative` from the folder of `path`; `None` when it leads above the first `depth` folders of it, or is absolute.
fn resolve(path: &str, relative: &str, depth: usize) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                (parts.len() > depth).then(|| parts.pop())?;
            }
            part => parts.push(part),
        }
    }
    (!relative.starts_with('/')).then(|| parts.join("/"))
}

/// The paths of the store that an integration test brings, each resolved against the nearest folder above the test where it
/// exists.
pub(super) struct OwnPaths {
    pub(super) policies: String,
    pub(super) entities: Option<String>,
    pub(super) schema: Option<String>,
}

/// The paths in the integration test `file`.
pub(super) fn own_paths(files: &Files<'_>, file: &SourceFile) -> Result<OwnPaths, String> {
    let text = file.parse_text();
    let root = Node::parse(file, &text).map_err(|error| error.message)?;
    let path = |name: &str| -> Result<Option<String>, String> {
        let Some(node) = root.field(name).filter(|node| node.raw != "null") else { return Ok(None) };
        let written = node.string().ok_or_else(|| format!("`{name}` is a path in quotes"))?;
        let found = nearest_above(files, file.path(), &written);
        found.map(Some).ok_or_else(|| format!("`{written}` is in no folder above this test"))
    };
    let policies = path("policies")?.ok_or("`policies` names no file")?;
    Ok(OwnPaths { policies, entities: path("entities")?, schema: path("schema")? })
}

fn nearest_above(files: &Files<'_>, test: &str, written: &str) -> Option<String> {
    let mut folder = test;
    loop {
        folder = match folder.rsplit_once('/') {
            Some((above, _)) => above,
            None if folder.is_empty() => return None,
            None => "",
        };
        let path = if folder.is_empty() { written.to_owned() } else { format!("{folder}/{written}") };
        if files.text(&path).is_ok() {
            return Some(path);
        }
        if folder.is_empty() {
            return None;
        }
    }
}
