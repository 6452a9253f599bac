//! Both sides: their policies, each over its entities and with the actions of its own.
//!
//! # Why
//!
//! Who asks what an edit of policies does asks it of the same people on both sides; who asks what a commit does that
//! changes the people as well asks it of those that each side has. Which actions there are, and in which groups, is
//! what a schema says: an old policy over a group is about the actions that were in it then.

use std::borrow::Cow;
use std::sync::Arc;

use cedar_policy::{Entities, Entity, PolicySet, Schema};

use super::asked::Names;
use crate::repo::cedar::{is_action, same_schema, with_actions};
use crate::repo::{EntityState, Store};
use crate::symbolic::Solvers;

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

/// The schema of `store`, where it can be used.
pub(super) fn schema(store: &Store) -> Option<&Schema> {
    store.schema.ready().map(|schema| &schema.cedar)
}
