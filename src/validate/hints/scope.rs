//! A scope that no action fits: what the actions that it names do take.

use std::collections::BTreeSet;

use cedar_policy::{EntityUid, Schema};

use super::names::listed;
use crate::repo::Policy;
use crate::repo::syntax::{Bound, ScopeOp};
use crate::text::inline;

/// What to say of `policy`, whose scope no action of `schema` fits.
pub(in crate::validate) fn fitting(policy: &Policy, schema: &Schema) -> Option<String> {
    let syntax = policy.syntax();
    let actions = named(policy, schema);
    let types = |of: &dyn Fn(&EntityUid) -> Vec<String>| actions.iter().flat_map(of).collect::<BTreeSet<String>>();
    let principals =
        types(&|action| schema.principals_for_action(action).into_iter().flatten().map(ToString::to_string).collect());
    let resources =
        types(&|action| schema.resources_for_action(action).into_iter().flatten().map(ToString::to_string).collect());
    let who = match actions.as_slice() {
        [] => return None,
        _ if syntax.open.action => "the actions of the schema".to_owned(),
        [one] => format!("`{}`", inline(&one.to_string())),
        _ => "these actions".to_owned(),
    };
    let take = if actions.len() == 1 && !syntax.open.action { "takes" } else { "take" };
    if principals.is_empty() || resources.is_empty() {
        return Some(format!("the `appliesTo` of {who} in the schema names nothing that it is for"));
    }
    let part = |what: &str, bound: &Bound, types: &BTreeSet<String>| {
        let asked = asked(bound).filter(|asked| !types.contains(*asked))?;
        Some(format!("as {what} {who} {take} {}, and not `{}`", coded(types), inline(asked)))
    };
    part("resource", &syntax.resource, &resources)
        .or_else(|| part("principal", &syntax.principal, &principals))
        .or_else(|| {
            Some(format!("{who} {take} {} as principal and {} as resource", coded(&principals), coded(&resources)))
        })
}

fn coded(types: &BTreeSet<String>) -> String {
    listed(types.iter().map(|ty| format!("`{ty}`")).collect(), "or")
}

/// The type that a scope demands.
fn asked(bound: &Bound) -> Option<&str> {
    let equal = bound.entity.as_ref().filter(|(op, _)| *op == ScopeOp::Eq).map(|(_, entity)| entity.ty.as_str());
    bound.ty.as_deref().or(equal)
}

/// The actions that the scope of `policy` lets pass, groups taken apart.
fn named(policy: &Policy, schema: &Schema) -> Vec<EntityUid> {
    let syntax = policy.syntax();
    let all: Vec<EntityUid> = schema.actions().cloned().collect();
    if syntax.open.action {
        return all;
    }
    let Ok(entities) = schema.action_entities() else { return Vec::new() };
    let asked: Vec<EntityUid> = policy
        .body
        .entities()
        .into_iter()
        .filter(|uid| uid.type_name().basename() == "Action" && syntax.scope.iter().any(|(_, one)| is(one, uid)))
        .collect();
    let passes = |action: &EntityUid| asked.iter().any(|one| one == action || entities.is_ancestor_of(one, action));
    let mut found: Vec<EntityUid> = all.into_iter().filter(passes).collect();
    found.sort_by_cached_key(ToString::to_string);
    found
}

fn is(one: &crate::repo::syntax::EntityLiteral, uid: &EntityUid) -> bool {
    one.ty == uid.type_name().to_string() && one.id == AsRef::<str>::as_ref(uid.id())
}
