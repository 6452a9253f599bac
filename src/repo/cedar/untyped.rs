//! Entities read as they are written, where no schema says what a value is.

use std::collections::{BTreeMap, HashSet};

use cedar_policy_core::ast::{Eid, Entity, EntityType, EntityUID, Value};
use rustc_hash::FxHashMap;

use super::written::{EXTENSION, Json, UID, Written, extension, name_of, pair};

/// The functions of one string that make values.
const CONSTRUCTORS: [&str; 4] = ["ip", "decimal", "datetime", "duration"];

/// Reads entities of no schema.
#[derive(Default)]
pub(super) struct Untyped {
    /// By name; none of what is no name of a type.
    types: FxHashMap<String, Option<EntityType>>,
}

impl Untyped {
    /// The entity of `json`; `None` where anything about it is not plain, and of an action.
    pub(super) fn read(&mut self, json: &str) -> Option<Entity> {
        let Written { uid, attrs, parents, tags } = Written::read(json)?;
        let uid = name_of(&uid).and_then(|(ty, id)| self.uid(ty, id))?;
        if uid.is_action() {
            return None;
        }
        let (mut values, mut tagged) = (BTreeMap::new(), BTreeMap::new());
        for (name, value) in attrs {
            if values.insert(name.as_ref().into(), self.value(&value)?.into()).is_some() {
                return None;
            }
        }
        for (name, value) in tags {
            if tagged.insert(name.as_ref().into(), self.value(&value)?.into()).is_some() {
                return None;
            }
        }
        let above: Option<HashSet<EntityUID>> =
            parents.iter().map(|parent| name_of(parent).and_then(|(ty, id)| self.uid(ty, id))).collect();
        Some(Entity::new_with_attr_partial_value(uid, values, HashSet::new(), above?, tagged))
    }

    fn value(&mut self, json: &Json<'_>) -> Option<Value> {
        match json {
            Json::Bool(value) => Some(Value::from(*value)),
            Json::Long(value) => Some(Value::from(*value)),
            Json::String(value) => Some(Value::from(value.as_ref())),
            Json::List(elements) => {
                let elements: Option<Vec<Value>> = elements.iter().map(|element| self.value(element)).collect();
                Some(Value::set(elements?, None))
            }
            Json::Object(fields) => match fields.as_slice() {
                [(escape, Json::Object(name))] if escape == "__entity" => {
                    let (ty, id) = pair(name, UID)?;
                    self.uid(ty, id).map(Value::from)
                }
                [(escape, Json::Object(call))] if escape == "__extn" => {
                    let (function, written) = pair(call, EXTENSION)?;
                    CONSTRUCTORS.contains(&function).then(|| extension(function, written))?
                }
                fields => {
                    let mut values: BTreeMap<String, Value> = BTreeMap::new();
                    for (name, value) in fields {
                        let escape = name.starts_with("__");
                        if escape || values.insert(name.to_string(), self.value(value)?).is_some() {
                            return None;
                        }
                    }
                    Some(Value::record(values, None))
                }
            },
            Json::Other => None,
        }
    }

    fn uid(&mut self, ty: &str, id: &str) -> Option<EntityUID> {
        let known = match self.types.get(ty) {
            Some(known) => known.clone(),
            None => {
                let parsed = EntityType::from_normalized_str(ty).ok();
                self.types.insert(ty.to_owned(), parsed.clone());
                parsed
            }
        };
        Some(EntityUID::from_components(known?, Eid::new(id), None))
    }
}
