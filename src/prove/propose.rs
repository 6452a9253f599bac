//! Guardrails to begin with: what holds of a store today and reads as if it were meant.
//!
//! # Why
//!
//! What nobody wrote down is easily lost. Three kinds show in the policies themselves: an attribute that is compared on
//! both sides, a condition of the context that every permit of an action asks for, and an end that every permit waits
//! for. Each is proved of the store, and said only where something is allowed that it could be broken by.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{EntityUid, RequestEnv};

use super::judge::{Here, Judged, refused, touches};
use super::world::World;
use crate::config::Config;
use crate::repo::cedar::{Body, attribute_at, context_shape, entity_shape, parse};
use crate::repo::shape::Shape;
use crate::repo::{Repo, Store};
use crate::symbolic::{Session, Solvers, Subject};

/// A first file of guardrails for one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The store by name.
    pub store: String,
    /// The file, from the root.
    pub path: String,
    /// What it would hold.
    pub text: String,
    /// How many guardrails that is.
    pub count: usize,
}

/// The file's name.
const NAME: &str = "guardrails.cedarguard";

/// So many guardrails are proposed for one store.
const MOST: usize = 20;

/// What a guardrail would say, and where it would be about something.
struct Candidate {
    /// What groups candidates into one guardrail: kind and attribute.
    key: (u8, String),
    /// The clause.
    clause: String,
    /// The principal type, where it is part of the guardrail.
    types: Option<(String, String)>,
    why: String,
    id: String,
}

/// First guardrails for each store of `repo` that has a schema and no guardrail yet.
#[must_use]
pub fn propose(repo: &Repo, config: &Config) -> Vec<Proposal> {
    let guarded: BTreeSet<&String> = repo.guardrails.about.values().flatten().collect();
    let stores = repo
        .stores
        .iter()
        .filter(|store| !guarded.contains(&store.name) && store.schema.ready().is_some() && store.broken.is_empty());
    stores.filter_map(|store| of_store(store, repo, config)).collect()
}

fn of_store(store: &Store, repo: &Repo, config: &Config) -> Option<Proposal> {
    let complete = config.links_complete(&store.name);
    let world = World::new(store, &repo.guardrails.rules, (false, complete), &Arc::<Solvers>::default()).ok()?;
    let texts: String = store.policies.iter().map(|policy| policy.location.text()).collect();
    let environments = world.policies.schema().environments();
    let mut held: BTreeMap<(u8, String), (Candidate, Vec<&RequestEnv>)> = BTreeMap::new();
    for environment in environments {
        let mut session = Session::new(&world.policies, environment);
        let here = Here::of(&mut session, &world, 0);
        if session.check(&here.can_be_allowed()).is_impossible() {
            continue;
        }
        for candidate in candidates(&world, environment, &texts) {
            if holds(&world, environment, &candidate.clause) {
                held.entry(candidate.key.clone()).or_insert_with(|| (candidate, Vec::new())).1.push(environment);
            }
        }
    }
    let mut ids: BTreeMap<String, usize> = BTreeMap::new();
    for (candidate, _) in held.values_mut() {
        let count = ids.entry(candidate.id.clone()).or_default();
        *count += 1;
        if *count > 1 {
            candidate.id = format!("{}-{count}", candidate.id);
        }
    }
    let each = held.values().take(MOST).map(|(candidate, places)| written(candidate, places, environments));
    let all: Vec<String> = each.collect();
    if all.is_empty() {
        return None;
    }
    let head = "// Rules about the rules: each holds today, which was proved, and `polcheck prove` says when one does not any more.\n\
                // Keep those that are meant, and say why.\n";
    let folder = folder(store);
    let path = if folder.is_empty() { NAME.to_owned() } else { format!("{folder}/{NAME}") };
    Some(Proposal { store: store.name.clone(), path, count: all.len(), text: format!("{head}\n{}", all.join("\n")) })
}

/// The folder that all policies and schemas of the store lie in.
fn folder(store: &Store) -> String {
    let paths = store.policies.iter().map(|policy| policy.location.path());
    let mut parts: Option<Vec<&str>> = None;
    for path in paths.chain(store.schema_files.iter().map(String::as_str)) {
        let own: Vec<&str> = path.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev().collect();
        parts = Some(match parts {
            None => own,
            Some(known) => {
                known.into_iter().zip(own).take_while(|(one, other)| one == other).map(|(one, _)| one).collect()
            }
        });
    }
    parts.unwrap_or_default().join("/")
}

/// What could be meant for requests of `environment`, going by what policies read.
fn candidates(world: &World<'_>, environment: &RequestEnv, texts: &str) -> Vec<Candidate> {
    let schema = world.schema();
    let mut all = Vec::new();
    let fields = |shape: Option<Shape>| match shape {
        Some(Shape::Record(fields)) => fields.into_keys().collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let read = |path: &str| texts.contains(path);
    let (principal, resource) = (environment.principal(), environment.resource());
    for name in fields(entity_shape(schema, principal).map(|(shape, _)| shape)) {
        let (mine, theirs) = (format!("principal.{name}"), format!("resource.{name}"));
        let alike = attribute_at(schema, environment, &mine)
            .zip(attribute_at(schema, environment, &theirs))
            .is_some_and(|(one, other)| one.1 == other.1 && !matches!(one.0, Shape::Bool | Shape::Set(_)));
        if alike && read(&mine) && read(&theirs) {
            all.push(Candidate {
                key: (0, format!("{name} {principal} {resource}")),
                clause: format!("when {{ {mine} != {theirs} }}"),
                types: Some((principal.to_string(), resource.to_string())),
                why: format!("nobody reaches what is of another {name}"),
                id: format!("{name}s-stay-apart"),
            });
        }
    }
    let Some(Shape::Record(context)) = context_shape(schema, environment.action()) else { return all };
    for (name, field) in &context {
        let path = format!("context.{name}");
        if field.shape == Shape::Bool && read(&path) {
            let asked = if field.required { path.clone() } else { format!("context has {name} && {path}") };
            all.push(Candidate {
                key: (1, name.clone()),
                clause: format!("unless {{ {asked} }}"),
                types: None,
                why: format!("nothing of this happens without {name}"),
                id: format!("only-with-{name}"),
            });
        }
    }
    let now = context
        .get("now")
        .is_some_and(|field| field.shape == Shape::Extension("datetime".to_owned()) && field.required);
    if now {
        let roots = [
            ("principal", fields(entity_shape(schema, principal).map(|(shape, _)| shape))),
            ("resource", fields(entity_shape(schema, resource).map(|(shape, _)| shape))),
            ("context", context.keys().cloned().collect()),
        ];
        for (root, name) in roots.into_iter().flat_map(|(root, names)| names.into_iter().map(move |name| (root, name)))
        {
            let path = format!("{root}.{name}");
            let datetime = attribute_at(schema, environment, &path)
                .is_some_and(|(shape, _)| shape == Shape::Extension("datetime".to_owned()));
            if datetime && name != "now" && read(&path) {
                all.push(Candidate {
                    key: (2, path.clone()),
                    clause: format!("unless {{ context.now < {path} }}"),
                    types: None,
                    why: format!("{path} is the end of it"),
                    id: format!("ends-at-{name}"),
                });
            }
        }
    }
    all
}

/// Whether nothing that the clause is about is allowed, and it is about something.
fn holds(world: &World<'_>, environment: &RequestEnv, clause: &str) -> bool {
    let Ok(parsed) = parse(&format!("forbid (principal, action, resource) {clause};")) else { return false };
    let bodies: Vec<Body> = parsed.into_iter().map(|one| one.body).collect();
    let [Body::Static(policy)] = bodies.as_slice() else { return false };
    let subject = Subject::policy(policy);
    let mut session = Session::new(&world.policies, environment);
    let rule = session.add_policy(0, &subject);
    let here = Here::of(&mut session, world, 0);
    touches(&mut session, rule).is_none() && matches!(refused(&mut session, world, &here, rule, None), Judged::Kept)
}

/// The guardrail in Cedar, for the kinds of request where it holds.
fn written(candidate: &Candidate, places: &[&RequestEnv], all: &[RequestEnv]) -> String {
    let concerned = |environment: &&RequestEnv| {
        candidate.types.as_ref().is_none_or(|(principal, resource)| {
            environment.principal().to_string() == *principal && environment.resource().to_string() == *resource
        })
    };
    let actions: BTreeSet<&EntityUid> = places.iter().map(|place| place.action()).collect();
    let every: BTreeSet<&EntityUid> = all.iter().filter(concerned).map(RequestEnv::action).collect();
    let names: Vec<String> = actions.iter().map(ToString::to_string).collect();
    let action = match names.as_slice() {
        _ if actions == every && candidate.types.is_some() => "action".to_owned(),
        [only] => format!("action == {only}"),
        several => format!("action in [{}]", several.join(", ")),
    };
    let (principal, resource) = match &candidate.types {
        Some((principal, resource)) => (format!("principal is {principal}"), format!("resource is {resource}")),
        None => ("principal".to_owned(), "resource".to_owned()),
    };
    format!(
        "@id({:?})\n@why({:?})\nforbid (\n  {principal},\n  {action},\n  {resource}\n)\n{};\n",
        candidate.id, candidate.why, candidate.clause
    )
}
