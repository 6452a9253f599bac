//! Values that policies name, tried out one and two at a time: for what the engine cannot be asked.

use std::collections::BTreeSet;

use cedar_policy::EntityUid;
use serde_json::{Value as Json, json};

use super::situation::Situation;
use super::slot::{Assignment, Holder, Slot};
use super::values::{confirmed, number};
use super::vocabulary::Vocabulary;
use crate::symbolic::{NumberKind, uid_value, uids};

/// So many things are tried.
const SLOTS: usize = 40;
/// So many values of each.
const VALUES: usize = 12;
/// So many decisions are asked for.
const DECISIONS: usize = 20_000;
/// So many changes are shown.
const MOST: usize = 12;

/// A change of one thing.
type Step = (Slot, Option<Json>);

/// Changes of what policies read of the request, and of the groups that they name, to values that they name, which turn
/// the decision: of one thing, or where there is none, of two. Each is confirmed by Cedar's authorizer.
pub(super) fn trial(situation: &Situation<'_>) -> Vec<Assignment> {
    let vocabulary = Vocabulary::of(situation.about());
    let slots = slots(situation, &vocabulary);
    let steps: Vec<Vec<Step>> = slots.iter().map(|slot| steps(situation, &vocabulary, slot)).collect();
    let mut left = DECISIONS;
    let mut turns = |changes: &Assignment| {
        left = left.saturating_sub(1);
        left > 0 && situation.decide(changes).is_some_and(|decision| decision != situation.decision)
    };
    let mut found: Vec<Assignment> = Vec::new();
    let mut alone = BTreeSet::new();
    for (at, steps) in steps.iter().enumerate() {
        let step = steps.iter().map(|step| vec![step.clone()]).find(|changes| turns(changes));
        if let Some(changes) = step.and_then(|changes| confirmed(situation, changes)) {
            alone.insert(at);
            found.push(changes);
        }
    }
    if !found.is_empty() {
        found.truncate(MOST);
        return found;
    }
    for (at, first) in steps.iter().enumerate() {
        for second in steps.get(at + 1..).unwrap_or_default() {
            let pairs = first.iter().flat_map(|one| second.iter().map(move |other| vec![one.clone(), other.clone()]));
            let pair = pairs.into_iter().find(|changes| turns(changes));
            found.extend(pair.and_then(|changes| confirmed(situation, changes)));
            if found.len() >= MOST {
                return found;
            }
        }
    }
    found
}

/// What policies read of the request, and the groups that they name for the principal and the resource.
fn slots(situation: &Situation<'_>, vocabulary: &Vocabulary) -> Vec<Slot> {
    let mut slots: Vec<Slot> = Vec::new();
    for (variable, path) in &vocabulary.paths {
        let holder = match variable.as_str() {
            "context" => Holder::Context,
            "principal" => Holder::Principal,
            "resource" => Holder::Resource,
            _ => continue,
        };
        // Of `a` and `a.b` only the longer one is a value that is compared.
        let longer = |(other, beyond): &(String, Vec<String>)| {
            other == variable && beyond.len() > path.len() && beyond.starts_with(path)
        };
        let own = Slot::Attribute(holder.clone(), path.clone());
        // Of an entity both are.
        let names = situation.value(&own).is_some_and(|value| value.get("__entity").is_some());
        if names || !vocabulary.paths.iter().any(longer) {
            let slot = whose(situation, holder, path);
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        }
    }
    for holder in [Holder::Principal, Holder::Resource] {
        slots.extend(vocabulary.tags.iter().map(|key| Slot::Tag(holder.clone(), key.clone())));
    }
    let mut groups: Vec<EntityUid> = vocabulary.entities.iter().cloned().collect();
    for slot in &slots {
        situation.value(slot).iter().for_each(|value| uids(value, &mut groups));
    }
    for holder in [Holder::Principal, Holder::Resource] {
        let member = situation.entity(&holder);
        let above = groups.iter().filter(|group| member.as_ref() != Some(group) && **group != situation.action);
        slots.extend(above.map(|group| Slot::Group(holder.clone(), group.clone())));
    }
    slots.truncate(SLOTS);
    slots
}

/// The attribute at `path` of `holder`: of the last entity on the way there.
fn whose(situation: &Situation<'_>, holder: Holder, path: &[String]) -> Slot {
    for length in 1..path.len() {
        let (before, after) = path.split_at(length);
        let value = situation.value(&Slot::Attribute(holder.clone(), before.to_vec()));
        let mut there = Vec::new();
        value.iter().filter(|value| value.get("__entity").is_some()).for_each(|value| uids(value, &mut there));
        if let Some(uid) = there.first() {
            return whose(situation, situation.holder(uid), after);
        }
    }
    Slot::Attribute(holder, path.to_vec())
}

/// The values that a slot is tried with.
fn steps(situation: &Situation<'_>, vocabulary: &Vocabulary, slot: &Slot) -> Vec<Step> {
    let now = situation.value(slot);
    if let Slot::Group(..) = slot {
        return vec![(slot.clone(), Some(Json::Bool(now != Some(Json::Bool(true)))))];
    }
    let mut values: Vec<Option<Json>> = vec![Some(json!(true)), Some(json!(false)), None];
    for literal in &vocabulary.literals {
        match number(&literal.0) {
            Some((kind, at)) => {
                let beside = [Some(at), at.checked_add(1), at.checked_sub(1)];
                values.extend(beside.into_iter().flatten().map(|near| Some(NumberKind::json(kind, near))));
            }
            None => values.push(Some(literal.0.clone())),
        }
    }
    let entities = vocabulary.entities.iter().chain([&situation.principal, &situation.resource]);
    values.extend(entities.map(|uid| Some(uid_value(uid))));
    if let Some(Json::Array(elements)) = &now {
        let more = values.iter().flatten().map(|value| Json::Array(elements.iter().chain([value]).cloned().collect()));
        values = more.map(Some).collect();
    } else if let Some(now) = &now {
        // What has a value has one of the same kind, or none.
        values.retain(|value| value.as_ref().is_none_or(|value| kind(value) == kind(now)));
    }
    let mut seen = BTreeSet::new();
    let other = values.into_iter().filter(|value| *value != now && seen.insert(format!("{value:?}")));
    other.take(VALUES).map(|value| (slot.clone(), value)).collect()
}

/// Which values go in the place of which.
fn kind(value: &Json) -> (u8, Option<&str>) {
    match value {
        Json::Bool(_) => (0, None),
        Json::Number(_) => (1, None),
        Json::String(_) => (2, None),
        Json::Array(_) => (3, None),
        Json::Null => (4, None),
        Json::Object(fields) if fields.contains_key("__entity") => (5, None),
        Json::Object(fields) => (6, fields.get("__extn").and_then(|call| call.get("fn")?.as_str())),
    }
}
