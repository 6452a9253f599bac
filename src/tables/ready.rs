//! A store made ready for rows.
//!
//! # Why
//!
//! Rows need the policies whole: in a store in which anything does not load they are in error, and none passes without
//! the missing policy. The same holds for a schema that cannot be used, and for entities, of the rows that run with
//! them.

use std::sync::OnceLock;

use super::coverage::{Gauge, Plan};
use super::known::Known;
use super::native::Vocabulary;
use super::select::Selection;
use crate::data::Fault;
use crate::decide::ScopedAuthorizer;
use crate::repo::{EntityState, SchemaState, Store};
use crate::text::inline;
use crate::trace::Tracer;

/// A store made ready for rows.
pub(super) struct Ready<'s> {
    pub(super) store: &'s Store,
    /// The store's entities, as rows have them.
    pub(super) entities: &'s EntityState,
    pub(super) index: ScopedAuthorizer,
    pub(super) known: Known<'s>,
    pub(super) vocabulary: OnceLock<Vocabulary>,
    /// Made for the first row that fails.
    tracer: OnceLock<Tracer>,
    /// Where to count what rows exercise, if that was asked for.
    pub(super) plan: Option<&'s Plan<'s>>,
    /// Why no row of this store can be decided, if so.
    pub(super) blocked: Option<Fault>,
}

impl<'s> Ready<'s> {
    pub(super) fn new(store: &'s Store, gauge: Option<&'s Gauge<'s>>, selection: &Selection) -> Self {
        let entities = match &store.entities {
            EntityState::Broken(..) if selection.without_broken_entities => &EntityState::None,
            entities => entities,
        };
        let blocked = if let Some(path) = store.broken.first().map(|file| &file.path) {
            let message = format!("`{}` does not load whole, so what these policies decide is not known", inline(path));
            Some(Fault::new(message))
        } else if matches!(store.schema, SchemaState::Broken) {
            Some(Fault::new("the store's schema cannot be used, so the row cannot be checked against it"))
        } else {
            None
        };
        Self {
            store,
            entities,
            index: ScopedAuthorizer::new(&store.set),
            known: Known::new(store),
            vocabulary: OnceLock::new(),
            tracer: OnceLock::new(),
            plan: gauge.and_then(|gauge| gauge.plan(store)),
            blocked,
        }
    }

    pub(super) fn tracer(&self) -> &Tracer {
        self.tracer.get_or_init(|| Tracer::new(&self.store.set))
    }
}
