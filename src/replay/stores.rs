//! The stores of both sides, made ready to decide records.

use std::sync::Arc;

use cedar_policy::{AuthorizationError, Decision, Entities, EntityTypeName, EntityUid, Request, Schema};

use super::window::window;
use crate::decide::{CompiledAuthorizer, ScopedAuthorizer};
use crate::outcome::replay::Window;
use crate::repo::cedar::entity_shape;
use crate::repo::{SchemaState, Store};
use crate::tables::Names;

/// A policy of a store, as records use it.
#[derive(Debug)]
pub(super) struct Named {
    /// Full name.
    pub(super) name: String,
    pub(super) window: Window,
}

/// A store of one side.
#[derive(Debug)]
pub struct Ready<'s> {
    pub(super) store: &'s Store,
    pub(super) schema: Option<&'s Schema>,
    /// Those that are known.
    pub(super) entities: Arc<Entities>,
    pub(super) over_known: CompiledAuthorizer,
    /// For records that bring their entities along.
    pub(super) over_given: CompiledAuthorizer,
    cedar: ScopedAuthorizer,
    /// By number.
    pub(super) policies: Vec<Named>,
    names: Names,
    /// Why nothing that it decides is known, if so.
    pub(super) blocked: Option<String>,
}

/// A store as each side has it.
#[derive(Debug, Default)]
pub struct Pair<'s> {
    /// On the old side, where one is asked about and has it.
    pub from: Option<Ready<'s>>,
    /// On the new side, where that has it.
    pub to: Option<Ready<'s>>,
}

/// Both sides.
#[derive(Debug)]
pub struct Stores<'s> {
    /// The stores.
    pub pairs: Vec<Pair<'s>>,
    /// Whether the old side is a revision; otherwise it is the recorded decision.
    pub compared: bool,
}

/// Types of which nothing more can be known than their ids: those without attributes and tags, and those that are in
/// nothing.
fn closed_types(schema: &Schema) -> [Vec<EntityTypeName>; 2] {
    let bare = |ty: &&EntityTypeName| {
        entity_shape(schema, ty).is_some_and(|(shape, tags)| {
            tags.is_none() && shape.fields().is_some_and(std::collections::BTreeMap::is_empty)
        })
    };
    let in_nothing = |ty: &&EntityTypeName| schema.ancestors(ty).is_some_and(|mut above| above.next().is_none());
    [schema.entity_types().filter(bare).cloned().collect(), schema.entity_types().filter(in_nothing).cloned().collect()]
}

impl<'s> Ready<'s> {
    /// `store` with the `entities` that are known, its actions among them. `clock` is the attribute of the context that
    /// tells the time.
    #[must_use]
    pub fn new(store: &'s Store, entities: Arc<Entities>, clock: &str) -> Self {
        let schema = store.schema.ready().map(|schema| &schema.cedar);
        let [bare, in_nothing] = schema.map(closed_types).unwrap_or_default();
        let compile = |entities| CompiledAuthorizer::over(&store.set, entities).declaring(&bare, &in_nothing);
        let over_known = compile(Arc::clone(&entities));
        let name = |number: u32| {
            let key = over_known.policy(number)?;
            let decider = store.find(key)?;
            Some(Named { name: decider.name.to_owned(), window: window(&decider.policy.body, clock) })
        };
        let blocked = match (store.broken.first(), &store.schema) {
            (Some(file), _) => Some(format!("`{}` does not load whole", crate::text::inline(&file.path))),
            (None, SchemaState::Broken) => Some("its schema cannot be used".to_owned()),
            (None, _) => None,
        };
        Self {
            names: Names::of(store),
            store,
            schema,
            over_given: compile(Arc::default()),
            cedar: ScopedAuthorizer::new(&store.set),
            policies: (0..).map_while(name).collect(),
            over_known,
            entities,
            blocked,
        }
    }

    /// The policy of this number.
    pub(super) fn policy(&self, number: u32) -> Option<&Named> {
        self.policies.get(usize::try_from(number).ok()?)
    }

    /// The action that `text` names here, and whether the store declares or names it.
    pub(super) fn action(&self, text: &str) -> Option<(EntityUid, bool)> {
        self.names.action(text).ok()
    }

    /// The full name of the policy that a record calls `name`, if it is one of these.
    pub(super) fn called(&self, name: &str) -> Option<&str> {
        match self.store.named(name) {
            crate::repo::Named::One(key) => self.store.find(key).map(|decider| decider.name),
            _ => None,
        }
    }

    /// What Cedar's authorizer says: whether it allows, the determining policies and those that err, by number.
    pub(super) fn by_cedar(&self, request: &Request, own: Option<&Entities>) -> (bool, Vec<u32>, Vec<u32>) {
        let response = self.cedar.is_authorized(request, own.unwrap_or(&self.entities));
        let number = |id: &cedar_policy::PolicyId| self.over_known.number(id);
        let mut reason: Vec<u32> = response.diagnostics().reason().filter_map(number).collect();
        let errors = response.diagnostics().errors();
        let mut errors: Vec<u32> =
            errors.filter_map(|AuthorizationError::PolicyEvaluationError(error)| number(error.policy_id())).collect();
        reason.sort_unstable();
        errors.sort_unstable();
        (response.decision() == Decision::Allow, reason, errors)
    }
}
