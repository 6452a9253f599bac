//! Which of the repository's own entities an effect concerns, and an example with them.
//!
//! # Why
//!
//! Whoever reviews a change knows the entities of the repository, and nobody knows `User::"user-1"`. Each pair of them
//! is asked of Cedar's authorizer on both sides, with the context of the example that the engine found: what changes so
//! is a change. Others may as well, with other contexts; nothing is said of those.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Authorizer, Decision, Entities, Entity, EntityUid, Policy, PolicySet, Request};
use serde_json::Value;

use super::stores::Stores;
use crate::compare::{self, Which};
use crate::finding::Evidence;
use crate::outcome::changes::Direction;
use crate::repo::{EntityState, Store};
use crate::symbolic::uid_json;

/// So many requests are decided for one store, on each side.
const REQUESTS: usize = 8_000;

/// So many pairs are named for one effect.
const NAMED: usize = 20;

/// A principal and a resource of the repository.
pub(super) type Known = [EntityUid; 2];

/// Whether Cedar's authorizer allows the request on that side, over all policies.
pub(super) type Allows<'a> = dyn Fn(Which, &Request, &Entities) -> bool + 'a;

/// The entities of the side that the change leads to, and who decides.
pub(super) struct Asker<'s> {
    entities: &'s Entities,
    by_type: BTreeMap<String, Vec<&'s Entity>>,
    allows: &'s Allows<'s>,
    /// Whether there is a schema.
    schema: bool,
    left: usize,
    /// So many may be asked about one effect.
    each: usize,
}

fn entities(store: Option<&Store>) -> Option<&Entities> {
    match &store?.entities {
        EntityState::Ready(data) if data.count > 0 => Some(&data.cedar),
        _ => None,
    }
}

impl<'s> Asker<'s> {
    /// For `effects` effects; none where there are no entities, or only one side.
    pub(super) fn new(stores: Stores<'s>, allows: &'s Allows<'s>, effects: usize) -> Option<Self> {
        let entities = entities(stores.new).or_else(|| entities(stores.old))?;
        stores.old?;
        let mut by_type: BTreeMap<String, Vec<&Entity>> = BTreeMap::new();
        for entity in entities.iter() {
            by_type.entry(entity.uid().type_name().to_string()).or_default().push(entity);
        }
        for all in by_type.values_mut() {
            all.sort_by_key(|entity| entity.uid().to_string());
        }
        let schema = stores.new?.schema.ready().is_some();
        Some(Self { entities, by_type, allows, schema, left: REQUESTS, each: REQUESTS / effects.max(1) })
    }

    fn of(&self, ty: &str) -> Vec<EntityUid> {
        self.by_type.get(ty).into_iter().flatten().map(|entity| entity.uid()).collect()
    }

    fn changes(&self, request: &Request, entities: &Entities, direction: Direction) -> bool {
        let allowed = [Which::Old, Which::New].map(|side| (self.allows)(side, request, entities));
        allowed == [direction == Direction::Lost, direction == Direction::Gained]
    }

    /// Those of the repository's entities that the effect concerns, in the context of its example.
    pub(super) fn known(&mut self, effect: &compare::Effect, direction: Direction) -> Vec<Known> {
        let Some(case) = effect.witness.cases.last() else { return Vec::new() };
        let (Some(principal), Some(resource)) = (case.request.principal(), case.request.resource()) else {
            return Vec::new();
        };
        let (Some(action), Some(context)) = (case.request.action(), case.request.context()) else { return Vec::new() };
        let (principals, resources) =
            (self.of(&principal.type_name().to_string()), self.of(&resource.type_name().to_string()));
        let named = named(effect);
        let mut found = Vec::new();
        let mut left = self.each.min(self.left);
        for principal in &principals {
            for resource in &resources {
                if left == 0 || found.len() == NAMED {
                    return found;
                }
                left -= 1;
                self.left -= 1;
                let request = Request::new(principal.clone(), action.clone(), resource.clone(), context.clone(), None);
                let concerned = |request: &Request| {
                    named.as_ref().is_none_or(|named| is_named(named, request, self.entities))
                        && self.changes(request, self.entities, direction)
                };
                if request.is_ok_and(|request| concerned(&request)) {
                    found.push([principal.clone(), resource.clone()]);
                }
            }
        }
        found
    }

    /// The example of the effect with these entities, and with what they lead to; none where more decides.
    pub(super) fn example(&self, effect: &compare::Effect, direction: Direction, known: &Known) -> Option<Evidence> {
        let [case] = effect.witness.cases.as_slice() else { return None };
        let [principal, resource] = known;
        let context = case.request.context()?.clone();
        let request =
            Request::new(principal.clone(), case.request.action()?.clone(), resource.clone(), context, None).ok()?;
        let mut request_json = case.request_json.clone();
        let fields = request_json.as_object_mut()?;
        fields.insert("principal".to_owned(), uid_json(principal));
        fields.insert("resource".to_owned(), uid_json(resource));
        let shown: Vec<Entity> =
            self.reached(&[principal, resource], &case.request_json).into_iter().cloned().collect();
        let alone = Entities::from_entities(shown.clone(), None).ok()?;
        let named = named(effect).is_none_or(|named| is_named(&named, &request, &alone));
        if !named || !self.changes(&request, &alone, direction) {
            return None;
        }
        // Groups of actions are what the schema says.
        let action = case.request.action()?.type_name();
        let shown = shown.iter().filter(|entity| !self.schema || entity.uid().type_name() != action);
        let json: Option<Vec<Value>> = shown.map(|entity| entity.to_json_value().ok()).collect();
        Some(Evidence { request: request_json, entities: Value::Array(json?) })
    }

    /// The entities that the request leads to, by their attributes and by what they are in.
    fn reached(&self, from: &[&EntityUid], context: &Value) -> Vec<&'s Entity> {
        let mut open: Vec<EntityUid> = from.iter().map(|uid| (*uid).clone()).collect();
        uids(context, &mut open);
        let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
        while let Some(uid) = open.pop() {
            if !seen.insert(uid.to_string()) {
                continue;
            }
            let Some(entity) = self.entities.get(&uid) else { continue };
            if let Ok(json) = entity.to_json_value() {
                uids(&json, &mut open);
            }
            found.push(entity);
        }
        found.sort_by_key(|entity| entity.uid().to_string());
        found
    }
}

/// What the changed policies of the effect say, as a policy: what changes for others is another effect. `None` where
/// they say it of every request.
fn named(effect: &compare::Effect) -> Option<PolicySet> {
    let when = &effect.condition.when;
    let text = format!("permit (principal, action, resource) when {{ {when} }};");
    PolicySet::from_policies([Policy::parse(None, text).ok().filter(|_| when != "true")?]).ok()
}

fn is_named(named: &PolicySet, request: &Request, entities: &Entities) -> bool {
    Authorizer::new().is_authorized(request, named, entities).decision() == Decision::Allow
}

/// Every entity that is named in `json`.
fn uids(json: &Value, found: &mut Vec<EntityUid>) {
    match json {
        Value::Array(all) => all.iter().for_each(|one| uids(one, found)),
        Value::Object(fields) => {
            let text = |key: &str| fields.get(key).and_then(Value::as_str);
            if let (Some(_), Some(_), 2) = (text("type"), text("id"), fields.len())
                && let Ok(uid) = EntityUid::from_json(json.clone())
            {
                found.push(uid);
            }
            fields.values().for_each(|one| uids(one, found));
        }
        _ => {}
    }
}
