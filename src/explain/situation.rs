//! A request with the entities that it leads to: changed, and decided by Cedar.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{
    ActionConstraint, Authorizer, Context, Decision, Entities, Entity, EntityUid, Policy, PolicySet, Request, Schema,
};
use serde_json::{Map, Value as Json, json};

use super::slot::{Assignment, Holder, Slot, at, put};
use crate::decide::ScopedAuthorizer;
use crate::repo::Store;
use crate::repo::cedar::{direct_parents, entity_values, may_have, may_have_tag};
use crate::symbolic::{uid_value, uids};

/// What is known of one entity.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    pub(super) attributes: Map<String, Json>,
    pub(super) tags: Map<String, Json>,
    parents: BTreeSet<EntityUid>,
}

/// A request with the entities that it leads to.
#[derive(Debug)]
pub struct Situation<'s> {
    pub(super) store: &'s Store,
    pub(super) principal: EntityUid,
    pub(super) action: EntityUid,
    pub(super) resource: EntityUid,
    entities: &'s Entities,
    context: Map<String, Json>,
    authorizer: ScopedAuthorizer,
    /// The entities that the request and the policies lead to.
    near: BTreeMap<EntityUid, Held>,
    pub(super) decision: Decision,
    /// The schema that request and entities fit, if they do.
    schema: Option<&'s Schema>,
    /// The schema that the request fits, whether or not its entities are there.
    declared: Option<&'s Schema>,
}

impl<'s> Situation<'s> {
    /// `request` with all `entities`, decided by the policies of `store`.
    ///
    /// # Errors
    /// When a part of the request is not known, or its values cannot be written down; a phrase.
    pub fn new(store: &'s Store, request: &'s Request, entities: &'s Entities) -> Result<Self, String> {
        let known =
            |uid: Option<&EntityUid>, what: &str| uid.cloned().ok_or_else(|| format!("the {what} is not known"));
        let context = request.context().map(Context::to_json_value).transpose().map_err(|error| error.to_string())?;
        let context = match context {
            Some(Json::Object(fields)) => fields,
            _ => Map::new(),
        };
        let authorizer = ScopedAuthorizer::new(&store.set);
        let decision = authorizer.is_authorized(request, entities).decision();
        let mut situation = Self {
            store,
            principal: known(request.principal(), "principal")?,
            action: known(request.action(), "action")?,
            resource: known(request.resource(), "resource")?,
            entities,
            context,
            authorizer,
            near: BTreeMap::new(),
            decision,
            schema: None,
            declared: None,
        };
        situation.gather()?;
        let schema = store.schema.ready().map(|schema| &schema.cedar);
        let fits = |schema: &&Schema| situation.request_with(situation.context.clone(), Some(schema)).is_some();
        situation.declared = schema.filter(fits);
        let whole = situation.has(&situation.principal) && situation.has(&situation.resource);
        situation.schema = situation.declared.filter(|_| whole);
        Ok(situation)
    }

    /// The entities that the request and its entities name, and that are not among them.
    pub(super) fn missing(&self) -> BTreeSet<EntityUid> {
        let mut named = vec![self.principal.clone(), self.resource.clone()];
        self.context.values().for_each(|value| uids(value, &mut named));
        for held in self.near.values() {
            held.attributes.values().chain(held.tags.values()).for_each(|value| uids(value, &mut named));
        }
        named.into_iter().filter(|uid| !self.has(uid) && uid.type_name() != self.action.type_name()).collect()
    }

    /// Whether `schema` lets a slot be `value`. Of the context the request says it.
    fn allows(&self, schema: &Schema, (slot, value): &(Slot, Option<Json>)) -> bool {
        let Some(uid) = self.entity(slot.holder()) else { return true };
        let ty = uid.type_name();
        match slot {
            Slot::Attribute(_, path) => may_have(schema, ty, path, value.as_ref()),
            Slot::Tag(..) => may_have_tag(schema, ty, value.as_ref()),
            Slot::Group(_, group) => {
                let joins = value == &Some(Json::Bool(true));
                !joins || schema.ancestors(group.type_name()).is_none() || {
                    schema.ancestors(ty).into_iter().flatten().any(|above| above == group.type_name())
                }
            }
        }
    }

    /// Whether another of `turns` is the same as `turn` but for leaving a group through which `turn` leaves one above
    /// it: who leaves the one above leaves that one too, so that the other says what is done.
    pub(super) fn is_told_by_another(&self, turn: &Assignment, turns: &[Assignment]) -> bool {
        let left = |slot: &Slot, value: &Option<Json>| match slot {
            Slot::Group(holder, group) if *value == Some(Json::Bool(false)) => Some((holder.clone(), group.clone())),
            _ => None,
        };
        turns.iter().filter(|other| *other != turn && other.len() == turn.len()).any(|other| {
            turn.iter().all(|(slot, value)| {
                other.contains(&(slot.clone(), value.clone()))
                    || left(slot, value).is_some_and(|(holder, group)| {
                        other
                            .iter()
                            .filter_map(|(slot, value)| left(slot, value))
                            .any(|(of, below)| of == holder && below != group && self.is_in(&below, &group))
                    })
            })
        })
    }

    /// Collects the entities that the request and the policies lead to.
    fn gather(&mut self) -> Result<(), String> {
        let mut open = vec![self.principal.clone(), self.action.clone(), self.resource.clone()];
        self.context.values().for_each(|value| uids(value, &mut open));
        open.extend(self.store.policies.iter().flat_map(|policy| policy.body.entities()));
        let links = self.store.links.iter().filter_map(|link| self.store.set.policy(&link.key)?.template_links());
        open.extend(links.flat_map(std::collections::HashMap::into_values));
        while let Some(uid) = open.pop() {
            if self.near.contains_key(&uid) {
                continue;
            }
            let Some(entity) = self.entities.get(&uid) else { continue };
            open.extend(entity_values(entity));
            let parents = direct_parents(entity);
            open.extend(parents.iter().cloned());
            let held = held(entity, parents)?;
            self.near.insert(uid, held);
        }
        Ok(())
    }

    /// What the store's entities have of `uid`, whether or not the request leads to it.
    pub(super) fn stored(&self, uid: &EntityUid) -> Option<Held> {
        let entity = || self.entities.get(uid).and_then(|entity| held(entity, direct_parents(entity)).ok());
        self.near.get(uid).cloned().or_else(entity)
    }

    /// The entities that `changes` lead to besides those that the request leads to.
    fn led_to(&self, changes: &Assignment) -> BTreeMap<EntityUid, Held> {
        let (mut found, mut open) = (BTreeMap::new(), Vec::new());
        for (slot, value) in changes {
            value.iter().for_each(|value| uids(value, &mut open));
            open.extend(match slot {
                Slot::Group(_, group) => Some(group.clone()),
                Slot::Attribute(..) | Slot::Tag(..) => None,
            });
        }
        while let Some(uid) = open.pop() {
            if self.near.contains_key(&uid) || found.contains_key(&uid) {
                continue;
            }
            let Some(held) = self.stored(&uid) else { continue };
            held.attributes.values().chain(held.tags.values()).for_each(|value| uids(value, &mut open));
            open.extend(held.parents.iter().cloned());
            found.insert(uid, held);
        }
        found
    }

    /// The policies whose scope has the action of the request.
    pub(super) fn about(&self) -> impl Iterator<Item = &'s Policy> {
        let policies = self.store.deciding().filter_map(|(key, _, _)| self.store.set.policy(key));
        policies.filter(|policy| match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(action) => action == self.action,
            ActionConstraint::In(groups) => groups.iter().any(|group| self.is_in(&self.action, group)),
        })
    }

    /// Whether the store's entities have `uid`.
    pub(super) fn has(&self, uid: &EntityUid) -> bool {
        self.entities.get(uid).is_some()
    }

    /// Whether the store's entities, its policies or the request name `uid`.
    pub(super) fn knows(&self, uid: &EntityUid) -> bool {
        let named =
            || self.store.policies.iter().any(|policy| policy.body.entities().into_iter().any(|named| named == *uid));
        *uid == self.principal || *uid == self.resource || self.has(uid) || named()
    }

    /// The entities of the type of `uid`, in order, at most `most`.
    pub(super) fn alike(&self, uid: &EntityUid, most: usize) -> Vec<EntityUid> {
        let same = self.entities.iter().map(Entity::uid).filter(|other| other.type_name() == uid.type_name());
        let sorted: BTreeSet<EntityUid> = same.collect();
        sorted.into_iter().take(most).collect()
    }

    /// The entity that holds a slot; none for the context.
    pub(super) fn entity(&self, holder: &Holder) -> Option<EntityUid> {
        match holder {
            Holder::Context => None,
            Holder::Principal => Some(self.principal.clone()),
            Holder::Resource => Some(self.resource.clone()),
            Holder::Entity(uid) => Some(uid.clone()),
        }
    }

    /// Who holds what `uid` has.
    pub(super) fn holder(&self, uid: &EntityUid) -> Holder {
        if *uid == self.principal {
            Holder::Principal
        } else if *uid == self.resource {
            Holder::Resource
        } else {
            Holder::Entity(uid.clone())
        }
    }

    /// The attributes of a holder.
    pub(super) fn attributes(&self, holder: &Holder) -> Option<&Map<String, Json>> {
        match self.entity(holder) {
            None => Some(&self.context),
            Some(uid) => self.near.get(&uid).map(|held| &held.attributes),
        }
    }

    /// The tags of a holder.
    pub(super) fn tags(&self, holder: &Holder) -> Option<&Map<String, Json>> {
        self.near.get(&self.entity(holder)?).map(|held| &held.tags)
    }

    /// Whether `member` is in `group`.
    pub(super) fn is_in(&self, member: &EntityUid, group: &EntityUid) -> bool {
        member == group || self.entities.is_ancestor_of(group, member)
    }

    /// The first time in the context, if it holds one.
    pub(super) fn time(&self) -> Option<Json> {
        let is_time = |value: &&Json| value.get("__extn").and_then(|call| call.get("fn")?.as_str()) == Some("datetime");
        self.context.values().find(is_time).cloned()
    }

    /// What a slot is.
    pub(super) fn value(&self, slot: &Slot) -> Option<Json> {
        match slot {
            Slot::Attribute(holder, path) => at(self.attributes(holder)?, path).cloned(),
            Slot::Tag(holder, key) => self.tags(holder)?.get(key).cloned(),
            Slot::Group(holder, group) => Some(Json::Bool(self.is_in(&self.entity(holder)?, group))),
        }
    }

    /// The context and the entities that differ once `changes` are made.
    fn changed(&self, changes: &Assignment) -> (Map<String, Json>, BTreeMap<EntityUid, Held>) {
        let mut context = self.context.clone();
        let mut others: BTreeMap<EntityUid, Held> = BTreeMap::new();
        let held = |uid: &EntityUid| self.near.get(uid).cloned().unwrap_or_default();
        for (slot, value) in changes {
            let entity = self.entity(slot.holder());
            let other = entity.map(|uid| others.entry(uid.clone()).or_insert_with(|| held(&uid)));
            match (slot, other) {
                (Slot::Attribute(_, path), None) => put(&mut context, path, value.clone()),
                (Slot::Attribute(_, path), Some(held)) => put(&mut held.attributes, path, value.clone()),
                (Slot::Tag(_, key), Some(held)) => put(&mut held.tags, std::slice::from_ref(key), value.clone()),
                (Slot::Group(..) | Slot::Tag(..), _) => {}
            }
        }
        for (uid, held) in &mut others {
            self.regroup(uid, held, changes);
        }
        (context, others)
    }

    /// Gives `uid` the groups that `changes` leave it in: it is in these and no others.
    fn regroup(&self, uid: &EntityUid, held: &mut Held, changes: &Assignment) {
        let mine = changes.iter().filter_map(|(slot, value)| match slot {
            Slot::Group(holder, group) if self.entity(holder).as_ref() == Some(uid) => {
                Some((group, value == &Some(Json::Bool(true))))
            }
            _ => None,
        });
        let mine: Vec<(&EntityUid, bool)> = mine.collect();
        if mine.iter().any(|(_, joins)| !joins) {
            let above = self.entities.ancestors(uid).into_iter().flatten();
            // A group that leaves it too leads there no longer.
            let leaves = |group: &EntityUid, other: &EntityUid| {
                let slot = Slot::Group(self.holder(group), other.clone());
                changes.contains(&(slot, Some(Json::Bool(false))))
            };
            let leads = |group: &EntityUid, other: &EntityUid| self.is_in(group, other) && !leaves(group, other);
            let left = |group: &EntityUid| mine.iter().any(|(other, joins)| !joins && leads(group, other));
            held.parents = above.filter(|group| !left(group)).cloned().collect();
        }
        held.parents.extend(mine.iter().filter(|(_, joins)| *joins).map(|(group, _)| (*group).clone()));
    }

    fn request_with(&self, context: Map<String, Json>, schema: Option<&Schema>) -> Option<Request> {
        let read = |json: Json| match schema {
            Some(schema) => Context::from_json_value(json, Some((schema, &self.action))).ok(),
            None => Context::from_json_value(json, None).ok(),
        };
        let context = read(Json::Object(context))?;
        Request::new(self.principal.clone(), self.action.clone(), self.resource.clone(), context, schema).ok()
    }

    /// What is decided once `changes` are made, with the entities that the request leads to; `None` where they come to
    /// no request, or to no hierarchy.
    pub(super) fn decide(&self, changes: &Assignment) -> Option<Decision> {
        let (context, others) = self.changed(changes);
        let request = self.request_with(context, None)?;
        let besides = self.led_to(changes);
        let unchanged = self.near.iter().chain(&besides).filter(|(uid, _)| !others.contains_key(*uid));
        let all: Option<Vec<Entity>> = unchanged.chain(&others).map(|(uid, held)| made(uid, held)).collect();
        let entities = Entities::from_entities(all?, None).ok()?;
        Some(self.authorizer.is_authorized(&request, &entities).decision())
    }

    /// Whether Cedar's own authorizer decides otherwise once `changes` are made, with every entity of the store. Where
    /// the request and its entities fit the schema, so does what comes of them.
    pub(super) fn confirms(&self, changes: &Assignment) -> bool {
        let schema = self.schema;
        if self.declared.is_some_and(|declared| !changes.iter().all(|change| self.allows(declared, change))) {
            return false;
        }
        let (context, others) = self.changed(changes);
        let Some(request) = self.request_with(context, self.declared) else { return false };
        let made: Option<Vec<Entity>> = others.iter().map(|(uid, held)| made(uid, held)).collect();
        let Some(made) = made else { return false };
        let entities = if others.is_empty() { Ok(self.entities.clone()) } else { self.others(&others) };
        let Ok(entities) = entities.and_then(|rest| rest.add_entities(made, schema).map_err(|_| ())) else {
            return false;
        };
        let set: &PolicySet = &self.store.set;
        Authorizer::new().is_authorized(&request, set, &entities).decision() != self.decision
    }

    /// All entities but `gone`. Those that are in one of them are made anew, so that what is above is computed anew.
    fn others(&self, gone: &BTreeMap<EntityUid, Held>) -> Result<Entities, ()> {
        let mut kept = Vec::new();
        for entity in self.entities.iter().filter(|entity| !gone.contains_key(&entity.uid())) {
            let mut above = self.entities.ancestors(&entity.uid()).into_iter().flatten();
            if above.any(|group| gone.contains_key(group)) {
                let held = held(entity, direct_parents(entity)).map_err(|_| ())?;
                kept.push(made(&entity.uid(), &held).ok_or(())?);
            } else {
                kept.push(entity.clone());
            }
        }
        Entities::from_entities(kept, None).map_err(|_| ())
    }
}

fn held(entity: &Entity, parents: Vec<EntityUid>) -> Result<Held, String> {
    let json = entity.to_json_value().map_err(|error| error.to_string())?;
    let fields = |key: &str| json.get(key).and_then(Json::as_object).cloned().unwrap_or_default();
    Ok(Held { attributes: fields("attrs"), tags: fields("tags"), parents: parents.into_iter().collect() })
}

fn made(uid: &EntityUid, held: &Held) -> Option<Entity> {
    let bare = |uid: &EntityUid| uid_value(uid).get("__entity").cloned();
    let parents: Option<Vec<Json>> = held.parents.iter().map(bare).collect();
    let json = json!({"uid": bare(uid)?, "attrs": held.attributes, "tags": held.tags, "parents": parents?});
    Entity::from_json_value(json, None).ok()
}
