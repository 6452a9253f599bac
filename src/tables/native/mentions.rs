//! What overlays name, and where.

use cedar_policy::{Entities, EntityUid};

use super::model::Overlay;
use crate::data::{Entry, Kind, Said, Tree};
use crate::repo::cedar::{direct_parents, entity_values};
use crate::tables::known::Part;
use crate::tables::uid::parse;
use crate::text::Span;

/// An entity that an overlay is about or names.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) uid: EntityUid,
    pub(super) part: Part,
    /// Which of the overlays it is.
    pub(super) overlay: usize,
}

/// The entities that `overlays` are about or name, as they stand in `laid`, but for those that `base` has, and what
/// `base` has them name already.
pub(super) fn names(overlays: &[Overlay], laid: &Entities, base: &Entities) -> Vec<Name> {
    let mut found = Vec::new();
    for (at, overlay) in overlays.iter().enumerate() {
        let Ok(uid) = parse(&overlay.uid.value) else { continue };
        let parents = |entities: &Entities| entities.get(&uid).map(direct_parents).unwrap_or_default();
        let values = |entities: &Entities| entities.get(&uid).map(entity_values).unwrap_or_default();
        let before: Vec<EntityUid> = parents(base).into_iter().chain(values(base)).collect();
        let parents = parents(laid).into_iter().map(|uid| (uid, Part::Parent));
        let values = values(laid).into_iter().map(|uid| (uid, Part::Value));
        let all = [(uid.clone(), Part::Overlay)].into_iter().chain(parents).chain(values);
        let new = all.filter(|(uid, _)| base.get(uid).is_none() && !before.contains(uid));
        found.extend(new.map(|(uid, part)| Name { uid, part, overlay: at }));
    }
    found
}

/// Where `overlay` names `uid` as `part` of it.
pub(super) fn place_in(overlay: &Overlay, uid: &EntityUid, part: Part) -> Span {
    let is = |said: &&Said<String>| parse(&said.value).is_ok_and(|found| found == *uid);
    let found = match part {
        Part::Parent => overlay.parents.iter().flatten().find(is).map(|said| said.span),
        Part::Value => within(uid, &overlay.attrs).or_else(|| within(uid, &overlay.tags)),
        Part::Principal | Part::Resource | Part::Overlay => None,
    };
    found.unwrap_or(overlay.uid.span)
}

/// Where one of `entries` holds `uid`.
pub(super) fn within(uid: &EntityUid, entries: &[Entry]) -> Option<Span> {
    entries.iter().find_map(|entry| holds(uid, &entry.value))
}

fn holds(uid: &EntityUid, tree: &Tree) -> Option<Span> {
    let id: &str = uid.id().as_ref();
    match &tree.kind {
        Kind::Text(text) => parse(text).is_ok_and(|found| found == *uid).then_some(tree.span),
        // A cell may hold JSON.
        Kind::Cell(text) => text.contains(id).then_some(tree.span),
        Kind::List(items) => items.iter().find_map(|item| holds(uid, item)),
        Kind::Map(entries) => {
            let is = |key: &str, wanted: &str| matches!(tree.get(key).map(|tree| &tree.kind), Some(Kind::Text(text)) if text == wanted);
            if is("id", id) && is("type", &uid.type_name().to_string()) {
                return Some(tree.span);
            }
            within(uid, entries)
        }
        Kind::Null | Kind::Bool(_) | Kind::Long(_) | Kind::Wrong(_) => None,
    }
}
