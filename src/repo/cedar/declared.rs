//! What a schema declares, for people who read it or write by it: types as the validator says them, declarations as
//! they could be written.

use std::fmt::Write;

use cedar_policy::{EntityTypeName, EntityUid, Schema};
use cedar_policy_core::validator::types::{AttributeType, Attributes, EntityKind, Type};
use cedar_policy_core::validator::{ValidatorEntityTypeKind, ValidatorSchema};

/// What a string says that is written as `text` between quotes; `None` where it cannot be read.
#[must_use]
pub fn string_of(text: &str) -> Option<String> {
    cedar_policy_core::parser::unescape::to_unescaped_string(text).ok().map(|read| read.to_string())
}

/// What can be asked of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// It is a truth value, a number, text, or nothing that is known.
    Plain,
    /// It is an entity of this type.
    Entity(EntityTypeName),
    /// It is a set.
    Set,
    /// It is a record.
    Record(Vec<Attribute>),
    /// It is of an extension type of this name.
    Extension(String),
}

/// An attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type as Cedar writes it.
    pub ty: String,
    /// Whether it has to be there.
    pub required: bool,
    /// What can be asked of its value.
    pub kind: Kind,
}

/// The attributes of entities of type `ty`, by name, and the type of their tags; `None` where `schema` knows no such
/// type.
#[must_use]
pub fn entity_attributes(schema: &Schema, ty: &EntityTypeName) -> Option<(Vec<Attribute>, Option<String>)> {
    let schema: &ValidatorSchema = schema.as_ref();
    let found = schema.get_entity_type(ty.as_ref())?;
    Some((attributes(found.attributes()), found.tag_type().map(ToString::to_string)))
}

/// The attributes of the context of `action`; `None` where `schema` knows no such action.
#[must_use]
pub fn context_attributes(schema: &Schema, action: &EntityUid) -> Option<Vec<Attribute>> {
    let schema: &ValidatorSchema = schema.as_ref();
    match schema.context_type(action.as_ref())? {
        Type::Record { attrs, .. } => Some(attributes(attrs)),
        _ => None,
    }
}

/// The declaration of the type `ty` in Cedar's syntax; `None` where `schema` knows no such type.
#[must_use]
pub fn entity_declaration(schema: &Schema, ty: &EntityTypeName) -> Option<String> {
    let of: &ValidatorSchema = schema.as_ref();
    let found = of.get_entity_type(ty.as_ref())?;
    if let ValidatorEntityTypeKind::Enum(ids) = &found.kind {
        let ids: Vec<String> = ids.iter().map(|id| format!("\"{}\"", id.escaped())).collect();
        return Some(format!("entity {ty} enum [{}];", ids.join(", ")));
    }
    let mut text = format!("entity {ty}");
    let mut above: Vec<String> = schema.ancestors(ty).into_iter().flatten().map(ToString::to_string).collect();
    above.sort();
    if !above.is_empty() {
        let _ = write!(text, " in [{}]", above.join(", "));
    }
    let attributes = attributes(found.attributes());
    if !attributes.is_empty() {
        let _ = write!(text, " {}", record(&attributes, 0));
    }
    if let Some(tags) = found.tag_type() {
        let _ = write!(text, " tags {tags}");
    }
    Some(format!("{text};"))
}

/// The declaration of `action` in Cedar's syntax; `None` where `schema` knows no such action.
#[must_use]
pub fn action_declaration(schema: &Schema, action: &EntityUid) -> Option<String> {
    if !schema.actions().any(|known| known == action) {
        return None;
    }
    let mut text = format!("action \"{}\"", action.id().escaped());
    let entities = schema.action_entities().ok();
    let groups = entities.as_ref().and_then(|entities| entities.ancestors(action));
    let mut groups: Vec<String> = groups.into_iter().flatten().map(ToString::to_string).collect();
    groups.sort();
    if !groups.is_empty() {
        let _ = write!(text, " in [{}]", groups.join(", "));
    }
    let names = |types: &mut dyn Iterator<Item = &EntityTypeName>| {
        let mut names: Vec<String> = types.map(ToString::to_string).collect();
        names.sort();
        names.dedup();
        names.join(", ")
    };
    let principals = names(&mut schema.principals_for_action(action).into_iter().flatten());
    let resources = names(&mut schema.resources_for_action(action).into_iter().flatten());
    if !principals.is_empty() || !resources.is_empty() {
        let _ = write!(text, " appliesTo {{\n  principal: [{principals}],\n  resource: [{resources}],\n");
        let context = context_attributes(schema, action).unwrap_or_default();
        if !context.is_empty() {
            let _ = writeln!(text, "  context: {},", record(&context, 1));
        }
        text.push('}');
    }
    Some(format!("{text};"))
}

/// A record as a schema writes it, inside of so many others.
fn record(attributes: &[Attribute], depth: usize) -> String {
    let indent = "  ".repeat(depth + 1);
    let mut text = "{\n".to_owned();
    for attribute in attributes {
        let optional = if attribute.required { "" } else { "?" };
        let ty = match &attribute.kind {
            Kind::Record(inside) if !inside.is_empty() => record(inside, depth + 1),
            _ => attribute.ty.clone(),
        };
        let _ = writeln!(text, "{indent}{}{optional}: {ty},", key(&attribute.name));
    }
    let _ = write!(text, "{}}}", "  ".repeat(depth));
    text
}

/// The name of an attribute as a schema writes it.
fn key(name: &str) -> String {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit());
    if plain { name.to_owned() } else { format!("\"{}\"", name.escape_debug()) }
}

fn attributes(attributes: &Attributes) -> Vec<Attribute> {
    let one = |(name, attribute): (_, &AttributeType)| Attribute {
        name: ToString::to_string(name),
        ty: attribute.attr_type.to_string(),
        required: attribute.is_required,
        kind: kind(&attribute.attr_type),
    };
    attributes.iter().map(one).collect()
}

fn kind(ty: &Type) -> Kind {
    match ty {
        Type::Entity(EntityKind::Entity(lub)) => match lub.get_single_entity() {
            Some(ty) => Kind::Entity(ty.clone().into()),
            None => Kind::Plain,
        },
        Type::Set { .. } => Kind::Set,
        Type::Record { attrs, .. } => Kind::Record(attributes(attrs)),
        Type::ExtensionType { name } => Kind::Extension(name.to_string()),
        Type::Never | Type::Bool(_) | Type::Long | Type::String | Type::Entity(_) => Kind::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declarations_can_be_read_again() {
        let text = "entity Team; entity Mood enum [\"glad\", \"sa\\\"d\"];\n\
                    entity User in [Team] { name: String, \"two words\"?: { a: Long, b: Set<Team> } } tags String;\n\
                    action all; action view in [all] appliesTo { principal: User, resource: [Team, User], context: { at: datetime } };";
        let schema = Schema::from_cedarschema_str(text).unwrap().0;
        let types = ["Mood", "Team", "User"].map(|ty| entity_declaration(&schema, &ty.parse().unwrap()).unwrap());
        let actions = ["all", "view"]
            .map(|id| action_declaration(&schema, &format!("Action::\"{id}\"").parse().unwrap()).unwrap());
        let again = [types.join("\n"), actions.join("\n")].join("\n");
        let (again, _) = Schema::from_cedarschema_str(&again).unwrap_or_else(|error| panic!("{error}: {again}"));
        assert!(super::super::same_schema(&schema, &again));
        assert!(entity_declaration(&schema, &"Gone".parse().unwrap()).is_none());
        assert!(action_declaration(&schema, &"Action::\"gone\"".parse().unwrap()).is_none());
        let (user, tags) = entity_attributes(&schema, &"User".parse().unwrap()).unwrap();
        let shown: Vec<_> = user.iter().map(|one| (one.name.as_str(), one.ty.as_str(), one.required)).collect();
        assert_eq!(shown, [("name", "String", true), ("two words", "{a: Long,b: Set<Team>,}", false)]);
        assert_eq!(tags.as_deref(), Some("String"));
    }
}
