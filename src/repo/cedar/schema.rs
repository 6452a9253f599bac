//! What a resolved schema declares.

use cedar_policy::{EntityId, EntityTypeName, EntityUid, RequestEnv, Schema};
use cedar_policy_core::ast;
use cedar_policy_core::validator::types::{AttributeType, Attributes, EntityKind, Type};
use cedar_policy_core::validator::{ValidatorEntityTypeKind, ValidatorSchema};

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
