//! What a store knows of entities: those that its entity files, policies, links and schema name. Collected when
//! somebody asks for an entity that is in no entity file, and not before.

use std::sync::OnceLock;

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid, Schema};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::repo::cedar::{direct_parents, entity_shape, entity_values, enumeration};
use crate::repo::{EntityState, Store};
use crate::text::nearest;

/// What an entity is to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Principal,
    Resource,
    /// What `with` says something of.
    Overlay,
    /// What something else is in.
    Parent,
    /// What an attribute, a tag or the context holds.
    Value,
}

/// The entities of one store.
pub(super) struct Known<'s> {
    store: &'s Store,
    names: OnceLock<Names>,
    ids: OnceLock<FxHashMap<EntityTypeName, Vec<EntityId>>>,
}

/// What is named besides the entities of the entity files.
struct Names {
    uids: FxHashSet<EntityUid>,
    /// Types whose entities are all alike, and of which no policy names one.
    mute: FxHashSet<EntityTypeName>,
    /// Those of them of which no entity is known at all.
    idle: FxHashSet<EntityTypeName>,
}

impl<'s> Known<'s> {
    pub(super) fn new(store: &'s Store) -> Self {
        Self { store, names: OnceLock::new(), ids: OnceLock::new() }
    }

    /// The store's name.
    pub(super) fn store(&self) -> &'s str {
        &self.store.name
    }

    /// Whether anything in the store names `uid`.
    pub(super) fn has(&self, uid: &EntityUid) -> bool {
        self.entities().is_some_and(|entities| entities.get(uid).is_some()) || self.names().uids.contains(uid)
    }

    /// Whether it can make a difference that there is no `uid`, which is `part` of a row. It cannot where by the schema
    /// entities of its type have neither attributes, tags nor ancestors, and nothing in the store names one; for a
    /// value it is enough that no policy does, because then it is only compared with other values.
    pub(super) fn matters(&self, uid: &EntityUid, part: Part) -> bool {
        let names = self.names();
        let alike = if part == Part::Value { &names.mute } else { &names.idle };
        !alike.contains(uid.type_name())
    }

    /// Whether the store's files hold any entity.
    pub(super) fn any(&self) -> bool {
        matches!(&self.store.entities, EntityState::Ready(data) if data.count > 0)
    }

    /// How many entities of the type of `uid` are known.
    pub(super) fn count(&self, uid: &EntityUid) -> usize {
        self.ids().get(uid.type_name()).map_or(0, Vec::len)
    }

    /// The known entity that `uid`, which is none, could be a slip for.
    pub(super) fn near(&self, uid: &EntityUid) -> Option<EntityUid> {
        near_ids(uid, self.ids().get(uid.type_name())?)
    }

    fn entities(&self) -> Option<&'s Entities> {
        match &self.store.entities {
            EntityState::Ready(data) => Some(&data.cedar),
            EntityState::None | EntityState::Broken(..) => None,
        }
    }

    /// What policies, templates and links name.
    fn of_policies(&self) -> impl Iterator<Item = EntityUid> {
        let links = self.store.links.iter().filter_map(|link| self.store.set.policy(&link.key)?.template_links());
        let policies = self.store.policies.iter().flat_map(|policy| policy.body.entities());
        policies.chain(links.flat_map(std::collections::HashMap::into_values))
    }

    fn names(&self) -> &Names {
        self.names.get_or_init(|| {
            let schema = self.store.schema.ready().map(|schema| &schema.cedar);
            let types = || schema.into_iter().flat_map(Schema::entity_types);
            let mut uids: FxHashSet<EntityUid> = self.of_policies().collect();
            uids.extend(types().filter_map(|ty| enumeration(schema?, ty)).flatten());
            uids.extend(schema.into_iter().flat_map(Schema::actions).cloned());
            let mut mute: FxHashSet<EntityTypeName> =
                types().filter(|ty| schema.is_some_and(|schema| alike(schema, ty))).cloned().collect();
            for uid in &uids {
                mute.remove(uid.type_name());
            }
            let mut idle = mute.clone();
            for uid in named(self.entities().into_iter().flat_map(Entities::iter)) {
                idle.remove(uid.type_name());
                if self.entities().is_some_and(|entities| entities.get(&uid).is_none()) {
                    uids.insert(uid);
                }
            }
            if !idle.is_empty() {
                for entity in self.entities().into_iter().flat_map(Entities::iter) {
                    idle.remove(entity.uid().type_name());
                }
            }
            Names { uids, mute, idle }
        })
    }

    /// The ids of what is known, by type.
    fn ids(&self) -> &FxHashMap<EntityTypeName, Vec<EntityId>> {
        self.ids.get_or_init(|| {
            let mut ids: FxHashMap<EntityTypeName, Vec<EntityId>> = FxHashMap::default();
            let entities = self.entities().into_iter().flat_map(Entities::iter).map(Entity::uid);
            for uid in entities.chain(self.names().uids.iter().cloned()) {
                ids.entry(uid.type_name().clone()).or_default().push(uid.id().clone());
            }
            // So that of two that are equally near the same one is named every time.
            ids.values_mut().for_each(|ids| ids.sort());
            ids
        })
    }
}

/// The entities that `entities` name as parents, in attributes or in tags.
pub(super) fn named<'e>(entities: impl IntoIterator<Item = &'e Entity>) -> FxHashSet<EntityUid> {
    let mut uids = FxHashSet::default();
    for entity in entities {
        uids.extend(direct_parents(entity));
        uids.extend(entity_values(entity));
    }
    uids
}

/// The one of `others` that `uid` could be a slip for.
pub(super) fn near_among(uid: &EntityUid, others: impl IntoIterator<Item = EntityUid>) -> Option<EntityUid> {
    let same = others.into_iter().filter(|other| other.type_name() == uid.type_name() && other != uid);
    let mut ids: Vec<EntityId> = same.map(|other| other.id().clone()).collect();
    ids.sort();
    near_ids(uid, &ids)
}

fn near_ids(uid: &EntityUid, ids: &[EntityId]) -> Option<EntityUid> {
    let id: &str = uid.id().as_ref();
    let near = nearest(id, ids.iter().map(AsRef::<str>::as_ref).filter(|other| similar(id, other)))?;
    Some(EntityUid::from_type_name_and_id(uid.type_name().clone(), EntityId::new(near)))
}

/// Whether entities of type `ty` have nothing that could tell them apart.
fn alike(schema: &Schema, ty: &EntityTypeName) -> bool {
    let bare = entity_shape(schema, ty).is_some_and(|(record, tags)| {
        tags.is_none() && record.fields().is_some_and(std::collections::BTreeMap::is_empty)
    });
    bare && enumeration(schema, ty).is_none()
        && schema.ancestors(ty).is_none_or(|mut ancestors| ancestors.next().is_none())
}

/// Whether one of two ids may be meant where the other is written: not two of a numbered series, and not two single
/// letters.
fn similar(one: &str, other: &str) -> bool {
    let letters = |id: &str| id.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    one.chars().count().max(other.chars().count()) > 2 && letters(one) != letters(other)
}
