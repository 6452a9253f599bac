//! Policies that say of a slot that it is what it is. Nobody has them: they are for questions to the engine.

use cedar_policy::{EntityUid, Policy, PolicyId};
use serde_json::{Value as Json, json};

use super::situation::Situation;
use super::slot::{Holder, Slot};
use crate::symbolic::{Subject, uid_value};

/// A policy that matches where `condition`, in Cedar's JSON, holds.
pub(super) fn policy(condition: &Json) -> Option<Policy> {
    let any = json!({"op": "All"});
    let policy = json!({
        "effect": "permit", "principal": any, "action": any, "resource": any,
        "conditions": [{"kind": "when", "body": condition}]
    });
    Policy::from_json(Some(PolicyId::new("probe")), policy).ok()
}

/// The same for the engine.
pub(super) fn subject(condition: &Json) -> Option<Subject> {
    Some(Subject::policy(&policy(condition)?))
}

/// That the request is for this principal and this resource, as far as policies can tell.
pub(super) fn same_request(situation: &Situation<'_>, [principal, resource]: [bool; 2]) -> Json {
    let is = |variable: &str, uid: &EntityUid| json!({"==": {"left": {"Var": variable}, "right": {"Value": uid_value(uid)}}});
    let all = [
        principal.then(|| is("principal", &situation.principal)),
        resource.then(|| is("resource", &situation.resource)),
    ];
    self::all(all.into_iter().flatten())
}

/// That the slot is what it is in the situation.
pub(super) fn unchanged(situation: &Situation<'_>, slot: &Slot) -> Json {
    is(slot, situation.value(slot).as_ref())
}

/// That `slot` is `value`.
pub(super) fn is(slot: &Slot, value: Option<&Json>) -> Json {
    match (slot, value) {
        (Slot::Attribute(_, path), value) => {
            let there = path.iter().enumerate().map(|(at, name)| {
                json!({"has": {"left": reach(slot.holder(), path.get(..at).unwrap_or_default()), "attr": name}})
            });
            let there = there.reduce(and).unwrap_or_else(|| json!({"Value": true}));
            match value {
                None => not(there),
                Some(value) => and(there, equal(reach(slot.holder(), path), value)),
            }
        }
        (Slot::Tag(holder, key), value) => {
            let sides = json!({"left": base(holder), "right": {"Value": key}});
            match value {
                None => not(json!({"hasTag": sides})),
                Some(value) => and(json!({"hasTag": sides}), equal(json!({"getTag": sides}), value)),
            }
        }
        (Slot::Group(holder, group), value) => {
            let within = member(base(holder), group);
            if value == Some(&Json::Bool(true)) { within } else { not(within) }
        }
    }
}

/// That the number at `path` of the context is after `from` and not after `to`.
pub(super) fn between(path: &[String], from: &Json, to: Option<&Json>) -> Json {
    let number = reach(&Holder::Context, path);
    let there = is_there(&Slot::Attribute(Holder::Context, path.to_vec()));
    let after = and(there, json!({"<": {"left": {"Value": from}, "right": number.clone()}}));
    match to {
        None => after,
        Some(to) => and(after, json!({"<=": {"left": number, "right": {"Value": to}}})),
    }
}

/// That the times at `first` and `second` of the context are as far apart as `apart`, a duration.
pub(super) fn in_step(first: &[String], second: &[String], apart: &Json) -> Json {
    let [from, to] = [first, second].map(|path| reach(&Holder::Context, path));
    and(
        is_there(&Slot::Attribute(Holder::Context, second.to_vec())),
        equal(json!({"durationSince": [to, from]}), apart),
    )
}

/// That all of these hold.
pub(super) fn all(conditions: impl IntoIterator<Item = Json>) -> Json {
    conditions.into_iter().reduce(and).unwrap_or_else(|| json!({"Value": true}))
}

/// That there is something at `slot`.
pub(super) fn is_there(slot: &Slot) -> Json {
    not(is(slot, None))
}

fn member(left: Json, group: &EntityUid) -> Json {
    json!({"in": {"left": left, "right": {"Value": uid_value(group)}}})
}

fn base(holder: &Holder) -> Json {
    match holder {
        Holder::Context => json!({"Var": "context"}),
        Holder::Principal => json!({"Var": "principal"}),
        Holder::Resource => json!({"Var": "resource"}),
        Holder::Entity(uid) => json!({"Value": uid_value(uid)}),
    }
}

fn reach(holder: &Holder, path: &[String]) -> Json {
    path.iter().fold(base(holder), |left, name| json!({".": {"left": left, "attr": name}}))
}

fn equal(left: Json, value: &Json) -> Json {
    json!({"==": {"left": left, "right": {"Value": value}}})
}

fn and(left: Json, right: Json) -> Json {
    json!({"&&": {"left": left, "right": right}})
}

fn not(of: Json) -> Json {
    json!({"!": {"arg": of}})
}
