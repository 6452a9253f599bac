//! The kinds of requests that there are: for each action, who may ask about what.

use std::collections::BTreeSet;

use cedar_policy::{Context, Entities, EntityTypeName, EntityUid, Schema};

use super::asked::{Asked, Names, Subject, is_action};
use crate::decide;
use crate::repo::cedar::enumeration;

/// A kind of request, and on which sides there is one.
pub(super) struct Kind {
    pub(super) census: decide::Kind,
    /// The types of principal and resource.
    pub(super) types: [EntityTypeName; 2],
    /// Whether the old and the new side have requests of this kind.
    pub(super) valid: [bool; 2],
}

/// The entities of a type.
fn entities(all: &Entities, schema: Option<&Schema>, ty: &EntityTypeName) -> Vec<EntityUid> {
    let mut found: Vec<EntityUid> = all.iter().map(|entity| entity.uid()).filter(|uid| uid.type_name() == ty).collect();
    // What an enumeration lists is there without being in a file.
    let listed = schema.and_then(|schema| enumeration(schema, ty));
    found.extend(listed.into_iter().flatten());
    found.sort_unstable();
    found.dedup();
    found
}

/// The kinds of requests of both sides that `asked` is about. Of a context that does not fit an action, gives why.
pub(super) fn kinds(
    sides: [Option<Names<'_>>; 2],
    all: &Entities,
    asked: &Asked,
    context: Option<&str>,
) -> (Vec<Kind>, Vec<(EntityUid, String)>) {
    let (mut kinds, mut unfit): (Vec<Kind>, Vec<(EntityUid, String)>) = (Vec::new(), Vec::new());
    for (side, names) in sides.iter().enumerate() {
        let Some(names) = names else { continue };
        for (action, types) in pairs(names, asked) {
            if let Some(known) = kinds.iter_mut().find(|kind| kind.census.action == action && kind.types == types) {
                if let Some(valid) = known.valid.get_mut(side) {
                    *valid = true;
                }
                continue;
            }
            if unfit.iter().any(|(known, _)| *known == action) {
                continue;
            }
            let schema = names.schema.map(|schema| (schema, &action));
            let read = |text: &str| Context::from_json_str(text, schema).map_err(|error| error.to_string());
            let context = match context.map(read).transpose() {
                Ok(context) => context,
                Err(why) => {
                    unfit.push((action.clone(), why));
                    continue;
                }
            };
            let of = |ty: &EntityTypeName, subject: &Subject| {
                let mut found = entities(all, names.schema, ty);
                found.retain(|uid| subject.takes(uid));
                found
            };
            let [principal, resource] = &types;
            let (principals, resources) = (of(principal, &asked.principal), of(resource, &asked.resource));
            let mut valid = [false, false];
            if let Some(valid) = valid.get_mut(side) {
                *valid = true;
            }
            let census = decide::Kind { action: action.clone(), principals, resources, context };
            kinds.push(Kind { census, types, valid });
        }
    }
    kinds.sort_by(|one, other| (&one.census.action, &one.types).cmp(&(&other.census.action, &other.types)));
    (kinds, unfit)
}

/// Actions with the types that go with them: all, where no schema says which.
fn pairs(names: &Names<'_>, asked: &Asked) -> Vec<(EntityUid, [EntityTypeName; 2])> {
    let wanted = |action: &EntityUid| asked.action.as_ref().is_none_or(|asked| asked == action);
    match names.schema {
        Some(schema) => schema
            .request_envs()
            .filter(|environment| {
                wanted(environment.action())
                    && asked.principal.takes_type(environment.principal())
                    && asked.resource.takes_type(environment.resource())
            })
            .map(|one| (one.action().clone(), [one.principal().clone(), one.resource().clone()]))
            .collect(),
        None => {
            let mut actions = names.actions();
            actions.extend(asked.action.clone());
            let stored = names.entities.into_iter().flat_map(Entities::iter).map(|entity| entity.uid());
            let types: BTreeSet<EntityTypeName> =
                stored.filter(|uid| !is_action(uid)).map(|uid| uid.type_name().clone()).collect();
            let mut all = Vec::new();
            for action in actions.into_iter().filter(wanted) {
                for principal in types.iter().filter(|ty| asked.principal.takes_type(ty)) {
                    for resource in types.iter().filter(|ty| asked.resource.takes_type(ty)) {
                        all.push((action.clone(), [principal.clone(), resource.clone()]));
                    }
                }
            }
            all
        }
    }
}
