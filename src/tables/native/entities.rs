//! Reading entities as a table writes them.

use std::collections::HashSet;

use super::fields::{Fields, text, unknown};
use super::model::Overlay;
use crate::data::{Entry, Fault, Kind, Said, Tree};
use crate::text::{Span, inline};

/// Entities as Cedar's JSON lists them, or as a mapping by uid.
pub(super) fn overlays(tree: &Tree, what: &str, faults: &mut Vec<Fault>) -> Vec<Overlay> {
    match &tree.kind {
        Kind::List(items) => {
            let all: Vec<Overlay> = items.iter().filter_map(|item| listed(item, faults)).collect();
            let mut seen = HashSet::new();
            for overlay in all.iter().filter(|overlay| !seen.insert(overlay.uid.value.as_str())) {
                let message = format!("{} is given twice", inline(&overlay.uid.value));
                faults.push(Fault::new(message).at(overlay.uid.span));
            }
            all
        }
        Kind::Map(entries) => entries
            .iter()
            .filter_map(|Entry { key, value }| {
                if value.kind == Kind::Null {
                    let (uid, span) = (key.clone(), key.span);
                    return Some(Overlay { span, uid, attrs: Vec::new(), tags: Vec::new(), parents: None });
                }
                overlay(Some(key.clone()), value, &["attrs", "parents", "tags"], faults)
            })
            .collect(),
        Kind::Wrong(fault) => {
            faults.push((**fault).clone());
            Vec::new()
        }
        _ => {
            let help = "such as { 'User::\"alice\"': { attrs: { age: 42 }, parents: ['Team::\"a\"'] } }";
            let message = format!("{what} maps entities to what they are, and this is {}", tree.what());
            faults.push(Fault::new(message).help(help).at(tree.span));
            Vec::new()
        }
    }
}

fn listed(item: &Tree, faults: &mut Vec<Fault>) -> Option<Overlay> {
    let uid = item.get("uid").and_then(|tree| entity(tree, "`uid`", faults));
    if uid.is_none() && item.entries().is_some() && item.get("uid").is_none() {
        faults.push(Fault::new("this entity has no `uid`").at(item.span));
    }
    overlay(uid, item, &["uid", "attrs", "parents", "tags"], faults)
}

fn overlay(uid: Option<Said<String>>, tree: &Tree, known: &[&str], faults: &mut Vec<Fault>) -> Option<Overlay> {
    let span = Span::new(uid.as_ref().map_or(tree.span, |uid| uid.span).start.min(tree.span.start), tree.span.end);
    let mut fields = Fields::of(tree, "an entity", known, faults)?;
    let mut entries = |key: &str| match fields.get(key).map(|tree| (tree, &tree.kind)) {
        None => Vec::new(),
        Some((_, Kind::Map(entries))) => entries.clone(),
        Some((tree, _)) => {
            let message = format!("`{key}` is a mapping, and this is {}", tree.what());
            fields.fault(Fault::new(message).at(tree.span));
            Vec::new()
        }
    };
    let (attrs, tags) = (entries("attrs"), entries("tags"));
    let parents = fields.get("parents").map(|tree| match &tree.kind {
        Kind::List(items) => {
            items.iter().filter_map(|item| entity(item, "an item of `parents`", fields.faults())).collect()
        }
        _ => entity(tree, "`parents`", fields.faults()).into_iter().collect(),
    });
    Some(Overlay { span, uid: uid?, attrs, tags, parents })
}

/// An entity as text, or as Cedar's JSON writes it.
fn entity(tree: &Tree, what: &str, faults: &mut Vec<Fault>) -> Option<Said<String>> {
    let inner = tree.get("__entity").unwrap_or(tree);
    if let (Some(entries), true) = (inner.entries(), inner.get("type").is_some() || inner.get("id").is_some()) {
        unknown(entries, what, &["type", "id"], faults);
        let before = faults.len();
        inner.faults(faults);
        if faults.len() > before {
            return None;
        }
    }
    let part = |name: &str| match inner.get(name).map(|tree| &tree.kind) {
        Some(Kind::Text(text)) => Some(text),
        _ => None,
    };
    match (part("type"), part("id")) {
        (Some(ty), Some(id)) => Some(Said { value: format!("{ty}::\"{}\"", id.escape_debug()), span: tree.span }),
        _ => text(tree, what, faults),
    }
}
