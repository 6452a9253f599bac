//! Entities as a table changes them: attributes one by one, parents as a whole.

use std::collections::HashMap;
use std::sync::Arc;

use cedar_policy::{Entities, Entity, EntityUid, Schema};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value};

use super::mentions::{Name, names};
use super::model::Overlay;
use super::values::Values;
use crate::data::{Entry, Fault, Kind};
use crate::repo::cedar::{direct_parents, entity_shape, fault};
use crate::repo::shape::{Field, Shape};
use crate::symbolic::uid_json;
use crate::tables::uid::{meant, parse};
use crate::text::{inline, nearest};

/// Where more entities are laid over, a new one is no slip.
const MANY: usize = 50;

/// Entities with overlays.
#[derive(Debug, Clone)]
pub(super) struct Laid {
    pub(super) entities: Arc<Entities>,
    /// Entities that are added, each with one of nearly its name that is there.
    pub(super) near: Vec<(EntityUid, EntityUid)>,
    /// What the overlays name that the entities did not have.
    pub(super) names: Arc<Vec<Name>>,
}

impl Laid {
    /// `entities` with nothing laid over them.
    pub(super) fn bare(entities: Arc<Entities>) -> Self {
        Self { entities, near: Vec::new(), names: Arc::default() }
    }
}

/// An entity on its way.
struct Draft<'o> {
    overlay: &'o Overlay,
    /// Whether nothing else makes it.
    alone: bool,
    attrs: Map<String, Value>,
    tags: Map<String, Value>,
    parents: Vec<Value>,
}

/// What laying overlays over one base keeps.
#[derive(Default)]
pub(super) struct Bench {
    pub(super) values: Values,
    /// Entities that the base does not have, by what the table writes of them.
    new: FxHashMap<String, Entity>,
    /// Entities that the base does not have, and those of nearly their names.
    near: FxHashMap<EntityUid, Option<EntityUid>>,
}

/// How many entities a bench keeps.
const KEPT: usize = 4096;

/// `base` with `overlays`, which `text` has, laid over it.
///
/// # Errors
/// Everything that is wrong with them.
pub(super) fn lay_over(
    base: &Entities,
    overlays: &[Overlay],
    text: &str,
    schema: Option<&Schema>,
    bench: &mut Bench,
) -> Result<Laid, Vec<Fault>> {
    let mut entities = Vec::new();
    let mut faults = Vec::new();
    let mut slips = Vec::new();
    // In the order in which entities are met first; a second overlay of one goes on from the first.
    let mut order = Vec::new();
    let mut drafts: HashMap<EntityUid, Draft<'_>> = HashMap::new();
    for overlay in overlays {
        let uid = match parse(&overlay.uid.value) {
            Ok(uid) => uid,
            Err(fault) => {
                faults.push(fault.at(overlay.uid.span));
                for entry in overlay.attrs.iter().chain(&overlay.tags) {
                    entry.value.faults(&mut faults);
                }
                continue;
            }
        };
        let new = base.get(&uid).is_none();
        if new && overlays.len() <= MANY {
            if bench.near.len() >= KEPT {
                bench.near.clear();
            }
            let near = bench.near.entry(uid.clone()).or_insert_with(|| meant(&uid, base));
            slips.extend(near.as_ref().map(|near| (uid.clone(), near.clone())));
        }
        // Nothing but what is written here makes it, so the same text makes the same again.
        let alone = new && overlays.iter().filter(|other| other.uid.value == overlay.uid.value).count() == 1;
        if let Some(known) = written(text, overlay).filter(|_| alone).and_then(|text| bench.new.get(text)) {
            entities.push(known.clone());
            continue;
        }
        let draft = drafts.entry(uid.clone()).or_insert_with(|| {
            order.push(uid.clone());
            known(base, &uid, overlay, alone)
        });
        change(draft, &uid, overlay, schema, &mut bench.values, &mut faults);
    }
    for (uid, draft) in order.iter().filter_map(|uid| Some((uid, drafts.remove(uid)?))) {
        let Draft { overlay, alone, attrs, tags, parents } = draft;
        let json = serde_json::json!({ "uid": uid_json(uid), "attrs": attrs, "tags": tags, "parents": parents });
        // What is wrong with it for sure is said already, and better.
        match Entity::from_json_value(json, schema) {
            Ok(entity) => {
                if let (true, Some(text)) = (alone, written(text, overlay)) {
                    if bench.new.len() >= KEPT {
                        bench.new.clear();
                    }
                    bench.new.insert(text.to_owned(), entity.clone());
                }
                entities.push(entity);
            }
            Err(_) if faults.iter().any(|fault| within(fault, overlay)) => {}
            Err(error) => faults.push(misfit(&overlay.uid.value, &error).at(overlay.uid.span)),
        }
    }
    if !faults.is_empty() {
        return Err(faults);
    }
    // Each fits the schema by itself, and that is all that a schema asks.
    let laid = base.clone().upsert_entities(entities, None);
    let laid = laid.map(|entities| {
        let names = Arc::new(names(overlays, &entities, base));
        Laid { entities: Arc::new(entities), near: slips, names }
    });
    laid.map_err(|error| {
        let words = fault(&error).message;
        let named = overlays.iter().find(|overlay| words.contains(&overlay.uid.value)).or(overlays.first());
        let Some(overlay) = named else { return vec![Fault::new(inline(&words))] };
        vec![misfit(&overlay.uid.value, &error).at(overlay.uid.span)]
    })
}

/// Whether `fault` is about `overlay`.
fn within(fault: &Fault, overlay: &Overlay) -> bool {
    fault.span.is_some_and(|span| span.start >= overlay.span.start && span.end <= overlay.span.end)
}

/// What `base` has of `uid`.
fn known<'o>(base: &Entities, uid: &EntityUid, overlay: &'o Overlay, alone: bool) -> Draft<'o> {
    let entity = base.get(uid);
    let known = entity.and_then(|entity| entity.to_json_value().ok()).unwrap_or_default();
    let object = |key: &str| known.get(key).and_then(Value::as_object).cloned().unwrap_or_default();
    // The JSON of an entity holds all of its ancestors.
    let parents = entity.map(direct_parents).unwrap_or_default().iter().map(uid_json).collect();
    Draft { overlay, alone, attrs: object("attrs"), tags: object("tags"), parents }
}

/// Lays `overlay` over `draft`.
fn change(
    draft: &mut Draft<'_>,
    uid: &EntityUid,
    overlay: &Overlay,
    schema: Option<&Schema>,
    values: &mut Values,
    faults: &mut Vec<Fault>,
) {
    let shape = schema.and_then(|schema| entity_shape(schema, uid.type_name()));
    let name = inline(&overlay.uid.value).into_owned();
    for entry in &overlay.attrs {
        let found = match &shape {
            Some((record, _)) => attribute(record, entry, &name, faults).map(|field| field.shape),
            None => Some(Shape::Any),
        };
        if let Some(shape) = found {
            put(&mut draft.attrs, entry, &shape, &name, values, faults);
        }
    }
    for entry in &overlay.tags {
        match &shape {
            Some((_, None)) => {
                let message = format!("{} has no tags", inline(&uid.type_name().to_string()));
                faults.push(Fault::new(message).at(entry.key.span));
            }
            Some((_, Some(shape))) => put(&mut draft.tags, entry, shape, &name, values, faults),
            None => put(&mut draft.tags, entry, &Shape::Any, &name, values, faults),
        }
    }
    if let Some(parents) = &overlay.parents {
        draft.parents.clear();
        for said in parents {
            match parse(&said.value) {
                Ok(uid) => draft.parents.push(uid_json(&uid)),
                Err(fault) => faults.push(fault.at(said.span)),
            }
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
        if into.shift_remove(&entry.key.value).is_none() {
            let fault = Fault::new(format!("{entity} has no `{}` to take away", inline(&entry.key.value)));
            let near = nearest(&entry.key.value, into.keys().map(String::as_str));
            faults.push(match near {
                Some(meant) => fault.help(format!("did you mean `{}`?", inline(meant))).at(entry.key.span),
                None => fault.at(entry.key.span),
            });
        }
        return;
    }
    let what = format!("{entity}.{}", inline(&entry.key.value));
    if let Some(json) = values.json(&entry.value, shape, format_args!("{what}"), faults) {
        into.insert(entry.key.value.clone(), json);
    }
}

fn misfit(uid: &str, error: &dyn miette::Diagnostic) -> Fault {
    let misfit = fault(error);
    let message = misfit.message.trim_start_matches("error during entity deserialization: ");
    Fault::new(format!("{} does not fit: {}", inline(uid), inline(message)))
}

/// How `text` writes `overlay`.
pub(super) fn written<'t>(text: &'t str, overlay: &Overlay) -> Option<&'t str> {
    text.get(overlay.span.start..overlay.span.end)
}
