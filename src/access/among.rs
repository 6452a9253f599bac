//! Contexts that lead to entities that there are, where those that the engine found lead to others.
//!
//! # Why
//!
//! The engine makes up the entities that a context leads to, with the attributes that suit it. So it is told what the
//! entities are that there are, one at a time; Cedar's authorizer confirms what comes of it.

use std::collections::BTreeSet;

use cedar_policy::{Context, Entities, Entity, EntityUid, Schema};
use serde_json::{Value as Json, json};

use crate::expression::{all_of, not, policy_of};
use crate::repo::cedar::{context_shape, entity_shape};
use crate::repo::shape::Shape;
use crate::symbolic::{Subject, uid_value, uids};

/// So many entities of a type are looked at, and so many ways to choose one for each attribute.
const MOST: usize = 32;
/// So many entities are told of that others lead to.
const LED_TO: usize = 16;

/// For contexts such as `like`, one policy for each choice of entities of `world` in the place of those that it has: it
/// matches where these stand there and are what they are, as far as policies that name the entities `named` can tell.
pub(super) fn choices(like: &Context, world: &Entities, schema: &Schema, named: &BTreeSet<EntityUid>) -> Vec<Subject> {
    let Ok(Json::Object(fields)) = like.to_json_value() else { return Vec::new() };
    let mut choices: Vec<Vec<Json>> = vec![Vec::new()];
    let mut found = Vec::new();
    entities_in(&fields, &json!({"Var": "context"}), &[], &mut found);
    for (there, read, made_up) in found {
        let known: BTreeSet<EntityUid> =
            world.iter().map(Entity::uid).filter(|uid| uid.type_name() == made_up.type_name()).collect();
        if known.len() * choices.len() > MOST {
            return Vec::new();
        }
        let is = |uid: &EntityUid| {
            let mut all = there.clone();
            all.push(equal(read.clone(), &uid_value(uid)));
            all.extend(as_it_is(uid, world, schema, named));
            all
        };
        let is: Vec<Vec<Json>> = known.iter().map(is).collect();
        choices = choices.iter().flat_map(|one| is.iter().map(|is| [one.as_slice(), is].concat())).collect();
    }
    let chosen = choices.iter().filter(|choice| !choice.is_empty());
    chosen.filter_map(|choice| Some(Subject::policy(&policy_of(&all_of(choice)?)?))).collect()
}

/// For contexts of `action`, one policy for each of `entities` in each place that an entity can have: it matches where
/// it stands there and is what it is. None for one that cannot be said, and in the place of those beyond what is looked
/// at.
pub(super) fn leading_to(
    entities: &BTreeSet<EntityUid>,
    action: &EntityUid,
    world: &Entities,
    schema: &Schema,
    named: &BTreeSet<EntityUid>,
) -> Vec<Option<Subject>> {
    let shape = context_shape(schema, action).unwrap_or(Shape::Any);
    let mut places = Vec::new();
    places_in(&shape, &json!({"Var": "context"}), &[], &mut places);
    let one = |place: Option<(Vec<Json>, Json, bool)>| {
        entities.iter().map(move |uid| {
            let (there, read, of_many) = place.as_ref()?;
            let mut all = there.clone();
            all.push(match of_many {
                true => json!({"contains": {"left": read, "right": {"Value": uid_value(uid)}}}),
                false => equal(read.clone(), &uid_value(uid)),
            });
            all.extend(as_it_is(uid, world, schema, named));
            Some(Subject::policy(&policy_of(&all_of(&all)?)?))
        })
    };
    let mut all: Vec<Option<Subject>> = places.into_iter().flat_map(one).take(MOST + 1).collect();
    all.get_mut(MOST).into_iter().for_each(|beyond| *beyond = None);
    all
}

/// Where values of a shape hold entities, if they are read as `of`, records in them included: what has to be there
/// first, how it is read, and whether it is a set of them. None for a place that cannot be said.
fn places_in(shape: &Shape, of: &Json, there: &[Json], found: &mut Vec<Option<(Vec<Json>, Json, bool)>>) {
    let place = |of_many: bool| Some((there.to_vec(), of.clone(), of_many));
    match shape {
        Shape::Entity => found.push(place(false)),
        Shape::Set(inner) => match inner.as_ref() {
            Shape::Entity => found.push(place(true)),
            Shape::Any | Shape::Set(_) | Shape::Record(_) => found.push(None),
            Shape::Bool | Shape::Long | Shape::String | Shape::Extension(_) => {}
        },
        Shape::Record(fields) => {
            for (name, field) in fields {
                let has = json!({"has": {"left": of, "attr": name}});
                let there: Vec<Json> = there.iter().cloned().chain((!field.required).then_some(has)).collect();
                places_in(&field.shape, &json!({".": {"left": of, "attr": name}}), &there, found);
            }
        }
        Shape::Any => found.push(None),
        Shape::Bool | Shape::Long | Shape::String | Shape::Extension(_) => {}
    }
}

/// The entities in the `fields` of a record that is read as `of`, records in it included: what has to be there first,
/// how it is read, and which entity it is.
fn entities_in(
    fields: &serde_json::Map<String, Json>,
    of: &Json,
    there: &[Json],
    found: &mut Vec<(Vec<Json>, Json, EntityUid)>,
) {
    for (name, value) in fields {
        let there = [there, &[json!({"has": {"left": of, "attr": name}})]].concat();
        let read = json!({".": {"left": of, "attr": name}});
        match (uid(value), value) {
            (Some(uid), _) => found.push((there, read, uid)),
            (None, Json::Object(fields)) if !fields.contains_key("__extn") => {
                entities_in(fields, &read, &there, found);
            }
            _ => {}
        }
    }
}

/// What holds of `uid`, and of what it leads to.
fn as_it_is(uid: &EntityUid, world: &Entities, schema: &Schema, named: &BTreeSet<EntityUid>) -> Vec<Json> {
    let (mut seen, mut open, mut all) = (BTreeSet::new(), vec![uid.clone()], Vec::new());
    while let Some(uid) = open.pop() {
        if seen.len() >= LED_TO || !seen.insert(uid.clone()) {
            continue;
        }
        let held = world.get(&uid).and_then(|entity| entity.to_json_value().ok());
        let (Some(held), Some((shape, tags))) = (held, entity_shape(schema, uid.type_name())) else { continue };
        let entity = json!({"Value": uid_value(&uid)});
        for (name, field) in shape.fields().into_iter().flatten() {
            let there = json!({"has": {"left": entity, "attr": name}});
            match held.get("attrs").and_then(|attributes| attributes.get(name)) {
                None => all.push(not(there)),
                Some(value) => {
                    all.extend((!field.required).then_some(there));
                    all.push(equal(json!({".": {"left": entity, "attr": name}}), value));
                    uids(value, &mut open);
                }
            }
        }
        for (key, value) in held.get("tags").and_then(Json::as_object).filter(|_| tags.is_some()).into_iter().flatten()
        {
            let sides = json!({"left": entity, "right": {"Value": key}});
            all.extend([json!({"hasTag": sides}), equal(json!({"getTag": sides}), value)]);
            uids(value, &mut open);
        }
        let above: BTreeSet<_> = schema.ancestors(uid.type_name()).into_iter().flatten().collect();
        for group in named.iter().filter(|group| **group != uid && above.contains(group.type_name())) {
            let within = json!({"in": {"left": entity, "right": {"Value": uid_value(group)}}});
            all.push(if world.is_ancestor_of(group, &uid) { within } else { not(within) });
        }
    }
    all
}

fn equal(read: Json, value: &Json) -> Json {
    // An empty set has no type by itself.
    match value.as_array().is_some_and(Vec::is_empty) {
        true => json!({"isEmpty": {"arg": read}}),
        false => json!({"==": {"left": read, "right": {"Value": value}}}),
    }
}

fn uid(value: &Json) -> Option<EntityUid> {
    EntityUid::from_json(value.get("__entity")?.clone()).ok()
}
