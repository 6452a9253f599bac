//! `trusts-client-input`: a permit of a sensitive action that only the client vouches for.
//!
//! # Why
//!
//! `@source("client")` on an attribute of the schema says that whoever asks writes it. What a condition reads of
//! others, or of who asks and what for, does not hang on the client alone.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::Effect;
use serde_json::Value as Json;

use crate::finding::Level;
use crate::lint::conditions::path;
use crate::lint::facts::{Facts, Proved, finding_about, grant_example};
use crate::lint::rule::LintRule;
use crate::repo::schema_as_json;
use crate::repo::syntax::{Expr, Variable};
use crate::rule::{Basis, Precision, Rule};
use crate::text::inline;

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
        id: "trusts-client-input",
        summary: "a permit of a sensitive action is bound by nothing but what the client says",
        level: Some(Level::Warning),
        basis: Basis::Symbolic,
        precision: Precision::High,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/trusts-client-input.md"),
    },
    check,
);

/// What a schema says of actions and attributes in annotations.
#[derive(Debug, Default)]
struct Said {
    /// Actions with `@sensitive`, as Cedar writes them.
    sensitive: BTreeSet<String>,
    /// By type of entity, or by action for its context: attributes with `@source("client")`.
    client: BTreeMap<String, BTreeSet<String>>,
}

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    let Some(schema) = facts.store.schema.ready() else { return };
    if !schema.files.iter().any(|file| file.text().contains("client")) {
        return;
    }
    let said = read(&schema_as_json(schema));
    for permit in facts.deciding(Effect::Permit) {
        let Some(member) = facts.members.get(permit) else { continue };
        let syntax = member.policy.syntax();
        let (Some(condition), true) = (&syntax.condition, syntax.open.principal && syntax.principal.entity.is_none())
        else {
            continue;
        };
        let read = reads(condition);
        let places: Vec<usize> = facts
            .live(permit)
            .filter(|at| {
                let Some(environment) = facts.environments.get(*at) else { return false };
                let by_client = |(variable, name): &(Variable, String)| {
                    let of = match variable {
                        Variable::Principal => &environment.principal,
                        Variable::Resource => &environment.resource,
                        Variable::Context | Variable::Action => &environment.action,
                    };
                    said.client.get(of).is_some_and(|names| names.contains(name))
                };
                said.sensitive.contains(&environment.action) && !read.is_empty() && read.iter().all(by_client)
            })
            .collect();
        if places.is_empty() {
            continue;
        }
        let names: BTreeSet<String> = read.iter().map(|(_, name)| format!("`{}`", inline(name))).collect();
        let message = format!(
            "only what the client says ({}) binds this permit of a sensitive action",
            names.into_iter().collect::<Vec<_>>().join(", ")
        );
        let mut finding = finding_about(&RULE.meta, member, message).help(
            "ask for something that the client cannot write: an attribute from the token or the store, a group, the owner",
        );
        finding.environments = facts.environments_at(&places);
        out.add_shown(finding, places.first(), permit, grant_example(permit));
    }
}

/// The first attribute of each path that `condition` reads. What stands without one (`principal` itself, in a group or
/// compared) has an empty name.
fn reads(condition: &Expr) -> BTreeSet<(Variable, String)> {
    let mut found = BTreeSet::new();
    let mut open = vec![condition];
    while let Some(expr) = open.pop() {
        match path(expr) {
            Some((Variable::Action, _)) => {}
            Some((variable, path)) => {
                found.insert((variable, path.split('.').nth(1).unwrap_or_default().to_owned()));
            }
            None => open.extend(expr.children()),
        }
    }
    found
}

fn read(files: &[Json]) -> Said {
    let mut said = Said::default();
    let namespaces = files.iter().filter_map(Json::as_object).flatten();
    for (namespace, body) in namespaces {
        let full = |name: &str| if namespace.is_empty() { name.to_owned() } else { format!("{namespace}::{name}") };
        let common = |name: &str| body.get("commonTypes").and_then(|all| all.get(name));
        let client = |shape: Option<&Json>| -> BTreeSet<String> {
            let named =
                shape.and_then(|shape| shape.get("name").or_else(|| shape.get("type"))?.as_str()).and_then(common);
            let attributes = named.or(shape).and_then(|shape| shape.get("attributes")).and_then(Json::as_object);
            let by_client =
                |(_, of): &(&String, &Json)| of.pointer("/annotations/source").and_then(Json::as_str) == Some("client");
            attributes.into_iter().flatten().filter(by_client).map(|(name, _)| name.clone()).collect()
        };
        for (name, entity) in body.get("entityTypes").and_then(Json::as_object).into_iter().flatten() {
            said.client.insert(full(name), client(entity.get("shape")));
        }
        for (name, action) in body.get("actions").and_then(Json::as_object).into_iter().flatten() {
            let uid = format!("{}::{name:?}", full("Action"));
            if action.pointer("/annotations/sensitive").is_some() {
                said.sensitive.insert(uid.clone());
            }
            said.client.insert(uid, client(action.pointer("/appliesTo/context")));
        }
    }
    said
}
