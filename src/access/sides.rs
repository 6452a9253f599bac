//! Both sets of policies over the same entities.

use std::sync::Arc;

use cedar_policy::{Entities, PolicySet, Schema};

use super::asked::Names;
use crate::repo::Store;
use crate::symbolic::Solvers;

/// A store as it is, and perhaps as it was: policies of two versions over the entities of one.
#[derive(Debug, Clone, Copy)]
pub struct Sides<'s> {
    /// As it was, where that is asked for.
    pub old: Option<&'s Store>,
    /// As it is.
    pub new: Option<&'s Store>,
    /// Whether the old side is to be set beside the new one, there or not.
    pub compared: bool,
    /// The entities, those of actions included.
    pub entities: &'s Entities,
    /// Whether a schema may be inferred where there is none.
    pub inference: bool,
    /// Who answers what contexts there are.
    pub solvers: &'s Arc<Solvers>,
}

impl<'s> Sides<'s> {
    /// The policies of the old side, then those of the new; nothing where a side has none.
    pub(super) fn sets(&self, none: &'s PolicySet) -> [&'s PolicySet; 2] {
        [self.old, self.new].map(|store| store.map_or(none, |store| &store.set))
    }

    /// What each side knows by name.
    pub(super) fn names<'n>(&self, sets: &'n [&'n PolicySet]) -> [Option<Names<'n>>; 2]
    where
        's: 'n,
    {
        [self.old, self.new]
            .map(|store| store.map(|store| Names { schema: schema(store), entities: Some(self.entities), sets }))
    }
}

/// The schema of `store`, where it can be used.
pub(super) fn schema(store: &Store) -> Option<&Schema> {
    store.schema.ready().map(|schema| &schema.cedar)
}
