//! Entities read by what their schema declares.
//!
//! # Why
//!
//! Cedar's reader does not look at the types of a schema until it has tried what else a value of JSON could be, and
//! looks the schema up anew for each entity. Where an entity is written as its type has it, its values are made at
//! once. Whatever is written otherwise, or does not fit, is left to Cedar's reader, which has the words for it:
//! `tests/tables/typed.rs` holds that both read the same.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use cedar_policy_core::ast::{Eid, Entity, EntityType, EntityUID, Name, Value};
use cedar_policy_core::entities::{EntityTypeDescription as _, Schema as _, SchemaType};
use cedar_policy_core::validator::{CoreSchema, ValidatorSchema};
use rustc_hash::FxHashMap;

use super::written::{EXTENSION, Json, Written, extension, name_of, pair};

/// What a schema says of a type.
struct Declared {
    ty: EntityType,
    /// The ids that there are, where they are listed.
    choices: Option<HashSet<String>>,
    attributes: FxHashMap<String, SchemaType>,
    required: Vec<String>,
    tags: Option<SchemaType>,
    parents: Arc<HashSet<EntityType>>,
    /// Whether entities of it can be read here; others are only named.
    readable: bool,
}

/// Reads entities of one schema.
pub(super) struct Typed<'s> {
    schema: &'s ValidatorSchema,
    /// By name; none of what is no type of an entity.
    types: FxHashMap<String, Option<Arc<Declared>>>,
}

impl<'s> Typed<'s> {
    /// Nothing is read yet.
    pub(super) fn new(schema: &'s cedar_policy::Schema) -> Self {
        Self { schema: schema.as_ref(), types: FxHashMap::default() }
    }

    /// The entity of `json`; `None` where it is not written as its type has it.
    pub(super) fn read(&mut self, json: &str) -> Option<Entity> {
        let Written { uid, attrs, parents, tags } = Written::read(json)?;
        let (uid, declared) = self.uid(&uid)?;
        if !declared.readable {
            return None;
        }
        let mut values = BTreeMap::new();
        for (name, value) in attrs {
            let value = self.value(&value, declared.attributes.get(name.as_ref())?)?;
            if values.insert(name.as_ref().into(), value.into()).is_some() {
                return None;
            }
        }
        if declared.required.iter().any(|name| !values.contains_key(name.as_str())) {
            return None;
        }
        let mut tagged = BTreeMap::new();
        for (name, value) in tags {
            let value = self.value(&value, declared.tags.as_ref()?)?;
            if tagged.insert(name.as_ref().into(), value.into()).is_some() {
                return None;
            }
        }
        let mut above = HashSet::new();
        for parent in parents {
            let (parent, of) = self.uid(&parent)?;
            if !declared.parents.contains(&of.ty) {
                return None;
            }
            above.insert(parent);
        }
        Some(Entity::new_with_attr_partial_value(uid, values, HashSet::new(), above, tagged))
    }

    fn value(&mut self, json: &Json<'_>, ty: &SchemaType) -> Option<Value> {
        match (ty, json) {
            (SchemaType::Bool, Json::Bool(value)) => Some(Value::from(*value)),
            (SchemaType::Long, Json::Long(value)) => Some(Value::from(*value)),
            (SchemaType::String, Json::String(value)) => Some(Value::from(value.as_ref())),
            (SchemaType::Entity { ty }, json) => {
                let (uid, declared) = self.uid(json)?;
                (declared.ty == *ty).then(|| Value::from(uid))
            }
            (SchemaType::Set { element_ty }, Json::List(elements)) => {
                let elements: Option<Vec<Value>> =
                    elements.iter().map(|element| self.value(element, element_ty)).collect();
                Some(Value::set(elements?, None))
            }
            (SchemaType::Record { attrs, open_attrs: false }, Json::Object(fields)) => {
                let mut values: BTreeMap<String, Value> = BTreeMap::new();
                for (name, value) in fields {
                    // An escape, which may stand where a record is expected.
                    if name.starts_with("__") {
                        return None;
                    }
                    let value = self.value(value, attrs.get(name.as_ref())?.schema_type())?;
                    if values.insert(name.to_string(), value).is_some() {
                        return None;
                    }
                }
                let there = attrs.iter().all(|(name, of)| !of.is_required() || values.contains_key(name.as_str()));
                there.then(|| Value::record(values, None))
            }
            (SchemaType::Extension { name }, Json::String(written)) => extension(constructor(name)?, written),
            (SchemaType::Extension { name }, Json::Object(fields)) => match fields.as_slice() {
                [(escape, Json::Object(call))] if escape == "__extn" => {
                    let (function, written) = pair(call, EXTENSION)?;
                    (constructor(name)? == function).then(|| extension(function, written))?
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The name of an entity, and what the schema says of its type; `None` where there can be no such entity.
    fn uid(&mut self, json: &Json<'_>) -> Option<(EntityUID, Arc<Declared>)> {
        let (ty, id) = name_of(json)?;
        let declared = self.declared(ty)?;
        if declared.choices.as_ref().is_some_and(|choices| !choices.contains(id)) {
            return None;
        }
        Some((EntityUID::from_components(declared.ty.clone(), Eid::new(id), None), declared))
    }

    fn declared(&mut self, name: &str) -> Option<Arc<Declared>> {
        if let Some(known) = self.types.get(name) {
            return known.clone();
        }
        let declared = self.look_up(name).map(Arc::new);
        self.types.insert(name.to_owned(), declared.clone());
        declared
    }

    fn look_up(&self, name: &str) -> Option<Declared> {
        let ty = EntityType::from_normalized_str(name).ok()?;
        if ty.is_action() {
            return None;
        }
        let said = CoreSchema::new(self.schema).entity_type(&ty)?;
        let names = self.schema.get_entity_type(&ty)?.attributes().iter().map(|(name, _)| name.to_string());
        let choices =
            said.enum_entity_eids().map(|ids| ids.iter().map(|id| AsRef::<str>::as_ref(id).to_owned()).collect());
        Some(Declared {
            choices,
            attributes: names.filter_map(|name| said.attr_type(&name).map(|ty| (name, ty))).collect(),
            required: said.required_attrs().map(|name| name.to_string()).collect(),
            tags: said.tag_type(),
            parents: said.allowed_parent_types(),
            readable: !said.is_external() && !said.open_attributes(),
            ty,
        })
    }
}

/// The function of one string that makes values of the extension type `ty`.
fn constructor(ty: &Name) -> Option<&'static str> {
    match ty.to_string().as_str() {
        "ipaddr" => Some("ip"),
        "decimal" => Some("decimal"),
        "datetime" => Some("datetime"),
        "duration" => Some("duration"),
        _ => None,
    }
}
