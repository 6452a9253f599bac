//! Which files belong together: stores as configured, then those that names and folders show.

use super::classify::{Kind, kind, kind_unnamed, why_not};
use super::plan::{Layout, Plan};
use super::sorted::{Look, look};
use super::stores::discover;
use crate::config::{CONFIGURATION, Config, Pattern, StoreConfig, UNUSED_CONFIGURATION};
use crate::finding::{Finding, Level};
use crate::repo::files::Files;
use crate::repo::rules::RULES;
use crate::text::inline;

/// Lays out `paths` (sorted, relative to the root).
pub(in crate::repo) fn lay_out(paths: &[String], config: &Config, files: &Files<'_>) -> Layout {
    let mut layout = Layout::default();
    let mut free: Vec<(&str, Kind)> = Vec::new();
    let mut configured: Vec<Plan> = config.stores.iter().map(new_plan).collect();
    for path in paths {
        // What several stores name belongs to each of them.
        let claims = config.stores.iter().zip(&mut configured).filter_map(|(store, plan)| claim(store, plan, path));
        match (claims.count(), kind_unnamed(path)) {
            (0, Some(Kind::Guardrail)) => layout.guardrails.push(path.clone()),
            (0, Some(kind)) => free.push((path, kind)),
            (0, None) => layout.left_out.extend(why_not(path).map(|why| (path.clone(), why))),
            _ => {}
        }
    }
    for (store, mut plan) in config.stores.iter().zip(configured) {
        layout.findings.extend(idle_patterns(store, paths));
        leave_out_foreign(store, &mut plan, files, &mut layout);
        if plan.policies.is_empty() && plan.tables.is_empty() && store.policies.is_empty() {
            layout.findings.extend(without_policies(store, config));
        }
        layout.stores.push(plan);
    }
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

fn new_plan(store: &StoreConfig) -> Plan {
    Plan { name: store.name.clone(), schema_open: !store.says_schema, ..Plan::default() }
}

/// Takes `path` into the configured store if one of its patterns names it.
fn claim(store: &StoreConfig, plan: &mut Plan, path: &str) -> Option<()> {
    let fits = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(path));
    let cedar = |wanted: &[Kind]| kind(path).is_some_and(|kind| wanted.contains(&kind));
    // A pattern that names a folder takes what the folder holds of that kind; one that names a file takes it whatever
    // its name.
    let takes = |patterns: &[Pattern], wanted: &[Kind]| {
        fits(patterns) && (cedar(wanted) || patterns.iter().any(|pattern| pattern.matcher.is_match(path)))
    };
    if takes(&store.schema, &[Kind::SchemaCedar, Kind::SchemaJson]) {
        plan.schema.push(path.to_owned());
    } else if takes(&store.policies, &[Kind::Policies]) {
        plan.policies.push(path.to_owned());
    } else if takes(&store.entities, &[Kind::Entities]) {
        plan.entities.push(path.to_owned());
    } else if takes(&store.links, &[Kind::Links]) {
        plan.links.push(path.to_owned());
    } else if takes(&store.tests, &[Kind::Table]) {
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
    plan.policies.retain(|path| keep(path, Kind::Policies, &store.policies));
    plan.entities.retain(|path| keep(path, Kind::Entities, &store.entities));
    plan.tables.retain(|(path, _)| keep(path, Kind::Table, &store.tests));
}

/// Patterns of a configured store that name nothing at all: a store that is silently empty is a trap.
fn idle_patterns(store: &StoreConfig, all: &[String]) -> Vec<Finding> {
    let groups = [&store.schema, &store.policies, &store.entities, &store.links, &store.tests];
    let idle = groups.into_iter().flatten().filter(|pattern| !all.iter().any(|path| pattern.matches(path)));
    idle.map(|pattern| {
        let message = format!("`{}` names no file", inline(&pattern.text));
        let help = "paths are relative to the repository's root; `*` stays in one folder, `**` does not";
        Finding::new(CONFIGURATION.id, Level::Error, pattern.location.clone(), message).help(help)
    })
    .collect()
}
