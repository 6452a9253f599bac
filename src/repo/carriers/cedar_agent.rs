//! cedar-agent: a list of policies with their ids, and its data.

use std::sync::Arc;

use super::documents::documents;
use super::fill::Filled;
use super::spec::{Carried, Content, Home, Neighbours, Read, Role, Spec, speaks_cedar};
use crate::data::Item;
use crate::text::SourceFile;
use crate::text::tokens::words;

pub(super) const SPEC: Spec = Spec {
    name: "a list of policies of cedar-agent",
    endings: &[".json"],
    marks: &["\"content\"", "\"uid\""],
    is_text: true,
    read: Read::File(read),
};

fn read(file: &Arc<SourceFile>, _: &dyn Neighbours) -> Option<Carried> {
    let (found, fault) = documents(file);
    let mut carried = Carried::of(file);
    if let Some(fault) = fault {
        let named = file.text().contains("\"content\"") && file.text().contains("\"id\"");
        return (named && speaks_cedar(file.text())).then(|| Carried::unreadable(file, SPEC.name, &fault));
    }
    let root = found.first()?;
    if file.name() == "data.json" {
        let all = !root.items().is_empty() && root.items().iter().all(|item| is_entity(item));
        if all {
            let own = Content::File(file.path().to_owned());
            carried.add("data", Role::Entities, Home::Around, own);
        }
        return carried.if_any();
    }
    let items = if root.items().is_empty() { std::slice::from_ref(root) } else { root.items() };
    if !items.iter().all(|item| is_policy(item)) {
        return None;
    }
    for item in items {
        let name = item.text_of("id").unwrap_or_default();
        if let Some(text) = item.get("content").and_then(|content| content.mapped(file.text())) {
            carried.add_filled(("policy", name), Role::Policies, Home::Around, Filled::whole(text));
        }
    }
    carried.if_any()
}

fn is_policy(item: &Item) -> bool {
    let known = |key: &str| matches!(key, "id" | "content");
    let text = item.text_of("content").unwrap_or_default();
    let cedar = words(text).any(|word| matches!(word, "permit" | "forbid")) && text.contains('(');
    // What else stands there, such as a description, is no reason to pass over what is plainly a policy.
    let plain = speaks_cedar(text) || item.fields().iter().all(|field| known(&field.key));
    item.text_of("id").is_some() && cedar && plain
}

fn is_entity(item: &Item) -> bool {
    let uid = |key| item.at(&["uid", key]).or_else(|| item.at(&["uid", "__entity", key]));
    uid("type").is_some() && uid("id").is_some() && item.get("attrs").is_some() && item.get("parents").is_some()
}
