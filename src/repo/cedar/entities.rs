//! Entities read one by one and put together, without reading them anew.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy_core::ast::{self, Literal};
use cedar_policy_core::entities::{Entities, NoEntitiesSchema, TCComputation};
use cedar_policy_core::extensions::Extensions;

use super::typed::Typed;
use super::untyped::Untyped;

/// The parents of `entity`, without what lies above them.
#[must_use]
pub fn direct_parents(entity: &cedar_policy::Entity) -> Vec<cedar_policy::EntityUid> {
    let entity: &ast::Entity = entity.as_ref();
    entity.parents().cloned().map(cedar_policy::EntityUid::from).collect()
}

/// Whether two entities have the same attributes and tags.
#[must_use]
pub fn same_values(one: &cedar_policy::Entity, other: &cedar_policy::Entity) -> bool {
    let (one, other): (&ast::Entity, &ast::Entity) = (one.as_ref(), other.as_ref());
    let attributes = |entity| -> BTreeMap<_, _> { ast::Entity::attrs(entity).collect() };
    let tags = |entity| -> BTreeMap<_, _> { ast::Entity::tags(entity).collect() };
    attributes(one) == attributes(other) && tags(one) == tags(other)
}

/// The entities in the attributes and tags of `entity`, each as often as it stands there.
#[must_use]
pub fn entity_values(entity: &cedar_policy::Entity) -> Vec<cedar_policy::EntityUid> {
    let entity: &ast::Entity = entity.as_ref();
    let mut open: Vec<&ast::Value> = Vec::new();
    for (_, value) in entity.attrs().chain(entity.tags()) {
        open.extend(if let ast::PartialValue::Value(value) = value { Some(value) } else { None });
    }
    let mut found = Vec::new();
    while let Some(value) = open.pop() {
        match &value.value {
            ast::ValueKind::Lit(Literal::EntityUID(uid)) => found.push((**uid).clone().into()),
            ast::ValueKind::Lit(_) | ast::ValueKind::ExtensionValue(_) => {}
            ast::ValueKind::Set(set) => open.extend(set.authoritative.iter()),
            ast::ValueKind::Record(fields) => open.extend(fields.values()),
        }
    }
    found
}

/// An entity that fits its schema, read once and shared by many sets of entities.
#[derive(Debug, Clone)]
pub struct SharedEntity(Arc<ast::Entity>);

/// Reads entities one by one.
pub struct EntityReader<'s> {
    schema: Option<&'s cedar_policy::Schema>,
    plain: Plain<'s>,
}

/// How entities are read that are written plainly.
enum Plain<'s> {
    Typed(Typed<'s>),
    Untyped(Untyped),
}

impl<'s> EntityReader<'s> {
    /// Entities of `schema`, where there is one.
    #[must_use]
    pub fn new(schema: Option<&'s cedar_policy::Schema>) -> Self {
        let plain =
            schema.map_or_else(|| Plain::Untyped(Untyped::default()), |schema| Plain::Typed(Typed::new(schema)));
        Self { schema, plain }
    }

    /// The entity of `json`. `None` when it does not fit, and for actions, which a schema judges only with all others.
    pub fn read(&mut self, json: &str) -> Option<SharedEntity> {
        self.read_plain(json).or_else(|| SharedEntity::read(json, self.schema))
    }

    /// The same where it is written plainly, without Cedar's reader.
    pub fn read_plain(&mut self, json: &str) -> Option<SharedEntity> {
        let entity = match &mut self.plain {
            Plain::Typed(typed) => typed.read(json),
            Plain::Untyped(untyped) => untyped.read(json),
        };
        Some(SharedEntity(Arc::new(entity?)))
    }
}

impl SharedEntity {
    /// The entity of `json` as Cedar reads it. `None` when it does not fit, and for actions.
    #[must_use]
    pub fn read(json: &str, schema: Option<&cedar_policy::Schema>) -> Option<Self> {
        let entity = cedar_policy::Entity::from_json_str(json, schema).ok()?;
        let entity: &ast::Entity = entity.as_ref();
        (!entity.uid().entity_type().is_action()).then(|| Self(Arc::new(entity.clone())))
    }

    /// Whether it says the same as `other`.
    #[must_use]
    pub fn says(&self, other: &Self) -> bool {
        self.0.deep_eq(&other.0)
    }

    /// The action entities of `schema`.
    #[must_use]
    pub fn actions(schema: &cedar_policy::Schema) -> Vec<Self> {
        let actions = schema.action_entities().ok();
        let all = actions.iter().flat_map(cedar_policy::Entities::iter);
        all.map(|entity| Self(Arc::new(AsRef::<ast::Entity>::as_ref(entity).clone()))).collect()
    }

    /// The set of `entities` and `actions`, its hierarchy closed: what reading all of them together would give. `None`
    /// when they do not go together.
    #[must_use]
    pub fn assemble(entities: Vec<Self>, actions: &[Self]) -> Option<cedar_policy::Entities> {
        let extensions = Extensions::all_available();
        let none = None::<&NoEntitiesSchema>;
        // The schema has closed the hierarchy of its actions, and no other entity has anything to do with it.
        let actions = actions.iter().map(|action| Arc::clone(&action.0));
        let flat = is_flat(&entities);
        let entities = entities.into_iter().map(|entity| entity.0);
        if flat {
            let all = entities.chain(actions);
            let set = Entities::new().add_entities(all, none, TCComputation::AssumeAlreadyComputed, extensions).ok()?;
            return Some(cedar_policy::Entities::from(set));
        }
        let set = Entities::new().add_entities(entities, none, TCComputation::ComputeNow, extensions).ok()?;
        let set = set.add_entities(actions, none, TCComputation::AssumeAlreadyComputed, extensions).ok()?;
        Some(cedar_policy::Entities::from(set))
    }
}

/// So many entities are compared with each other; of more it is not asked whether they are flat.
const FEW: usize = 8;

/// Whether no parent of an entity is one of them: then their hierarchy is closed as it is.
fn is_flat(entities: &[SharedEntity]) -> bool {
    let is_one = |uid: &ast::EntityUID| entities.iter().any(|other| other.0.uid() == uid);
    entities.len() <= FEW && entities.iter().all(|entity| !entity.0.ancestors().any(is_one))
}

/// Whether `uid` is an action, as Cedar tells by its type.
#[must_use]
pub fn is_action(uid: &cedar_policy::EntityUid) -> bool {
    uid.type_name().basename() == "Action"
}

/// `all` with `actions`, each once and their hierarchy closed, in the place of the actions in it. `None` where they do
/// not go together.
#[must_use]
pub fn with_actions<'e>(
    all: &'e cedar_policy::Entities,
    actions: &[cedar_policy::Entity],
) -> Option<Cow<'e, cedar_policy::Entities>> {
    let core = |entity: &cedar_policy::Entity| AsRef::<ast::Entity>::as_ref(entity).clone();
    let there = all.iter().filter(|entity| is_action(&entity.uid())).count();
    let known = |action: &cedar_policy::Entity| {
        all.get(&action.uid()).is_some_and(|entity| core(entity).deep_eq(&core(action)))
    };
    if there == actions.len() && actions.iter().all(known) {
        return Some(Cow::Borrowed(all));
    }
    let others = all.iter().filter(|entity| !is_action(&entity.uid()));
    let both = others.chain(actions).map(|entity| Arc::new(core(entity)));
    let closed = TCComputation::AssumeAlreadyComputed;
    let set =
        Entities::new().add_entities(both, None::<&NoEntitiesSchema>, closed, Extensions::all_available()).ok()?;
    Some(Cow::Owned(cedar_policy::Entities::from(set)))
}
