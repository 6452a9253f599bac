//! Which files belong together: stores as configured, then those that names and folders show.

use std::collections::BTreeMap;

use super::classify::{Kind, kind, kind_unnamed, why_not};
use super::plan::{Layout, Plan};
use super::sorted::{Look, look};
use super::stores::discover;
use crate::config::{CONFIGURATION, Config, Pattern, StoreConfig, UNUSED_CONFIGURATION};
use crate::finding::{Finding, Level};
use crate::repo::carriers::Gathered;
use rayon::prelude::*;

use crate::repo::files::Files;
use crate::repo::forms::TableForm;
use crate::repo::paths::{dir, is_inside, shown};
use crate::repo::rules::RULES;
use crate::text::inline;

/// Lays out `paths` (sorted, relative to the root), and what the carriers among them hold.
pub(in crate::repo) fn lay_out(paths: &[String], carried: &Gathered, config: &Config, files: &Files<'_>) -> Layout {
    let carriers = &carried.files;
    let mut layout = Layout::default();
    let mut free: Vec<(&str, Kind)> = Vec::new();
    let mut nearly: Vec<&String> = Vec::new();
    let mut configured: Vec<Plan> = config.stores.iter().map(new_plan).collect();
    for path in paths.iter().filter(|path| !carriers.contains(*path)) {
        // What several stores name belongs to each of them.
        let claims =
            config.stores.iter().zip(&mut configured).filter_map(|(store, plan)| claim(store, plan, path, files));
        let claims = claims.count();
        // A schema that a store names governs what it governed before as well.
        let named = configured.iter().any(|plan| plan.schema.last() == Some(path));
        if let Some(kind) = kind_unnamed(path).filter(|_| named) {
            layout.named_schemas.insert(path.clone());
            free.push((path, kind));
            continue;
        }
        match (claims, kind_unnamed(path)) {
            (0, Some(Kind::Guardrail)) => layout.guardrails.push(path.clone()),
            (0, Some(Kind::Policies)) if carried.includes(path) => {}
            (0, Some(kind)) => free.push((path, kind)),
            (0, None) if carried.includes(path) => {}
            (0, None) => match why_not(path) {
                Some(why) => layout.left_out.push((path.clone(), why)),
                None if in_named_folder(&config.stores, path) => {
                    let why = "what it holds is nothing that its folder is named for in a [[store]]";
                    layout.left_out.push((path.clone(), why.to_owned()));
                }
                None if may_be_table(path) => nearly.push(path),
                None => {}
            },
            _ => {}
        }
    }
    let declared = place_carried(carried, config, (&mut configured, &mut free), &mut layout, files);
    for (store, mut plan) in config.stores.iter().zip(configured) {
        leave_out_foreign(store, &mut plan, files, &mut layout);
        layout.findings.extend(idle_patterns(store, &plan, paths));
        if plan.policies.is_empty() && plan.tables.is_empty() && store.policies.is_empty() {
            layout.findings.extend(without_policies(store, config));
        }
        layout.stores.push(plan);
    }
    layout.left_out.extend(nearly_tables(&nearly, files));
    layout.left_out.extend(carried.left_out.iter().cloned());
    layout.unresolved.extend(carried.unresolved.iter().cloned());
    layout.stores.extend(declared);
    discover(&free, files, &mut layout);
    let rule = |id: &str| RULES.iter().find(|rule| rule.id == id && rule.configurable);
    layout.findings.retain_mut(|finding| rule(finding.rule).is_none_or(|rule| config.judge(rule, finding)));
    layout.stores.retain(|plan| {
        !(plan.policies.is_empty() && plan.schema.is_empty() && plan.tables.is_empty() && plan.conflict.is_none())
    });
    layout.stores.sort_by(|a, b| a.name.cmp(&b.name));
    for plan in &mut layout.stores {
        plan.level = config.dereferences(&plan.name, &plan.policies);
    }
    layout
}

/// Puts what carriers hold into `configured` stores that name it, or to what is `free`; gives the stores that carriers
/// declare.
fn place_carried<'c>(
    carried: &'c Gathered,
    config: &Config,
    (configured, free): (&mut [Plan], &mut Vec<(&'c str, Kind)>),
    layout: &mut Layout,
    files: &Files<'_>,
) -> Vec<Plan> {
    let mut declared: BTreeMap<&str, Plan> = BTreeMap::new();
    for part in &carried.parts {
        let named = |(store, plan): (&StoreConfig, &mut Plan)| {
            part.text.as_ref().and_then(|_| claim(store, plan, &part.path, files))
        };
        if config.stores.iter().zip(configured.iter_mut()).filter_map(named).count() > 0 {
            continue;
        }
        let Some(name) = &part.store else {
            free.push((&part.path, part.role.kind()));
            continue;
        };
        let folder = carried.stores.get(name).map_or("", |store| store.folder.as_str());
        let plan = declared.entry(name).or_insert_with(|| Plan {
            name: name.clone(),
            schema_open: true,
            ..Plan::rooted(folder)
        });
        match part.role.kind() {
            Kind::SchemaCedar | Kind::SchemaJson => {
                plan.schema_open = false;
                // A file that a carrier takes its schema from governs there, whether it is read as it is or as a text.
                let file = part.text.as_ref().map_or(part.path.as_str(), |text| text.path());
                layout.named_schemas.insert(file.to_owned());
                plan.schema.push(part.path.clone());
            }
            kind => plan.take(&part.path, kind),
        }
    }
    declared.into_values().collect()
}

/// How many files are looked into that may be tables under another name.
const LOOKED_AT: usize = 500;

/// Whether the name or folder of the file at `path` says that it may hold rows, although its name is no table's.
fn may_be_table(path: &str) -> bool {
    let ends = TEXTS.iter().any(|ending| path.to_lowercase().ends_with(ending));
    ends && path.to_lowercase().contains("test")
}

/// Those of `paths` that hold a table all the same, and why they are not read.
fn nearly_tables(paths: &[&String], files: &Files<'_>) -> Vec<(String, String)> {
    let paths = paths.get(..paths.len().min(LOOKED_AT)).unwrap_or_default();
    let is_table = |path: &&&String| {
        files.text(path).is_ok_and(|file| TableForm::of(&file, false).is_some() && TableForm::could_be(&file))
    };
    let why = |path: &str| {
        if dir(path).split('/').any(|folder| folder.starts_with('.')) {
            "decision tables are not looked for in folders whose names begin with a dot"
        } else {
            "its name is no decision table's: those end in `_test.yaml`, `.yml`, `.json` or `.csv`"
        }
    };
    paths.par_iter().filter(is_table).map(|path| ((*path).clone(), why(path).to_owned())).collect()
}

fn new_plan(store: &StoreConfig) -> Plan {
    Plan { name: store.name.clone(), schema_open: !store.says_schema, ..Plan::default() }
}

/// Whether the file at `path`, of a kind of text that stores hold, lies in a folder that one of `stores` names.
fn in_named_folder(stores: &[StoreConfig], path: &str) -> bool {
    let names = |pattern: &Pattern| pattern.text != "." && pattern.matches(path);
    let named = |store: &StoreConfig| {
        [&store.schema, &store.entities, &store.links, &store.tests].into_iter().flatten().any(names)
    };
    TEXTS.iter().any(|ending| path.ends_with(ending)) && stores.iter().any(named)
}

/// Endings of what stores hold under no name of Cedar's.
const TEXTS: [&str; 4] = [".json", ".yaml", ".yml", ".csv"];

/// Takes `path` into the configured store if one of its patterns names it.
fn claim(store: &StoreConfig, plan: &mut Plan, path: &str, files: &Files<'_>) -> Option<()> {
    // What a carrier holds is named by naming the carrier.
    let (inside, place) = (is_inside(path), shown(path));
    // A guardrail decides nothing, whatever takes its file along.
    if kind(path) == Some(Kind::Guardrail) {
        return None;
    }
    let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(place));
    let cedar = |wanted: &[Kind]| kind(path).is_some_and(|kind| wanted.contains(&kind));
    // A pattern that names a folder takes what the folder holds of that kind; one that names a file takes it whatever
    // its name.
    // What a folder that was named holds under no name of Cedar's is of that kind as well if its content is.
    let holds = |patterns: &[Pattern], wanted: Kind, endings: &[&str]| {
        let inside = |pattern: &Pattern| pattern.text != "." && pattern.matches(path);
        let ends = || endings.iter().any(|ending| path.ends_with(ending));
        let may_be = kind(path).is_none() && patterns.iter().any(inside) && ends();
        may_be && !matches!(look(path, wanted, true, files), Look::Foreign(_))
    };
    let takes = |patterns: &[Pattern], wanted: &[Kind], content: (Kind, &[&str])| {
        let exact = || !inside && patterns.iter().any(|pattern| pattern.matcher.is_match(path));
        fits(patterns) && (cedar(wanted) || exact() || holds(patterns, content.0, content.1))
    };
    let json: &[&str] = &[".json"];
    let schemas = [Kind::SchemaCedar, Kind::SchemaJson, Kind::SchemaCandidate];
    if takes(&store.schema, &schemas, (Kind::SchemaCandidate, json)) {
        plan.schema.push(path.to_owned());
    } else if takes(&store.policies, &[Kind::Policies], (Kind::Policies, &[])) {
        plan.policies.push(path.to_owned());
    } else if takes(&store.entities, &[Kind::Entities], (Kind::Entities, json)) {
        plan.entities.push(path.to_owned());
    } else if takes(&store.links, &[Kind::Links], (Kind::Links, json)) {
        plan.links.push(path.to_owned());
    } else if takes(&store.tests, &[Kind::Table], (Kind::Table, &TEXTS)) {
        plan.tables.push((path.to_owned(), true));
    } else {
        return None;
    }
    Some(())
}

/// What is said of a store that names no policies: what it names governs and holds nothing.
fn without_policies(store: &StoreConfig, config: &Config) -> Option<Finding> {
    let message = format!("store `{}` names no policies, so what it names has no effect", inline(&store.name));
    let help = "add them, such as `policies = \"policies\"`; `.` takes everything";
    let mut finding = Finding::new(UNUSED_CONFIGURATION.id, Level::Warning, store.location.clone(), message).help(help);
    config.judge(&UNUSED_CONFIGURATION, &mut finding).then_some(finding)
}

/// Leaves out what a folder of a configured store holds and only looks like Cedar by its name.
fn leave_out_foreign(store: &StoreConfig, plan: &mut Plan, files: &Files<'_>, layout: &mut Layout) {
    let named = |patterns: &[Pattern], path: &str| patterns.iter().any(|pattern| pattern.text == path);
    let mut keep = |path: &String, kind: Kind, patterns: &[Pattern]| match look(path, kind, true, files) {
        Look::Foreign(why) if !named(patterns, path) => {
            layout.left_out.push((path.clone(), why));
            false
        }
        _ => true,
    };
    let named_so = |path: &str, kinds: &[Kind]| kind(path).is_some_and(|kind| kinds.contains(&kind));
    let exact = |patterns: &[Pattern], path: &str| patterns.iter().any(|pattern| pattern.matcher.is_match(path));
    plan.schema.retain(|path| {
        let sure = named_so(path, &[Kind::SchemaCedar, Kind::SchemaJson]) || exact(&store.schema, path);
        sure || keep(path, Kind::SchemaCandidate, &store.schema)
    });
    plan.links.retain(|path| exact(&store.links, path) || keep(path, Kind::Links, &store.links));
    plan.policies.retain(|path| keep(path, Kind::Policies, &store.policies));
    plan.entities.retain(|path| keep(path, Kind::Entities, &store.entities));
    plan.tables.retain(|(path, _)| keep(path, Kind::Table, &store.tests));
}

/// Patterns of a configured store that name nothing, or nothing of what they are to name: a store that is silently
/// empty is a trap.
fn idle_patterns(store: &StoreConfig, plan: &Plan, all: &[String]) -> Vec<Finding> {
    let tables: Vec<String> = plan.tables.iter().map(|(path, _)| path.clone()).collect();
    let mut findings = Vec::new();
    for (patterns, taken, what) in [
        (&store.schema, &plan.schema, "schema"),
        (&store.policies, &plan.policies, "policies"),
        (&store.entities, &plan.entities, "entities"),
        (&store.links, &plan.links, "template links"),
        (&store.tests, &tables, "decision tables"),
    ] {
        for pattern in patterns {
            let text = inline(&pattern.text);
            let (message, help) = if !all.iter().any(|path| pattern.matches(path)) {
                let help = "paths are relative to the repository's root; `*` stays in one folder, `**` does not";
                (format!("`{text}` names no file"), help)
            } else if pattern.text != "." && !taken.iter().any(|path| pattern.matches(path)) {
                (format!("`{text}` holds no {what}"), "name the files that do, or leave it out")
            } else {
                continue;
            };
            findings.push(Finding::new(CONFIGURATION.id, Level::Error, pattern.location.clone(), message).help(help));
        }
    }
    findings
}
