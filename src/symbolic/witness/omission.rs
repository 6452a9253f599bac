//! What can be left out of a draft.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::EntityUid;

use super::datum::Datum;
use super::draft::Draft;

/// One thing to leave out of a draft, on all sides that have it.
#[derive(Debug, Clone)]
pub(super) enum Omission {
    Context(Vec<String>),
    Attribute(EntityUid, Vec<String>),
    Tag(EntityUid, String),
    Parent(EntityUid, EntityUid),
    Element(Option<EntityUid>, Vec<String>, Datum),
}

/// What could be left out of a draft, what the schema requires among it.
pub(super) fn omissions(draft: &Draft) -> Vec<Omission> {
    let mut all = Vec::new();
    within(&draft.context, &mut Vec::new(), &mut |path, element| {
        all.push(match element {
            None => Omission::Context(path.to_vec()),
            Some(element) => Omission::Element(None, path.to_vec(), element.clone()),
        });
    });
    for (uid, entity) in &draft.entities {
        all.extend(entity.parents.iter().map(|parent| Omission::Parent(uid.clone(), parent.clone())));
        all.extend(entity.tags.keys().map(|tag| Omission::Tag(uid.clone(), tag.clone())));
        within(&entity.attributes, &mut Vec::new(), &mut |path, element| {
            all.push(match element {
                None => Omission::Attribute(uid.clone(), path.to_vec()),
                Some(element) => Omission::Element(Some(uid.clone()), path.to_vec(), element.clone()),
            });
        });
    }
    all
}

/// Every field, and every element of a set, with its path.
fn within(fields: &BTreeMap<String, Datum>, path: &mut Vec<String>, visit: &mut dyn FnMut(&[String], Option<&Datum>)) {
    for (name, value) in fields {
        path.push(name.clone());
        visit(path, None);
        match value {
            Datum::Record(inner) => within(inner, path, visit),
            Datum::Set(elements) => elements.iter().for_each(|element| visit(path, Some(element))),
            _ => {}
        }
        path.pop();
    }
}

/// Whether a membership that was left out on two sides follows from others on one: it would then differ between the
/// sides.
pub(super) fn still_follows(drafts: &[Draft], omission: &Omission) -> bool {
    let Omission::Parent(uid, parent) = omission else { return false };
    let follows = |draft: &Draft| {
        let (mut reached, mut open) = (BTreeSet::new(), vec![uid]);
        while let Some(at) = open.pop() {
            for next in draft.entities.get(at).into_iter().flat_map(|entity| &entity.parents) {
                if reached.insert(next) {
                    open.push(next);
                }
            }
        }
        reached.contains(parent)
    };
    drafts.len() > 1 && drafts.iter().any(follows)
}

/// Leaves it out; whether it was there.
pub(super) fn omit(draft: &mut Draft, omission: &Omission) -> bool {
    match omission {
        Omission::Context(path) => remove(&mut draft.context, path),
        Omission::Attribute(uid, path) => {
            draft.entities.get_mut(uid).is_some_and(|entity| remove(&mut entity.attributes, path))
        }
        Omission::Tag(uid, tag) => draft.entities.get_mut(uid).is_some_and(|entity| entity.tags.remove(tag).is_some()),
        Omission::Parent(uid, parent) => {
            draft.entities.get_mut(uid).is_some_and(|entity| entity.parents.remove(parent))
        }
        Omission::Element(None, path, element) => remove_element(&mut draft.context, path, element),
        Omission::Element(Some(uid), path, element) => {
            draft.entities.get_mut(uid).is_some_and(|entity| remove_element(&mut entity.attributes, path, element))
        }
    }
}

fn remove(fields: &mut BTreeMap<String, Datum>, path: &[String]) -> bool {
    match path {
        [] => false,
        [last] => fields.remove(last).is_some(),
        [first, rest @ ..] => match fields.get_mut(first) {
            Some(Datum::Record(inner)) => remove(inner, rest),
            _ => false,
        },
    }
}

fn remove_element(fields: &mut BTreeMap<String, Datum>, path: &[String], element: &Datum) -> bool {
    match path {
        [] => false,
        [last] => match fields.get_mut(last) {
            Some(Datum::Set(elements)) => elements.remove(element),
            _ => false,
        },
        [first, rest @ ..] => match fields.get_mut(first) {
            Some(Datum::Record(inner)) => remove_element(inner, rest, element),
            _ => false,
        },
    }
}
