//! Where things are declared: types, actions and attributes in the schema, entities in their files, templates and
//! their links in theirs.

use cedar_policy::EntityUid;
use serde_json::{Value, json};

use super::cursor::{Cursor, Thing, uid};
use super::positions::Lines;
use super::uri::uri_of;
use super::view::{View, admitted, namespace};
use crate::data::Item;
use crate::repo::{Policy, Store, declared_at};
use crate::text::{Location, SourceFile, Span};

/// The places, as the protocol has them.
pub(super) fn definition(view: &View<'_>, at: usize) -> Vec<Value> {
    let mut found: Vec<Location> = Vec::new();
    if view.is_policies() || view.is_schema() {
        found.extend(of_thing(view, at));
    }
    if found.is_empty() {
        // From a template to its links, and from a link to its template.
        for (template, store) in templates_at(view, at) {
            let index = store.policies.iter().position(|one| one.key == template.key);
            let links = store.links.iter().filter(|link| Some(link.template) == index);
            found.extend(links.map(|link| link.location.clone()));
        }
        for store in view.stores() {
            let here = store.links.iter().filter(|link| covers(&link.location, view.path, at));
            found.extend(here.filter_map(|link| store.policies.get(link.template)).map(Policy::head));
        }
    }
    found.sort();
    found.dedup();
    found.iter().map(|place| location(view, place)).collect()
}

fn covers(location: &Location, path: &str, at: usize) -> bool {
    let span = location.shown().span;
    location.path() == path && span.start <= at && at <= span.end
}

/// The templates whose id, effect or annotations are at the byte `at`, each with its store.
pub(super) fn templates_at<'v>(view: &View<'v>, at: usize) -> Vec<(&'v Policy, &'v Store)> {
    let templates = view.stores().flat_map(|store| store.policies.iter().map(move |policy| (policy, store)));
    let head = |policy: &Policy| {
        let place = &policy.location;
        let end = place.text().find('(').map_or(place.span.end, |at| place.span.start + at);
        // An id has brackets of its own.
        let end = end.max(policy.head().span.end.min(place.span.end));
        Location::new(&place.file, Span::new(place.span.start, end))
    };
    let mut found: Vec<_> =
        templates.filter(|(policy, _)| policy.body.is_template() && covers(&head(policy), view.path, at)).collect();
    found.dedup_by_key(|(policy, _)| policy.location.span);
    found
}

fn of_thing(view: &View<'_>, at: usize) -> Vec<Location> {
    let text = &view.document.text;
    let cursor = Cursor::new(text, at);
    let Some((thing, _)) = cursor.thing() else { return Vec::new() };
    let schema = view.schema();
    let declared = |what: &str| schema.and_then(|schema| declared_at(schema, what));
    match thing {
        Thing::Attribute(way) => {
            let (Some(schema), Some((name, way))) = (schema, way.split_last()) else { return Vec::new() };
            let (found, _) = admitted(&schema.cedar, cursor.scope()).at(&schema.cedar, way);
            let named = found.iter().filter(|(_, one)| one.name == *name);
            named.filter_map(|(owner, one)| declared(&format!("{owner}.{}", one.name))).collect()
        }
        Thing::Type(name) => {
            let inside = view.is_schema().then(|| namespace(text, at)).flatten();
            let inside = inside.and_then(|namespace| declared(&format!("{namespace}::{name}")));
            inside.or_else(|| declared(&name)).into_iter().collect()
        }
        Thing::Entity { ty, id } => {
            let Some(uid) = uid(&ty, &id) else { return Vec::new() };
            if schema.is_some_and(|schema| schema.cedar.actions().any(|one| *one == uid)) {
                return declared(&uid.to_string()).into_iter().collect();
            }
            let places = entity_places(view, &uid);
            if places.is_empty() { declared(&ty).into_iter().collect() } else { places }
        }
        Thing::Variable(_) | Thing::Annotation(_) => Vec::new(),
    }
}

/// Where the entity files of the document's stores have `uid`.
fn entity_places(view: &View<'_>, uid: &EntityUid) -> Vec<Location> {
    let mut places = Vec::new();
    let mut seen = Vec::new();
    for path in view.stores().flat_map(|store| &store.files).filter(|path| path.ends_with(".json")) {
        if seen.contains(path) {
            continue;
        }
        seen.push(path.clone());
        let Some(text) = view.look.text(path) else { continue };
        let id: &str = uid.id().as_ref();
        let file = SourceFile::new(path.as_str(), text);
        // Most files do not have it, and need not be read for that.
        if !file.text().contains("\"uid\"") || !file.text().contains(id.split(['"', '\\']).next().unwrap_or_default()) {
            continue;
        }
        let Ok(item) = Item::of_json(&file) else { continue };
        let ty = uid.type_name().to_string();
        for entity in item.items() {
            let Some(named) = entity.get("uid") else { continue };
            let named = named.get("__entity").unwrap_or(named);
            if named.text_of("type") == Some(&*ty) && named.text_of("id") == Some(id) {
                places.push(Location::new(&file, named.span));
            }
        }
    }
    places
}

/// `place` as the protocol has it.
fn location(view: &View<'_>, place: &Location) -> Value {
    let shown = place.shown();
    let file = place.shown_file();
    let encoding = view.client.encoding;
    match view.snapshot.documents.get(place.path()) {
        Some(document) => {
            json!({ "uri": document.uri, "range": Lines::new(&document.text, encoding).range(shown.span) })
        }
        None => json!({
            "uri": uri_of(&view.editing.root().join(place.path())),
            "range": Lines::of_file(file.text(), encoding).range(shown.span),
        }),
    }
}
