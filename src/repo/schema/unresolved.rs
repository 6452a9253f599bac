//! Fragments of a schema that are right each by itself and do not resolve: Cedar names what it misses, and the files
//! say where it is used.

use std::sync::Arc;

use super::json_form::Form;
use super::names::names;
use crate::finding::{Finding, Level};
use crate::repo::cedar::CedarFault;
use crate::repo::files::whole;
use crate::repo::rules::SCHEMA_ERROR;
use crate::text::{Location, SourceFile, inline, nearest};

/// What is wrong with `files` together, of which Cedar says `fault`: a finding for each name that it misses.
pub(super) fn findings(files: &[Arc<SourceFile>], fault: &CedarFault) -> Vec<Finding> {
    let forms: Vec<(&Arc<SourceFile>, Form)> = files.iter().map(|file| (file, names(file))).collect();
    let mut missing: Vec<String> = missing(&fault.message);
    missing.sort_unstable();
    missing.dedup();
    let mut found: Vec<Finding> = missing.iter().filter_map(|name| undeclared(&forms, name)).collect();
    found.sort_by(|one, other| one.location.cmp(&other.location));
    if !found.is_empty() {
        return found;
    }
    let place = fault.span.filter(|span| files.len() == 1 && span.end > span.start);
    let place = place.and_then(|span| files.first().map(|file| Location::new(file, span)));
    let place = place.or_else(|| declared(&forms, &fault.message)).or_else(|| files.first().map(whole));
    let mut finding = error(place.unwrap_or_else(|| Location::of_path(".")), fault.message.clone());
    finding.help.clone_from(&fault.help);
    vec![finding]
}

fn error(place: Location, message: String) -> Finding {
    Finding::new(SCHEMA_ERROR.id, Level::Error, place, message)
}

/// The names that `message` says are not declared.
fn missing(message: &str) -> Vec<String> {
    let Some((what, listed)) = message.split_once(": ") else { return Vec::new() };
    if !what.starts_with("undeclared ") && !what.starts_with("failed to resolve ") {
        return Vec::new();
    }
    let listed = listed.replace(", and ", ", ").replace(" and ", ", ");
    listed.split(", ").map(|name| name.trim().trim_matches('`').to_owned()).filter(|name| !name.is_empty()).collect()
}

/// The id of the action `name`, which Cedar writes in full.
fn action_id(name: &str) -> Option<&str> {
    name.split_once("::\"").and_then(|(_, id)| id.strip_suffix('"'))
}

/// The finding that `name` is used and not declared, where it is used first.
fn undeclared(forms: &[(&Arc<SourceFile>, Form)], name: &str) -> Option<Finding> {
    let id = action_id(name);
    let base = |name: &str| name.rsplit("::").next().unwrap_or(name).to_owned();
    let is = |used: &str| match id {
        Some(id) => used == id,
        None => used == name || (base(used) == base(name) && name.ends_with(used)),
    };
    let (file, span) = forms.iter().find_map(|(file, form)| {
        let used = form.references.iter().find(|used| is(&used.name))?;
        Some((*file, used.span))
    })?;
    let shown = inline(id.unwrap_or(name));
    let message = match id {
        Some(_) => format!("no action is called `{shown}`"),
        None => format!("no type is called `{shown}`"),
    };
    let own = ["String", "Long", "Bool", "Set", "ipaddr", "decimal", "datetime", "duration"];
    let all = forms.iter().flat_map(|(_, form)| &form.declared).filter(|declared| declared.action == id.is_some());
    let all = all.map(|declared| declared.name.as_str());
    let known: Vec<&str> = if id.is_some() { all.collect() } else { all.chain(own).collect() };
    // A name of another namespace has to be written with it.
    let elsewhere = known.iter().find(|other| id.is_none() && **other != name && base(other) == base(name));
    let finding = error(Location::new(file, span), message);
    let lower = base(name).to_ascii_lowercase();
    Some(
        match (
            elsewhere,
            OTHERS.iter().find(|(word, _)| *word == lower),
            nearest(id.unwrap_or(name), known.iter().copied()),
        ) {
            (Some(full), ..) => finding.help(format!("write it with its namespace: `{}`", inline(full))),
            (None, Some((_, meant)), _) if id.is_none() => finding.help(format!("write `{meant}`")),
            (None, _, Some(meant)) => finding.help(format!("did you mean `{}`?", inline(meant))),
            (None, _, None) => finding.help("declare it, or correct the name"),
        },
    )
}

/// What others call the types of Cedar.
const OTHERS: [(&str, &str); 14] = [
    ("int", "Long"),
    ("integer", "Long"),
    ("number", "Long"),
    ("float", "decimal"),
    ("double", "decimal"),
    ("str", "String"),
    ("text", "String"),
    ("boolean", "Bool"),
    ("date", "datetime"),
    ("timestamp", "datetime"),
    ("ip", "ipaddr"),
    ("array", "Set<String>"),
    ("list", "Set<String>"),
    ("map", "{ name: String }"),
];

/// Where something that `message` names between backquotes or double quotes is declared last, which is where a second
/// declaration stands.
fn declared(forms: &[(&Arc<SourceFile>, Form)], message: &str) -> Option<Location> {
    let quoted = message.split('`').skip(1).step_by(2);
    for name in quoted {
        let id = action_id(name).unwrap_or(name);
        let last = |(file, form): &(&Arc<SourceFile>, Form)| {
            let mut here = form.declared.iter().rev().filter(|declared| declared.name == id);
            here.next().map(|declared| Location::new(file, declared.span))
        };
        if let Some(place) = forms.iter().rev().find_map(last) {
            return Some(place);
        }
    }
    None
}
