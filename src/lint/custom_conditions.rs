//! The conditions of rules that a configuration declares, before anything is proved of them: each is one condition, and
//! what it reads is declared where the rule looks.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{
    EntityUid, Policy as CedarPolicy, PolicySet, RequestEnv, Schema, ValidationError, ValidationMode, Validator,
};

use super::conditions::path;
use crate::config::{CONFIGURATION, Config, CustomRule, Name};
use crate::finding::{Finding, Level};
use crate::repo::Repo;
use crate::repo::cedar::{Body, attribute_at, context_shape, entity_shape, parse};
use crate::repo::shape::Shape;
use crate::repo::syntax::{Expr, ExprKind};
use crate::text::{Location, inline, nearest};

/// What is wrong with what `rules` name, as mistakes in the configuration, and the places of the conditions and
/// attributes of which nothing is to be asked. A rule that only the base of a comparison declares may name what is
/// gone.
pub(super) fn faults(repo: &Repo, config: &Config, rules: &[&CustomRule]) -> (Vec<Finding>, Vec<Location>) {
    let mut found = Vec::new();
    for rule in rules {
        let own = config.custom.iter().any(|own| std::ptr::eq(own, *rule));
        let strangers = if own { strangers(repo, rule) } else { Vec::new() };
        if !strangers.is_empty() {
            found.extend(strangers);
            continue;
        }
        let mistake = |name: &Name, (message, help): (String, String)| {
            Finding::new(CONFIGURATION.id, Level::Error, name.location.clone(), message).help(help)
        };
        for condition in [&rule.implies, &rule.excludes].into_iter().flatten() {
            let said = match policy_of(&condition.text) {
                Err(why) => {
                    let message = format!("`{}` is no condition: {}", inline(&condition.text), inline(&why));
                    let help = "write what stands between the braces of a `when`, as in `resource.consent`";
                    Some((message, help.to_owned()))
                }
                Ok(_) => {
                    let so = || format!("so that nothing could meet `{}`", inline(&condition.text));
                    undeclared(repo, rule, &reads(condition), &so)
                        .or_else(|| ill_typed(repo, rule, condition).filter(|_| own))
                }
            };
            found.extend(said.map(|said| mistake(condition, said)));
        }
        for (names, so) in [
            (&rule.mentions, "so that no condition could read it"),
            (&rule.never_mentions, "so that it forbids nothing"),
        ] {
            for name in names.iter().filter(|name| name.text.contains('.')) {
                let said = undeclared(repo, rule, &[name.text.clone()].into(), &|| so.to_owned());
                found.extend(said.map(|said| mistake(name, said)));
            }
        }
    }
    let places = found.iter().map(|finding| finding.location.clone()).collect();
    (found, places)
}

/// The schemas of the stores that `rule` looks at; `None` where one of them has none that can be used, so that its
/// policies may name anything.
fn schemas<'r>(repo: &'r Repo, rule: &CustomRule) -> Option<Vec<&'r Schema>> {
    let stores = repo.stores.iter().filter(|store| is_asked_of(rule, &store.name) && store.deciding().next().is_some());
    stores.map(|store| Some(&store.schema.ready()?.cedar)).collect()
}

/// What `rule` says that it is about and that is nowhere here: it would look at nothing, and nobody would know.
fn strangers(repo: &Repo, rule: &CustomRule) -> Vec<Finding> {
    let finding = |name: &Name, what: String, known: &BTreeSet<String>| {
        let message = format!("the rule `{}` is about {what}", rule.rule.id);
        let finding = Finding::new(CONFIGURATION.id, Level::Error, name.location.clone(), message);
        match nearest(&name.text, known.iter().map(String::as_str)) {
            Some(meant) => finding.help(format!("did you mean `{}`?", inline(meant))),
            None if known.is_empty() => finding,
            None => {
                let some: Vec<String> = known.iter().take(SHOWN).map(|one| format!("`{}`", inline(one))).collect();
                let more = if known.len() > SHOWN { " and others" } else { "" };
                finding.help(format!("there are {}{more}", some.join(", ")))
            }
        }
    };
    let stores: BTreeSet<String> = repo.store_names.iter().cloned().collect();
    let unknown = rule.stores.iter().filter(|name| !stores.contains(&name.text));
    let found: Vec<Finding> = unknown
        .map(|name| finding(name, format!("the store `{}`, which is not here", inline(&name.text)), &stores))
        .collect();
    // Where only some of the stores were wanted, the others may have it.
    if !found.is_empty() || repo.stores.len() < repo.store_names.len() {
        return found;
    }
    let Some(schemas) = schemas(repo, rule).filter(|schemas| !schemas.is_empty()) else { return found };
    let environments: Vec<RequestEnv> = schemas.iter().flat_map(|schema| schema.request_envs()).collect();
    let ids = |uid: &EntityUid| AsRef::<str>::as_ref(uid.id()).to_owned();
    let actions: BTreeSet<String> = environments.iter().map(|one| ids(one.action())).collect();
    let principals: BTreeSet<String> = environments.iter().map(|one| one.principal().to_string()).collect();
    let resources: BTreeSet<String> = environments.iter().map(|one| one.resource().to_string()).collect();
    let mut found = Vec::new();
    for name in &rule.actions {
        if !environments.iter().any(|one| names_action(name, &one.action().to_string())) {
            let group = schemas
                .iter()
                .any(|schema| schema.action_groups().any(|uid| ids(uid) == name.text || uid.to_string() == name.text));
            let why =
                if group { "which is a group, and no request is for a group" } else { "which no schema here has" };
            found.push(finding(name, format!("the action `{}`, {why}", inline(&name.text)), &actions));
        }
    }
    for (names, known, what) in
        [(&rule.principals, &principals, "principals"), (&rule.resources, &resources, "resources")]
    {
        for name in names.iter().filter(|name| !known.contains(&name.text)) {
            found.push(finding(
                name,
                format!("{what} of type `{}`, and no request has one", inline(&name.text)),
                known,
            ));
        }
    }
    let first = rule.actions.first().or(rule.principals.first()).or(rule.resources.first());
    if let (true, Some(first)) = (found.is_empty(), first)
        && !environments.iter().any(|one| is_about(rule, one))
    {
        let what = "no request: what it names exists, and no action has all of it together".to_owned();
        found.push(finding(first, what, &BTreeSet::new()));
    }
    found
}

/// So many names are listed.
const SHOWN: usize = 6;

/// In so many kinds of request a condition is tried.
const TRIED: usize = 256;

/// Why `condition` is none in any kind of request that `rule` is about, to Cedar's validator; nothing where it is one
/// somewhere. That it may read what is not there is no fault: it is not met then.
fn ill_typed(repo: &Repo, rule: &CustomRule, condition: &Name) -> Option<(String, String)> {
    let mut first = None;
    for schema in schemas(repo, rule)? {
        let validator = Validator::new(schema.clone());
        for environment in schema.request_envs().filter(|one| is_about(rule, one)).take(TRIED) {
            let (principal, action, resource) = (environment.principal(), environment.action(), environment.resource());
            let text = format!(
                "permit (principal is {principal}, action == {action}, resource is {resource}) when {{ {}\n }};",
                condition.text
            );
            let set: PolicySet = text.parse().ok()?;
            let result = validator.validate(&set, ValidationMode::Strict);
            // What is not declared there says nothing of the rest.
            let lacks = |error: &ValidationError| matches!(error, ValidationError::UnsafeAttributeAccess(_));
            let may_lack = |error: &ValidationError| {
                matches!(error, ValidationError::UnsafeOptionalAttributeAccess(_) | ValidationError::UnsafeTagAccess(_))
            };
            let mut errors = result.validation_errors().filter(|error| !may_lack(error)).peekable();
            errors.peek()?;
            let Some(error) = errors.find(|error| !lacks(error)) else { continue };
            first.get_or_insert_with(|| {
                let said = error.to_string();
                said.split_once("`, ").map_or(said.clone(), |(_, said)| said.to_owned())
            });
        }
    }
    let why = first?;
    let message = format!(
        "`{}` is no condition for anything that the rule `{}` is about: {}",
        inline(&condition.text),
        rule.rule.id,
        inline(&why)
    );
    Some((message, "name what the schema declares, and compare values of one type".to_owned()))
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

/// The first of the attributes `read` that is declared nowhere where `rule` looks, `so` what follows, and what was
/// meant; nothing where it looks nowhere.
fn undeclared(
    repo: &Repo,
    rule: &CustomRule,
    read: &BTreeSet<String>,
    so: &dyn Fn() -> String,
) -> Option<(String, String)> {
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
    for path in read {
        let steps: Vec<&str> = path.split('.').collect();
        let prefix = |length: usize| steps.iter().take(length).copied().collect::<Vec<_>>().join(".");
        let Some(bad) = (2..=steps.len()).map(prefix).find(|prefix| !declared(prefix)) else { continue };
        let (of, name) = bad.rsplit_once('.')?;
        let message = format!("nothing that the rule `{}` is about has `{}`, {}", rule.rule.id, inline(&bad), so());
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
