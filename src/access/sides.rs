//! Both sides: their policies, each over its entities and with the actions of its own.
//!
//! # Why
//!
//! Who asks what an edit of policies does asks it of the same people on both sides; who asks what a commit does that
//! changes the people as well asks it of those that each side has. Which actions there are, and in which groups, is
//! what a schema says: an old policy over a group is about the actions that were in it then.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cedar_policy::{Entities, Entity, EntityUid, PolicySet, Schema};
use serde_json::Value as Json;

use super::asked::Names;
use crate::repo::cedar::{is_action, same_schema, with_actions};
use crate::repo::{EntityState, Store};
use crate::symbolic::{Solvers, uids};

/// A store as it is, and perhaps as it was: policies of two versions over the entities of one, or each over its own.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'s> {
    /// As it was, where that is asked for.
    pub old: Option<&'s Store>,
    /// As it is.
    pub new: Option<&'s Store>,
    /// Whether the old side is to be set beside the new one, there or not.
    pub compared: bool,
    /// The entities of the old side and of the new, those of actions included.
    pub entities: [&'s Entities; 2],
    /// Whether a schema may be inferred where there is none.
    pub inference: bool,
    /// Who answers what contexts there are.
    pub solvers: &'s Arc<Solvers>,
}

impl<'s> Sides<'s> {
    /// The old side, then the new.
    pub(super) fn stores(&self) -> [Option<&'s Store>; 2] {
        [self.old, self.new]
    }

    /// The policies of the old side, then those of the new; nothing where a side has none.
    pub(super) fn sets(&self, none: &'s PolicySet) -> [&'s PolicySet; 2] {
        self.stores().map(|store| store.map_or(none, |store| &store.set))
    }

    /// The schema that each side declares.
    pub(super) fn schemas(&self) -> [Option<&'s Schema>; 2] {
        self.stores().map(|store| store.and_then(schema))
    }

    /// Whether both sides declare the same, or there is one side only.
    pub(super) fn alike(&self) -> bool {
        if self.old.is_none() || self.new.is_none() {
            return true;
        }
        match self.schemas() {
            [Some(old), Some(new)] => same_schema(old, new),
            [None, None] => true,
            [Some(_), None] | [None, Some(_)] => false,
        }
    }

    /// Whether both sides have the same entities.
    pub(super) fn one_world(&self) -> bool {
        let [old, new] = self.entities;
        std::ptr::eq(old, new)
    }

    /// The entities that are others on each side, and those that are in one or lead to one.
    pub(super) fn changed(&self) -> BTreeSet<EntityUid> {
        let [old, new] = self.entities;
        if self.one_world() {
            return BTreeSet::new();
        }
        let mut changed = changed_entities(old, new);
        let mut led_to: BTreeMap<EntityUid, Vec<EntityUid>> = BTreeMap::new();
        for world in self.entities {
            for entity in world.iter() {
                let mut held: Vec<EntityUid> = world.ancestors(&entity.uid()).into_iter().flatten().cloned().collect();
                entity.to_json_value().iter().for_each(|json| uids(json, &mut held));
                held.into_iter().for_each(|uid| led_to.entry(uid).or_default().push(entity.uid()));
            }
        }
        let mut open: Vec<EntityUid> = changed.iter().cloned().collect();
        while let Some(uid) = open.pop() {
            for from in led_to.remove(&uid).into_iter().flatten() {
                if changed.insert(from.clone()) {
                    open.push(from);
                }
            }
        }
        changed
    }

    /// What each side knows by name. A side that declares no schema has the requests that the other declares: to
    /// write down a schema takes nothing from anybody.
    pub(super) fn names<'n>(&'n self, sets: &'n [&'n PolicySet]) -> [Option<Names<'n>>; 2] {
        let [old, new] = self.schemas();
        let names = |store: Option<&Store>, schema: Option<&'n Schema>, entities: &'n Entities| {
            store.map(|_| Names { schema, entities: Some(entities), sets })
        };
        let [before, now] = self.entities;
        [names(self.old, old.or(new), before), names(self.new, new.or(old), now)]
    }

    /// The entities of each side. `None` where they do not go together with its actions.
    pub(super) fn worlds(&self) -> Option<[Cow<'s, Entities>; 2]> {
        let [old, new] = self.schemas();
        let [before, now] = self.entities;
        Some([world(self.old, new, before)?, world(self.new, old, now)?])
    }
}

fn world<'s>(store: Option<&Store>, other: Option<&Schema>, entities: &'s Entities) -> Option<Cow<'s, Entities>> {
    let Some(store) = store else { return Some(Cow::Borrowed(entities)) };
    let mut actions: Vec<Entity> = match schema(store) {
        Some(schema) => schema.action_entities().ok()?.iter().cloned().collect(),
        None => {
            // Those of the files; what the schema of the other side declares came with its entities.
            let declared = other.and_then(|schema| schema.action_entities().ok());
            let of_other =
                |entity: &&Entity| declared.as_ref().is_some_and(|declared| declared.get(&entity.uid()).is_some());
            let given = entities.iter().filter(|entity| !of_other(entity));
            let own = match &store.entities {
                EntityState::Ready(data) => Some(&data.cedar),
                EntityState::None | EntityState::Broken(..) => None,
            };
            let own = own.into_iter().flat_map(Entities::iter);
            given.chain(own).filter(|entity| is_action(&entity.uid())).cloned().collect()
        }
    };
    // Stable: of one that stands twice, the first is that of the entities asked about.
    actions.sort_by_key(Entity::uid);
    actions.dedup_by_key(|entity| entity.uid());
    with_actions(entities, &actions)
}

/// The entities that are in one of two sets only, or are something else in the other; actions aside, which a schema
/// declares.
#[must_use]
pub fn changed_entities(old: &Entities, new: &Entities) -> BTreeSet<EntityUid> {
    let said = |all: &Entities| -> BTreeMap<EntityUid, Option<Json>> {
        let all = all.iter().filter(|entity| !is_action(&entity.uid()));
        all.map(|entity| (entity.uid(), entity.to_json_value().ok())).collect()
    };
    let (old, new) = (said(old), said(new));
    old.keys().chain(new.keys()).filter(|uid| old.get(uid) != new.get(uid)).cloned().collect()
}

/// The schema of `store`, where it can be used.
pub(super) fn schema(store: &Store) -> Option<&Schema> {
    store.schema.ready().map(|schema| &schema.cedar)
}
