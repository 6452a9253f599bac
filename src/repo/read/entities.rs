//! Entity files: all of a store's files as one set of entities, each fault at the entity that has it.

use std::sync::Arc;

use cedar_policy::{Entities, Entity, Schema};
use rayon::prelude::*;

use crate::data::json::Node;
use crate::finding::{Finding, Level};
use crate::repo::files::whole;
use crate::repo::model::{EntityData, EntityState, SchemaState};
use crate::repo::rules::ENTITY_MISMATCH;
use crate::text::{Location, SourceFile, Span, inline};

/// Reads `files`, all of them as one set of entities, under `schema`; gives what is wrong with them as well. A broken
/// schema means that nothing can be said of entities.
#[must_use]
pub fn read_entities(files: &[Arc<SourceFile>], schema: &SchemaState) -> (EntityState, Vec<Finding>) {
    let Some(first) = files.first() else { return (EntityState::None, Vec::new()) };
    if matches!(schema, SchemaState::Broken) {
        return (EntityState::Broken(whole(first), "the schema cannot be used".to_owned()), Vec::new());
    }
    let schema = schema.ready().map(|schema| &schema.cedar);
    let texts: Vec<_> = files.iter().map(|file| file.parse_text()).collect();
    let mut findings = Vec::new();
    let mut all = Vec::new();
    for (file, text) in files.iter().zip(&texts) {
        match elements(file, text) {
            Ok(nodes) => all.extend(nodes.into_iter().map(|node| (file, node))),
            Err(finding) => findings.push(*finding),
        }
    }
    let joined = join(all.iter().map(|(_, node)| node.raw));
    match Entities::from_json_str(&joined, schema) {
        Ok(cedar) if findings.is_empty() => {
            (EntityState::Ready(Arc::new(EntityData { cedar, count: all.len() })), findings)
        }
        Ok(_) => broken(findings),
        Err(error) => {
            let single = faults(&all, schema);
            if single.is_empty() {
                findings.push(together(&all, &error, first));
            }
            findings.extend(single);
            broken(findings)
        }
    }
}

fn broken(findings: Vec<Finding>) -> (EntityState, Vec<Finding>) {
    let (place, why) = findings.first().map_or_else(
        || (Location::of_path("."), String::new()),
        |finding| (finding.location.clone(), finding.message.clone()),
    );
    (EntityState::Broken(place, why), findings)
}

/// The entities of one file, each with its place.
fn elements<'t>(file: &Arc<SourceFile>, text: &'t str) -> Result<Vec<Node<'t>>, Box<Finding>> {
    let fail =
        |span, message| Box::new(Finding::new(ENTITY_MISMATCH.id, Level::Error, Location::new(file, span), message));
    let root = Node::parse(file, text).map_err(|error| fail(error.span, format!("not JSON: {}", error.message)))?;
    root.elements().ok_or_else(|| {
        fail(whole(file).span, format!("an entity file is an array of entities, and this is {}", root.kind()))
    })
}

/// A JSON array of these values.
#[must_use]
fn join<'a>(values: impl Iterator<Item = &'a str>) -> String {
    let mut joined = String::from("[");
    for (at, value) in values.enumerate() {
        if at > 0 {
            joined.push(',');
        }
        joined.push_str(value);
    }
    joined.push(']');
    joined
}

/// What is wrong with entities one by one.
fn faults(all: &[(&Arc<SourceFile>, Node<'_>)], schema: Option<&Schema>) -> Vec<Finding> {
    all.par_iter()
        .filter_map(|(file, node)| {
            let value = node.value();
            let error = match value {
                Some(value) => {
                    Entity::from_json_value(value, schema).err().map(|error| crate::repo::cedar::fault(&error))
                }
                None => Some(crate::repo::cedar::CedarFault {
                    message: "this JSON is nested too deeply".to_owned(),
                    help: None,
                    span: None,
                }),
            }?;
            let place = Location::new(file, name_span(*node));
            let message = error.message.trim_start_matches("error during entity deserialization: ").to_owned();
            let mut finding = Finding::new(ENTITY_MISMATCH.id, Level::Error, place, message);
            finding.help = error.help;
            finding.subject = Some(Location::new(file, node.span()));
            Some(finding)
        })
        .collect()
}

/// The `uid` of an entity, or the entity where it has none.
fn name_span(node: Node<'_>) -> Span {
    node.field("uid").map_or(node.span(), Node::span)
}

/// What is wrong with entities that are right each by itself: a uid twice, a circle of parents.
fn together(
    all: &[(&Arc<SourceFile>, Node<'_>)],
    error: &cedar_policy::entities_errors::EntitiesError,
    first: &Arc<SourceFile>,
) -> Finding {
    let fault = crate::repo::cedar::fault(error);
    let named: Vec<_> = all
        .iter()
        .filter(|(_, node)| uid_text(*node).is_some_and(|uid| fault.message.contains(&uid)))
        .map(|(file, node)| Location::new(file, name_span(*node)))
        .collect();
    let mut places = named.into_iter();
    let place = places.next().unwrap_or_else(|| whole(first));
    let mut finding = Finding::new(ENTITY_MISMATCH.id, Level::Error, place, inline(&fault.message));
    finding.help = fault.help;
    for other in places.take(3) {
        finding = finding.related(other, "named here too", None);
    }
    finding
}

fn uid_text(node: Node<'_>) -> Option<String> {
    let uid = node.field("uid")?;
    let uid = uid.field("__entity").unwrap_or(uid);
    match (uid.field("type").and_then(Node::string), uid.field("id").and_then(Node::string)) {
        (Some(ty), Some(id)) => Some(format!("{ty}::\"{}\"", id.escape_debug())),
        _ => None,
    }
}
