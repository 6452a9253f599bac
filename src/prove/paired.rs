//! Actions that are decided alike, in every kind of request that they have in common; and what has no partner.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{EntityUid, Policy, RequestEnv};

use super::alike::Exchanged;
use super::found::{Found, Told};
use super::guardrail::Alike;
use super::judge::{Here, Judged};
use super::world::{World, names_action};
use crate::config::Name;
use crate::repo::cedar::context_shape;
use crate::repo::shape::Shape;
use crate::symbolic::{Formula, Session, Subject};
use crate::text::inline;

/// A guardrail about actions that are decided alike.
pub(super) fn alike_in(world: &World<'_>, number: usize, alike: &Alike) -> Vec<Found> {
    let schema = world.schema();
    let environments = world.policies.schema().environments();
    let mut found = Vec::new();
    let mut named: Vec<EntityUid> = Vec::new();
    for name in &alike.actions {
        let mut actions: Vec<EntityUid> =
            schema.actions().filter(|action| names_action(schema, name, action)).cloned().collect();
        // Of a group only the actions that requests are for.
        actions.retain(|action| environments.iter().any(|environment| environment.action() == action));
        actions.sort();
        named.extend(actions);
    }
    let mut seen = BTreeSet::new();
    named.retain(|action| seen.insert(action.clone()));
    let Some((first, others)) = named.split_first() else { return found };
    let listed = |names: &[Name], ty: String| names.is_empty() || names.iter().any(|name| name.text == ty);
    let about = |environment: &RequestEnv| {
        listed(&alike.principals, environment.principal().to_string())
            && listed(&alike.resources, environment.resource().to_string())
    };
    if others.is_empty() {
        return found;
    }
    for other in others {
        let exchanged = match Exchanged::new(world, first, other) {
            Ok(exchanged) => exchanged,
            Err(why) => {
                let at = environments.iter().position(|environment| environment.action() == first).unwrap_or_default();
                let judged = Told::Judged(Judged::Open(why));
                found.push(Found { guardrail: number, environment: at, judged, rule: None });
                continue;
            }
        };
        for (at, environment) in environments.iter().enumerate().filter(|(_, environment)| about(environment)) {
            let judged = if environment.action() == first {
                if exchanged.has(environment) {
                    match exchanged.judge(world, environment, [first, other]) {
                        Judged::Kept => unpaired(world, environment, [first, other]),
                        judged => Told::Judged(judged),
                    }
                } else {
                    lonely(world, environment, other)
                }
            } else if environment.action() == other && !has(environments, environment, first) {
                lonely(world, environment, first)
            } else {
                continue;
            };
            found.push(Found { guardrail: number, environment: at, judged, rule: None });
        }
    }
    found
}

fn has(environments: &[RequestEnv], like: &RequestEnv, action: &EntityUid) -> bool {
    environments
        .iter()
        .any(|one| one.action() == action && one.principal() == like.principal() && one.resource() == like.resource())
}

/// Requests of one action that have no partner among those of the other, because an attribute that may be absent in the
/// one has to be there in the other: what they are allowed nobody can compare.
fn unpaired(world: &World<'_>, environment: &RequestEnv, names: [&EntityUid; 2]) -> Told {
    let schema = world.schema();
    let fields = |action: &EntityUid| match context_shape(schema, action) {
        Some(Shape::Record(fields)) => fields,
        _ => BTreeMap::new(),
    };
    let environments = world.policies.schema().environments();
    for [mine, theirs] in [[names[0], names[1]], [names[1], names[0]]] {
        let other = fields(theirs);
        for (name, field) in fields(mine) {
            let partner = other.get(&name);
            if field.required || partner.is_none_or(|partner| !partner.required || partner.shape != field.shape) {
                continue;
            }
            let absent = format!("permit (principal, action, resource) when {{ !(context has {name:?}) }};");
            let Ok(policy) = Policy::parse(None, absent) else { continue };
            let subject = Subject::policy(&policy);
            let like = |one: &&RequestEnv| {
                one.action() == mine
                    && one.principal() == environment.principal()
                    && one.resource() == environment.resource()
            };
            let Some(environment) = environments.iter().find(like) else { continue };
            let mut session = Session::new(&world.policies, environment);
            let absent = session.add_policy(0, &subject);
            let here = Here::of(&mut session, world, 0);
            if !session.check(&here.can_be_allowed().and(Formula::Matches(absent))).is_impossible() {
                return Told::Uncovered(format!(
                    "`{}` may be absent for {} and has to be there for {}, so some requests have none to compare with",
                    inline(&name),
                    inline(&mine.to_string()),
                    inline(&theirs.to_string())
                ));
            }
        }
    }
    Told::Judged(Judged::Kept)
}

/// A kind of request that the other action does not have: nothing to compare with, which matters if something is
/// allowed.
fn lonely(world: &World<'_>, environment: &RequestEnv, other: &EntityUid) -> Told {
    let mut session = Session::new(&world.policies, environment);
    let here = Here::of(&mut session, world, 0);
    if here.permits_aside.is_empty() && session.check(&here.can_be_allowed()).is_impossible() {
        return Told::Judged(Judged::Untouched);
    }
    Told::Uncovered(format!("{} has no requests of this kind to compare with", inline(&other.to_string())))
}
