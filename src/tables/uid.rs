//! Entities as tables write them.

use cedar_policy::{Entities, Entity, EntityId, EntityTypeName, EntityUid, Policy, PrincipalConstraint};

use crate::data::Fault;
use crate::repo::cedar::fault;
use crate::text::{inline, nearest};

/// The type and the id of an entity whose id has nothing to unescape: the common shape, which needs no parser, and
/// which takes ids that Cedar would write with an escape (`User::"o'brien"`).
pub(super) fn plain(text: &str) -> Option<(&str, &str)> {
    let (ty, quoted) = text.split_once("::\"")?;
    quoted.strip_suffix('"').filter(|id| !id.contains(['"', '\\'])).map(|id| (ty, id))
}

/// An entity in Cedar's syntax.
pub(super) fn parse(text: &str) -> Result<EntityUid, Fault> {
    if let Some((ty, id)) = plain(text)
        && let Ok(ty) = ty.parse::<EntityTypeName>()
    {
        return Ok(EntityUid::from_type_name_and_id(ty, EntityId::new(id)));
    }
    let error: cedar_policy::ParseErrors = match text.parse() {
        Ok(uid) => return Ok(uid),
        Err(error) => error,
    };
    // Ids with other escapes than Cedar would write, which it takes in policies.
    if let Some(uid) = as_in_policies(text) {
        return Ok(uid);
    }
    let shown = inline(text);
    let why = fault(&error).message;
    // Of text that looks like an entity, Cedar says what is wrong with it.
    let message = match text.contains("::\"") {
        true => format!("`{shown}` is not an entity: {}", inline(&why)),
        false => format!("`{shown}` is not an entity"),
    };
    Err(Fault::new(message).help("an entity is written 'Type::\"id\"'"))
}

/// The entity that `text` is in the scope of a policy.
fn as_in_policies(text: &str) -> Option<EntityUid> {
    let policy = Policy::parse(None, format!("permit(principal == {text}, action, resource);")).ok()?;
    match policy.principal_constraint() {
        PrincipalConstraint::Eq(uid) => Some(uid),
        _ => None,
    }
}

/// The entity among `entities` that `uid`, which is none of them, is probably meant for.
pub(super) fn meant(uid: &EntityUid, entities: &Entities) -> Option<EntityUid> {
    let same = entities.iter().map(Entity::uid).filter(|other| other.type_name() == uid.type_name());
    let ids: Vec<EntityId> = same.map(|uid| uid.id().clone()).collect();
    let known = ids.iter().map(AsRef::<str>::as_ref).filter(|id| slip(uid.id().as_ref(), id));
    let near = nearest(uid.id().as_ref(), known).map(EntityId::new)?;
    Some(EntityUid::from_type_name_and_id(uid.type_name().clone(), near))
}

/// Whether one of two ids could be a slip for the other: long enough to tell, and not two of a numbered series.
fn slip(one: &str, other: &str) -> bool {
    let letters = |id: &str| id.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    one.chars().count().min(other.chars().count()) >= 5 && letters(one) != letters(other)
}
