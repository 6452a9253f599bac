//! The conditions of rules that a configuration declares, before anything is proved of them: each is one condition, and
//! what it reads is declared where the rule looks.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{Policy as CedarPolicy, RequestEnv, Schema};

use super::conditions::path;
use crate::config::{CONFIGURATION, CustomRule, Name};
use crate::finding::{Finding, Level};
use crate::repo::Repo;
use crate::repo::cedar::{Body, attribute_at, context_shape, entity_shape, parse};
use crate::repo::shape::Shape;
use crate::repo::syntax::{Expr, ExprKind};
use crate::text::{Location, inline, nearest};

/// What is wrong with the conditions that `rules` name, as mistakes in the configuration, and the places of those
/// conditions, of which nothing is to be proved.
pub(super) fn faults(repo: &Repo, rules: &[&CustomRule]) -> (Vec<Finding>, Vec<Location>) {
    let mut found = Vec::new();
    for rule in rules {
        for condition in [&rule.implies, &rule.excludes].into_iter().flatten() {
            let said = match policy_of(&condition.text) {
                Err(why) => {
                    let message = format!("`{}` is no condition: {}", inline(&condition.text), inline(&why));
                    let help = "write what stands between the braces of a `when`, as in `resource.consent`";
                    Some((message, help.to_owned()))
                }
                Ok(_) => undeclared(repo, rule, condition),
            };
            found.extend(said.map(|(message, help)| {
                Finding::new(CONFIGURATION.id, Level::Error, condition.location.clone(), message).help(help)
            }));
        }
    }
    let places = found.iter().map(|finding| finding.location.clone()).collect();
    (found, places)
}

/// A policy for any request that matches where `condition` holds.
///
/// # Errors
/// What is wrong with it.
pub(super) fn policy_of(condition: &str) -> Result<CedarPolicy, String> {
    match body_of(condition)? {
        Body::Static(policy) => Ok(Arc::unwrap_or_clone(policy)),
        Body::Template(_) => Err("it is not one condition".to_owned()),
    }
}

fn body_of(condition: &str) -> Result<Body, String> {
    // The line end keeps a comment from hiding what follows it.
    let text = format!("permit (principal, action, resource) when {{ {condition}\n }};");
    match parse(&text) {
        Ok(parsed) => {
            let mut bodies = parsed.into_iter().map(|one| one.body);
            match (bodies.next(), bodies.next()) {
                (Some(body), None) => Ok(body),
                _ => Err("it is not one condition".to_owned()),
            }
        }
        Err(faults) => Err(faults.into_iter().next().map(|fault| fault.message).unwrap_or_default()),
    }
}

/// The first attribute that `condition` reads and that is declared nowhere where `rule` looks, and what was meant;
/// nothing where it looks nowhere.
fn undeclared(repo: &Repo, rule: &CustomRule, condition: &Name) -> Option<(String, String)> {
    let mut schemas: Vec<(&Schema, Vec<RequestEnv>)> = Vec::new();
    for store in repo.stores.iter().filter(|store| is_asked_of(rule, &store.name)) {
        let Some(schema) = store.schema.ready() else { continue };
        schemas.push((&schema.cedar, schema.cedar.request_envs().filter(|one| is_about(rule, one)).collect()));
    }
    if schemas.iter().all(|(_, environments)| environments.is_empty()) {
        return None;
    }
    let declared = |path: &str| {
        schemas.iter().any(|(schema, all)| all.iter().any(|one| attribute_at(schema, one, path).is_some()))
    };
    for path in reads(condition) {
        let steps: Vec<&str> = path.split('.').collect();
        let prefix = |length: usize| steps.iter().take(length).copied().collect::<Vec<_>>().join(".");
        let Some(bad) = (2..=steps.len()).map(prefix).find(|prefix| !declared(prefix)) else { continue };
        let (of, name) = bad.rsplit_once('.')?;
        let message = format!(
            "nothing that the rule `{}` is about has `{}`, so that nothing could meet `{}`",
            rule.rule.id,
            inline(&bad),
            inline(&condition.text)
        );
        let known: BTreeSet<String> =
            schemas.iter().flat_map(|(schema, all)| all.iter().flat_map(|one| names_at(schema, one, of))).collect();
        let help = match nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{}.{}`?", inline(of), inline(meant)),
            None => "name what the schema declares".to_owned(),
        };
        return Some((message, help));
    }
    None
}

/// Whether `rule` is about policies of the store called `store`.
pub(super) fn is_asked_of(rule: &CustomRule, store: &str) -> bool {
    rule.stores.is_empty() || rule.stores.iter().any(|name| name.text == store)
}

/// Whether `name` is the action `uid`, in full or by its id.
pub(super) fn names_action(name: &Name, uid: &str) -> bool {
    name.text == uid || uid.split_once("::\"").is_some_and(|(_, id)| id.trim_end_matches('"') == name.text)
}

fn is_about(rule: &CustomRule, environment: &RequestEnv) -> bool {
    let listed = |names: &[Name], ty: String| names.is_empty() || names.iter().any(|name| name.text == ty);
    listed(&rule.principals, environment.principal().to_string())
        && listed(&rule.resources, environment.resource().to_string())
        && (rule.actions.is_empty()
            || rule.actions.iter().any(|name| names_action(name, &environment.action().to_string())))
}

/// The attributes that `condition` reads or asks for, as `resource.owner`. A name with a dot in it is none of them.
fn reads(condition: &Name) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let Ok(body) = body_of(&condition.text) else { return found };
    if let Some(condition) = body.syntax(0).condition {
        condition.walk(&mut |expr: &Expr| {
            let read = match &expr.kind {
                ExprKind::GetAttr(_, name) if !name.contains('.') => path(expr).map(|(_, path)| path),
                ExprKind::HasAttr(of, name) if !name.contains('.') => {
                    path(of).map(|(_, path)| format!("{path}.{name}"))
                }
                _ => None,
            };
            found.extend(read);
        });
    }
    found
}

/// The names that are declared at `path` in requests of `environment`.
fn names_at(schema: &Schema, environment: &RequestEnv, path: &str) -> Vec<String> {
    let shape = match path {
        "principal" => entity_shape(schema, environment.principal()).map(|(shape, _)| shape),
        "resource" => entity_shape(schema, environment.resource()).map(|(shape, _)| shape),
        "context" => context_shape(schema, environment.action()),
        path => attribute_at(schema, environment, path).map(|(shape, _)| shape),
    };
    match shape {
        Some(Shape::Record(fields)) => fields.into_keys().collect(),
        _ => Vec::new(),
    }
}
