//! Entities that are others on each side.
//!
//! # Why
//!
//! People are told what a file says of an entity: its attributes, tags and parents. What a policy asks of an entity
//! hangs on all that it is in, and on the entities that it leads to.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Entities, Entity, EntityUid};

use crate::repo::cedar::{direct_parents, entity_values, is_action, same_values};

/// The entities that are in one of two sets only, or of which the other says something else: in attributes, tags or
/// parents. Actions aside, which a schema declares.
#[must_use]
pub fn changed_entities(old: &Entities, new: &Entities) -> BTreeSet<EntityUid> {
    let parents = |entity: &Entity| direct_parents(entity).into_iter().collect::<BTreeSet<_>>();
    let same = |one: &Entity, other: &Entity| same_values(one, other) && parents(one) == parents(other);
    let differs = |uid: &EntityUid| match (old.get(uid), new.get(uid)) {
        (Some(one), Some(other)) => !same(one, other),
        _ => true,
    };
    uids_of(old, new).filter(differs).collect()
}

/// The entities of which a policy that a context leads to them may find something else on each side: those with other
/// values, those that are in other groups and these groups, and whoever leads to one of them.
pub(super) fn affected(old: &Entities, new: &Entities) -> BTreeSet<EntityUid> {
    let groups = |all: &Entities, uid: &EntityUid| -> BTreeSet<EntityUid> {
        all.ancestors(uid).into_iter().flatten().cloned().collect()
    };
    let mut affected = BTreeSet::new();
    for uid in uids_of(old, new) {
        let (before, now) = (groups(old, &uid), groups(new, &uid));
        let left_or_joined: Vec<EntityUid> = before.symmetric_difference(&now).cloned().collect();
        let same = matches!((old.get(&uid), new.get(&uid)), (Some(one), Some(other)) if same_values(one, other));
        if !same || !left_or_joined.is_empty() {
            affected.insert(uid);
        }
        affected.extend(left_or_joined);
    }
    let mut led_from: BTreeMap<EntityUid, Vec<EntityUid>> = BTreeMap::new();
    for entity in old.iter().chain(new.iter()) {
        entity_values(entity).into_iter().for_each(|uid| led_from.entry(uid).or_default().push(entity.uid()));
    }
    let mut open: Vec<EntityUid> = affected.iter().cloned().collect();
    while let Some(uid) = open.pop() {
        for from in led_from.remove(&uid).into_iter().flatten() {
            if affected.insert(from.clone()) {
                open.push(from);
            }
        }
    }
    affected
}

/// The entities of both sets, each once.
fn uids_of<'e>(old: &'e Entities, new: &'e Entities) -> impl Iterator<Item = EntityUid> + use<'e> {
    let others = new.iter().map(Entity::uid).filter(|uid| old.get(uid).is_none());
    old.iter().map(Entity::uid).chain(others).filter(|uid| !is_action(uid))
}
