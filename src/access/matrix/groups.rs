//! The groups of principals that policies name.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Entities, EntityUid, Policy, PolicyId, PrincipalConstraint};
use serde_json::Value as Json;

use crate::symbolic::Subject;

/// So many groups stand in a matrix.
const MOST: usize = 24;

/// A group, and that a principal is in it as a policy that takes part in no decision.
pub(super) struct Group {
    pub(super) uid: EntityUid,
    pub(super) probe: Subject,
    /// The places of others that it is in, as far as entities are known: who is in it is in these as well.
    pub(super) within: BTreeSet<usize>,
}

/// The groups that `policies` name, those that most of them do if there are many, in the order of their names; and the
/// names of those that are left out. There is `room` for so many.
pub(super) fn named<'p>(policies: impl Iterator<Item = &'p Policy>, room: usize) -> (Vec<Group>, Vec<String>) {
    let mut found: BTreeMap<EntityUid, usize> = BTreeMap::new();
    for policy in policies {
        let mut own = Vec::new();
        match policy.principal_constraint() {
            PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) => own.push(uid),
            PrincipalConstraint::Any | PrincipalConstraint::Eq(_) | PrincipalConstraint::Is(_) => {}
        }
        if let Some(conditions) = policy.to_json().ok().as_ref().and_then(|policy| policy.get("conditions")) {
            asked(conditions, &mut own);
        }
        own.sort();
        own.dedup();
        for uid in own {
            *found.entry(uid).or_default() += 1;
        }
    }
    let mut all: Vec<(EntityUid, usize)> = found.into_iter().collect();
    // Sorted by name already.
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let rest = all.split_off(all.len().min(MOST).min(room));
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    let group = |(number, (uid, _)): (usize, (EntityUid, usize))| {
        let text = format!("permit (principal in {uid}, action, resource);");
        let policy = Policy::parse(Some(PolicyId::new(format!("in group {number}"))), text).ok()?;
        Some(Group { uid, probe: Subject::policy(&policy), within: BTreeSet::new() })
    };
    let groups = all.into_iter().enumerate().filter_map(group).collect();
    (groups, rest.into_iter().map(|(uid, _)| uid.to_string()).collect())
}

/// Notes which of the groups are in which, by what `entities` say.
pub(super) fn nest(groups: &mut [Group], entities: &Entities) {
    let all: Vec<EntityUid> = groups.iter().map(|group| group.uid.clone()).collect();
    for group in groups {
        let above =
            |(_, other): &(usize, &EntityUid)| **other != group.uid && entities.is_ancestor_of(other, &group.uid);
        group.within.extend(all.iter().enumerate().filter(above).map(|(at, _)| at));
    }
}

/// The entities that it is asked of whether the principal is in them, in conditions in Cedar's JSON form.
fn asked(json: &Json, found: &mut Vec<EntityUid>) {
    match json {
        Json::Array(all) => all.iter().for_each(|one| asked(one, found)),
        Json::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| *key != "Value") {
                let of = |side: &str| value.get(side);
                if key == "in" && of("left").is_some_and(|left| left.get("Var") == Some(&Json::from("principal"))) {
                    of("right").into_iter().for_each(|right| entities(right, found));
                }
                asked(value, found);
            }
        }
        _ => {}
    }
}

/// The entity that an expression is, or those of a set that is written out.
fn entities(json: &Json, found: &mut Vec<EntityUid>) {
    if let Some(all) = json.get("Set").and_then(Json::as_array) {
        all.iter().for_each(|one| entities(one, found));
    }
    if let Some(entity) = json.get("Value").and_then(|value| value.get("__entity"))
        && let Ok(uid) = EntityUid::from_json(entity.clone())
    {
        found.push(uid);
    }
}
