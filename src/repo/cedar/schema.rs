//! What a resolved schema declares.

use cedar_policy::{EntityId, EntityTypeName, EntityUid, RequestEnv, Schema};
use cedar_policy_core::ast;
use cedar_policy_core::validator::types::{AttributeType, Attributes, EntityKind, Type};
use cedar_policy_core::validator::{ValidatorEntityTypeKind, ValidatorSchema};

use serde_json::Value as Json;

use crate::repo::shape::{Field, Shape};

/// Whether two resolved schemas declare the same.
#[must_use]
pub fn same_schema(one: &Schema, other: &Schema) -> bool {
    one.as_ref() == other.as_ref()
}

/// What `schema` says of the context of `action`; `None` where it knows no such action.
#[must_use]
pub fn context_shape(schema: &Schema, action: &EntityUid) -> Option<Shape> {
    let schema: &ValidatorSchema = schema.as_ref();
    schema.context_type(action.as_ref()).map(shape)
}

/// What `schema` says of the attributes of entities of type `ty`, and of their tags; `None` where it knows no such
/// type.
#[must_use]
pub fn entity_shape(schema: &Schema, ty: &EntityTypeName) -> Option<(Shape, Option<Shape>)> {
    let schema: &ValidatorSchema = schema.as_ref();
    let found = schema.get_entity_type(ty.as_ref())?;
    Some((record(found.attributes()), found.tag_type().map(shape)))
}

/// The members of the type `ty`, where `schema` enumerates them.
#[must_use]
pub fn enumeration(schema: &Schema, ty: &EntityTypeName) -> Option<Vec<EntityUid>> {
    let schema: &ValidatorSchema = schema.as_ref();
    let ValidatorEntityTypeKind::Enum(ids) = &schema.get_entity_type(ty.as_ref())?.kind else { return None };
    let uid = |id: &ast::Eid| {
        let id: &str = id.as_ref();
        let id = EntityId::new(id);
        EntityUid::from_type_name_and_id(ty.clone(), id)
    };
    Some(ids.iter().map(uid).collect())
}

/// What `schema` declares in requests of `environment` at the end of `path`, such as `context.grant.until`: what it is,
/// and its type as the validator writes it, by which two can be compared. `None` where some step is not declared.
#[must_use]
pub fn attribute_at(schema: &Schema, environment: &RequestEnv, path: &str) -> Option<(Shape, String)> {
    let schema: &ValidatorSchema = schema.as_ref();
    let entity = |ty: &ast::EntityType| Some(schema.get_entity_type(ty)?.attributes().clone());
    let mut steps = path.split('.');
    let mut attributes: Attributes = match steps.next()? {
        "principal" => entity(environment.principal().as_ref())?,
        "resource" => entity(environment.resource().as_ref())?,
        "context" => fields(schema.context_type(environment.action().as_ref())?, &entity)?,
        _ => return None,
    };
    let mut steps = steps.peekable();
    while let Some(step) = steps.next() {
        let ty = attributes.get_attr(step)?.attr_type.clone();
        if steps.peek().is_none() {
            return Some((shape(&ty), ty.to_string()));
        }
        attributes = fields(&ty, &entity)?;
    }
    None
}

/// Whether entities of type `ty` may have `value`, in Cedar's JSON, at `path` of their attributes, or lack what is
/// there; of a type that `schema` does not know they may.
#[must_use]
pub fn may_have(schema: &Schema, ty: &EntityTypeName, path: &[String], value: Option<&Json>) -> bool {
    let schema: &ValidatorSchema = schema.as_ref();
    schema.get_entity_type(ty.as_ref()).is_none_or(|found| may_be_at(found.attributes(), path, value))
}

/// The same of a tag.
#[must_use]
pub fn may_have_tag(schema: &Schema, ty: &EntityTypeName, value: Option<&Json>) -> bool {
    let schema: &ValidatorSchema = schema.as_ref();
    let Some(found) = schema.get_entity_type(ty.as_ref()) else { return true };
    value.is_none_or(|value| found.tag_type().is_some_and(|ty| is_of(value, ty)))
}

fn may_be_at(attributes: &Attributes, path: &[String], value: Option<&Json>) -> bool {
    let [first, rest @ ..] = path else { return false };
    let Some(field) = attributes.get_attr(first) else { return value.is_none() };
    match (rest, value, field.attr_type.as_ref()) {
        ([], None, _) => !field.is_required,
        ([], Some(value), ty) => is_of(value, ty),
        (rest, value, Type::Record { attrs, .. }) => may_be_at(attrs, rest, value),
        _ => false,
    }
}

/// Whether `value`, in Cedar's JSON, is of type `ty`.
fn is_of(value: &Json, ty: &Type) -> bool {
    match ty {
        Type::Bool(_) => value.is_boolean(),
        Type::Long => value.is_i64(),
        Type::String => value.is_string(),
        Type::Entity(kind) => {
            let named = value.get("__entity").and_then(|entity| entity.get("type")?.as_str());
            let wanted = match kind {
                EntityKind::Entity(lub) => lub.get_single_entity().map(ToString::to_string),
                EntityKind::AnyEntity => None,
            };
            named.is_some_and(|named| wanted.is_none_or(|wanted| wanted == named))
        }
        Type::ExtensionType { name } => {
            let made_by = value.get("__extn").and_then(|call| call.get("fn")?.as_str());
            let made = match made_by {
                Some("ip") => "ipaddr",
                Some("offset") => "datetime",
                other => other.unwrap_or_default(),
            };
            made == name.to_string()
        }
        Type::Set { element_type } => value
            .as_array()
            .is_some_and(|all| element_type.as_deref().is_none_or(|element| all.iter().all(|one| is_of(one, element)))),
        Type::Record { attrs, .. } => {
            let fields = value.as_object().filter(|fields| !fields.keys().any(|key| key.starts_with("__")));
            fields.is_some_and(|fields| {
                let declared =
                    |(name, value): (&String, &Json)| may_be_at(attrs, std::slice::from_ref(name), Some(value));
                let whole = |(name, field): (_, &AttributeType)| {
                    !field.is_required || fields.contains_key(ToString::to_string(name).as_str())
                };
                fields.iter().all(declared) && attrs.iter().all(whole)
            })
        }
        Type::Never => true,
    }
}

/// The attributes of values of type `ty`, if it has any.
fn fields(ty: &Type, entity: &dyn Fn(&ast::EntityType) -> Option<Attributes>) -> Option<Attributes> {
    match ty {
        Type::Record { attrs, .. } => Some(attrs.clone()),
        Type::Entity(EntityKind::Entity(lub)) => entity(lub.get_single_entity()?),
        _ => None,
    }
}

fn shape(ty: &Type) -> Shape {
    match ty {
        Type::Bool(_) => Shape::Bool,
        Type::Long => Shape::Long,
        Type::String => Shape::String,
        Type::Entity(_) => Shape::Entity,
        Type::ExtensionType { name } => Shape::Extension(name.to_string()),
        Type::Set { element_type } => Shape::Set(Box::new(element_type.as_deref().map_or(Shape::Any, shape))),
        Type::Record { attrs, .. } => record(attrs),
        Type::Never => Shape::Any,
    }
}

fn record(attributes: &Attributes) -> Shape {
    let field = |(name, attribute): (_, &AttributeType)| {
        (ToString::to_string(name), Field { shape: shape(&attribute.attr_type), required: attribute.is_required })
    };
    Shape::Record(attributes.iter().map(field).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cedar_policy::Entities;
    use serde_json::json;

    /// What is let pass is what Cedar takes for an entity with that attribute and nothing else to have.
    #[test]
    fn values_fit_as_cedar_has_it() {
        let types = [
            "Bool",
            "Long",
            "String",
            "User",
            "Team",
            "ipaddr",
            "decimal",
            "datetime",
            "duration",
            "Set<Long>",
            "Set<User>",
            "Set<Set<String>>",
            "{ a: Long }",
            "{ a?: Long, b: { c: String } }",
            "Set<{ a: Long }>",
        ];
        let uid = |ty: &str| json!({"__entity": {"type": ty, "id": "x"}});
        let call = |name: &str, arg: &str| json!({"__extn": {"fn": name, "arg": arg}});
        let values = [
            json!(true),
            json!(3),
            json!("text"),
            uid("User"),
            uid("Team"),
            call("ip", "10.0.0.1"),
            call("decimal", "1.5"),
            call("datetime", "2026-01-01"),
            call("duration", "1h"),
            json!([]),
            json!([1, 2]),
            json!([1, "x"]),
            json!([uid("User")]),
            json!([uid("Team")]),
            json!([["x"]]),
            json!({}),
            json!({"a": 1}),
            json!({"a": "x"}),
            json!({"a": 1, "z": 1}),
            json!({"b": {"c": "x"}}),
            json!({"a": 1, "b": {"c": "x"}}),
            json!({"b": {}}),
            json!([{"a": 1}]),
        ];
        let path = ["it".to_owned()];
        let mut fitting = 0;
        for ty in types {
            for optional in ["", "?"] {
                let text = format!("entity Team; entity User; entity Thing {{ it{optional}: {ty} }} tags {ty};");
                let (schema, _) = Schema::from_cedarschema_str(&text).unwrap();
                let thing: EntityTypeName = "Thing".parse().unwrap();
                let takes = |attributes: Json, tags: Json| {
                    let entity = json!([{"uid": {"type": "Thing", "id": "x"}, "attrs": attributes, "tags": tags, "parents": []}]);
                    Entities::from_json_value(entity, Some(&schema)).is_ok()
                };
                let nothing = may_have(&schema, &thing, &path, None);
                assert_eq!(nothing, takes(json!({}), json!({})), "{ty}{optional}");
                for value in &values {
                    let fits = may_have(&schema, &thing, &path, Some(value));
                    assert_eq!(fits, takes(json!({"it": value}), json!({})), "{ty}: {value}");
                    fitting += usize::from(fits);
                    if optional == "?" {
                        let tag = may_have_tag(&schema, &thing, Some(value));
                        assert_eq!(tag, takes(json!({}), json!({"k": value})), "tag {ty}: {value}");
                    }
                }
                assert!(!may_have(&schema, &thing, &["other".to_owned()], Some(&json!(1))));
            }
        }
        assert!(fitting > 30);
        let (schema, _) = Schema::from_cedarschema_str("entity Thing { r: { a: Long, b?: Long } };").unwrap();
        let thing: EntityTypeName = "Thing".parse().unwrap();
        let at =
            |path: [&str; 2], value: Option<Json>| may_have(&schema, &thing, &path.map(str::to_owned), value.as_ref());
        assert!(at(["r", "a"], Some(json!(1))) && !at(["r", "a"], Some(json!("x"))) && !at(["r", "a"], None));
        assert!(at(["r", "b"], None) && !at(["r", "c"], Some(json!(1))) && at(["r", "c"], None));
        assert!(may_have(&schema, &"Unknown".parse().unwrap(), &path, Some(&json!(1))));
    }
}
