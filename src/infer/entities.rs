//! What entities say of types.

use cedar_policy::{Entities, EntityTypeName};
use serde_json::Value as Json;

use super::classes::{Id, Kind};
use super::evidence::Evidence;
use super::facts::{Facts, Uid};
use crate::repo::Store;

/// Reads `entities`, those of `store`.
pub(super) fn read(store: &Store, entities: &Entities, facts: &mut Facts) {
    let place = match store.name.as_str() {
        "." => "the entities".to_owned(),
        name => format!("the entities of `{name}`"),
    };
    let evidence = Evidence { place, what: "a value", policy: None };
    let mut text = Vec::new();
    if entities.write_to_json(&mut text).is_err() {
        return;
    }
    let Ok(Json::Array(mut all)) = serde_json::from_slice::<Json>(&text) else { return };
    // Cedar gives them in no order.
    all.sort_by_cached_key(|entity| entity.get("uid").map(ToString::to_string));
    for entity in &all {
        let Some(uid) = entity.get("uid").and_then(Uid::of) else { continue };
        let parents: Vec<Uid> =
            entity.get("parents").and_then(Json::as_array).into_iter().flatten().filter_map(Uid::of).collect();
        if uid.ty == "Action" || uid.ty.ends_with("::Action") {
            for parent in &parents {
                facts.groups.entry(parent.clone()).or_insert_with(|| evidence.clone());
            }
            facts.listed.entry(uid.clone()).or_insert_with(|| evidence.clone());
            facts.members.entry(uid).or_default().extend(parents);
            continue;
        }
        facts.types.entry(uid.ty.clone()).or_insert_with(|| evidence.clone());
        facts.owned.entry(uid.ty.clone()).or_insert_with(|| evidence.clone());
        for parent in &parents {
            facts.types.entry(parent.ty.clone()).or_insert_with(|| evidence.clone());
            facts.parents.entry(uid.ty.clone()).or_default().insert(parent.ty.clone());
        }
        let holder = facts.holder(&uid.ty);
        for (name, value) in entity.get("attrs").and_then(Json::as_object).into_iter().flatten() {
            let field = facts.classes.field(holder, name, &evidence);
            value_of(value, field, &evidence, facts);
        }
        for (_, value) in entity.get("tags").and_then(Json::as_object).into_iter().flatten() {
            let tag = facts.classes.tag(holder, &evidence);
            value_of(value, tag, &evidence, facts);
        }
    }
}

fn value_of(json: &Json, id: Id, evidence: &Evidence, facts: &mut Facts) {
    match json {
        Json::Bool(_) => facts.classes.is(id, Kind::Bool, evidence),
        Json::Number(_) => facts.classes.is(id, Kind::Long, evidence),
        Json::String(_) => facts.classes.is(id, Kind::String, evidence),
        Json::Array(all) => {
            let element = facts.classes.element(id, evidence);
            all.iter().for_each(|value| value_of(value, element, evidence, facts));
        }
        Json::Object(object) => {
            // With a schema, `{"type": .., "id": ..}` is an entity where one is declared.
            let implicit = || Uid::of(json).filter(|uid| object.len() == 2 && uid.ty.parse::<EntityTypeName>().is_ok());
            if let Some(uid) = object.get("__entity").and_then(Uid::of).or_else(implicit) {
                facts.classes.is_entity(id, Some(&uid.ty), evidence);
                facts.types.entry(uid.ty).or_insert_with(|| evidence.clone());
            } else if let Some(function) = object.get("__extn").and_then(|call| call.get("fn")).and_then(Json::as_str) {
                let kind = match function {
                    "ip" => Kind::Ip,
                    "decimal" => Kind::Decimal,
                    "duration" => Kind::Duration,
                    _ => Kind::Datetime,
                };
                facts.classes.is(id, kind, evidence);
            } else {
                facts.classes.is(id, Kind::Holder, evidence);
                for (name, value) in object {
                    let field = facts.classes.field(id, name, evidence);
                    value_of(value, field, evidence, facts);
                }
            }
        }
        Json::Null => {}
    }
}
