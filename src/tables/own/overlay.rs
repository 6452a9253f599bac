//! Entities as a table changes them: attributes one by one, parents as a whole.

use std::sync::Arc;

use cedar_policy::{Entities, Entity, EntityUid, Schema};
use serde_json::{Map, Value};

use super::model::Overlay;
use super::values::Values;
use crate::repo::cedar::{entity_shape, fault};
use crate::repo::shape::{Field, Shape};
use crate::repo::tree::{Entry, Fault, Kind, Tree};
use crate::text::{inline, nearest};

/// `base` with `overlays` laid over it in order.
///
/// # Errors
/// Everything that is wrong with them.
pub(super) fn lay(
    base: &Entities,
    overlays: &[Overlay],
    schema: Option<&Schema>,
    values: &mut Values,
) -> Result<Arc<Entities>, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut entities = base.clone();
    for overlay in overlays {
        let Some(entity) = entity(&entities, overlay, schema, values, &mut faults) else { continue };
        match entities.clone().upsert_entities([entity], schema) {
            Ok(next) => entities = next,
            Err(error) => faults.push(told(&overlay.uid.value, &error).at(overlay.uid.span)),
        }
    }
    if faults.is_empty() { Ok(Arc::new(entities)) } else { Err(faults) }
}

fn entity(
    base: &Entities,
    overlay: &Overlay,
    schema: Option<&Schema>,
    values: &mut Values,
    faults: &mut Vec<Fault>,
) -> Option<Entity> {
    let uid = parse(&overlay.uid.value).map_err(|fault| faults.push(fault.at(overlay.uid.span))).ok()?;
    let known = base.get(&uid).and_then(|entity| entity.to_json_value().ok()).unwrap_or_default();
    let shape = schema.and_then(|schema| entity_shape(schema, uid.type_name()));
    let before = faults.len();
    let name = inline(&overlay.uid.value).into_owned();
    let mut attrs = known.get("attrs").and_then(Value::as_object).cloned().unwrap_or_default();
    for entry in &overlay.attrs {
        let found = match &shape {
            Some((record, _)) => attribute(record, entry, &name, faults),
            None => Some(&Field { shape: Shape::Any, required: false }).cloned(),
        };
        let Some(field) = found else { continue };
        put(&mut attrs, entry, &field.shape, &name, values, faults);
    }
    let mut tags = known.get("tags").and_then(Value::as_object).cloned().unwrap_or_default();
    for entry in &overlay.tags {
        match &shape {
            Some((_, None)) => {
                let message = format!("{} has no tags", inline(&uid.type_name().to_string()));
                faults.push(Fault::new(message).at(entry.key.span));
            }
            Some((_, Some(shape))) => put(&mut tags, entry, shape, &name, values, faults),
            None => put(&mut tags, entry, &Shape::Any, &name, values, faults),
        }
    }
    let parents = match &overlay.parents {
        None => known.get("parents").cloned().unwrap_or_else(|| Value::Array(Vec::new())),
        Some(parents) => {
            let json = |uid: EntityUid| {
                let id: &str = uid.id().as_ref();
                serde_json::json!({ "type": uid.type_name().to_string(), "id": id })
            };
            let read = |said: &crate::repo::tree::Said<String>| match parse(&said.value) {
                Ok(uid) => Some(json(uid)),
                Err(fault) => {
                    faults.push(fault.at(said.span));
                    None
                }
            };
            Value::Array(parents.iter().filter_map(read).collect())
        }
    };
    if faults.len() > before {
        return None;
    }
    let id: &str = uid.id().as_ref();
    let uid = serde_json::json!({ "type": uid.type_name().to_string(), "id": id });
    let mut json = serde_json::json!({ "uid": uid, "attrs": attrs, "parents": parents });
    if let (false, Some(object)) = (tags.is_empty(), json.as_object_mut()) {
        object.insert("tags".to_owned(), Value::Object(tags));
    }
    match Entity::from_json_value(json, schema) {
        Ok(entity) => Some(entity),
        Err(error) => {
            faults.push(told(&overlay.uid.value, &error).at(overlay.uid.span));
            None
        }
    }
}

fn attribute(record: &Shape, entry: &Entry, entity: &str, faults: &mut Vec<Fault>) -> Option<Field> {
    let fields = record.fields()?;
    let found = fields.get(&entry.key.value).cloned();
    if found.is_none() {
        let message = format!("{entity} has no attribute `{}`", inline(&entry.key.value));
        let fault = Fault::new(message).at(entry.key.span);
        faults.push(match nearest(&entry.key.value, fields.keys().map(String::as_str)) {
            Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))),
            None => fault,
        });
    }
    found
}

/// Puts a value under its key; a key that is left empty takes the attribute away.
fn put(
    into: &mut Map<String, Value>,
    entry: &Entry,
    shape: &Shape,
    entity: &str,
    values: &mut Values,
    faults: &mut Vec<Fault>,
) {
    if entry.value.kind == Kind::Null {
        into.shift_remove(&entry.key.value);
        return;
    }
    let what = format!("{entity}.{}", inline(&entry.key.value));
    if let Some(json) = values.json(&entry.value, shape, &what, faults) {
        into.insert(entry.key.value.clone(), json);
    }
}

/// An entity in Cedar's syntax.
pub(super) fn parse(text: &str) -> Result<EntityUid, Fault> {
    text.parse().map_err(|_| {
        let fault = Fault::new(format!("`{}` is not an entity", inline(text)));
        fault.help("an entity is written 'Type::\"id\"'")
    })
}

fn told(uid: &str, error: &dyn miette::Diagnostic) -> Fault {
    let told = fault(error);
    let message = told.message.trim_start_matches("error during entity deserialization: ");
    Fault::new(format!("{} does not fit: {}", inline(uid), inline(message)))
}

/// What an overlay says, without its places.
pub(super) fn said(overlay: &Overlay) -> String {
    let mut out = format!("{:?}", overlay.uid.value);
    entries(&overlay.attrs, &mut out);
    entries(&overlay.tags, &mut out);
    let parents = overlay.parents.as_ref().map(|all| all.iter().map(|said| &said.value).collect::<Vec<_>>());
    out.push_str(&format!("{parents:?};"));
    out
}

fn entries(all: &[Entry], out: &mut String) {
    out.push('{');
    for Entry { key, value } in all {
        out.push_str(&format!("{:?}:", key.value));
        tree(value, out);
    }
    out.push('}');
}

fn tree(value: &Tree, out: &mut String) {
    match &value.kind {
        Kind::List(items) => {
            out.push('[');
            items.iter().for_each(|item| tree(item, out));
            out.push(']');
        }
        Kind::Map(all) => entries(all, out),
        kind => out.push_str(&format!("{kind:?},")),
    }
}
