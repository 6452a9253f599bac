//! Template links: files of `template_id`, `link_id`, `args`, and the `templateLinks` of a JSON policy set.

use std::collections::HashMap;
use std::sync::Arc;

use cedar_policy::{EntityUid, SlotId};

use super::found::{FoundLink, PolicyFile};
use crate::data::json::Node;
use crate::finding::{Finding, Level};
use crate::repo::files::whole;
use crate::repo::rules::LINK_ERROR;
use crate::text::{Location, SourceFile};

/// Reads a links file: an array of objects with `template_id`, `link_id` and `args`. An empty file holds no links, as
/// for the `cedar` command line.
pub(super) fn read(file: &Arc<SourceFile>) -> PolicyFile {
    let mut out = PolicyFile::default();
    let text = file.parse_text();
    if text.trim().is_empty() {
        return out;
    }
    let entries = Node::parse(file, &text).map_err(|error| (error.span, format!("not JSON: {}", error.message)));
    let entries = entries.and_then(|root| {
        let wanted = || (whole(file).span, format!("a links file is an array of links, and this is {}", root.kind()));
        root.elements().ok_or_else(wanted)
    });
    match entries {
        Err((span, message)) => {
            out.broken = true;
            out.findings.push(Finding::new(LINK_ERROR.id, Level::Error, Location::new(file, span), message));
        }
        Ok(entries) => {
            for entry in entries {
                match one(file, entry, ["template_id", "link_id", "args"]) {
                    Ok(link) => out.links.push(link),
                    Err(message) => {
                        out.broken = true;
                        let place = Location::new(file, entry.span());
                        let finding = Finding::new(LINK_ERROR.id, Level::Error, place, message);
                        out.findings.push(finding.help(
                            "a link is written {\"template_id\": \"...\", \"link_id\": \"...\", \"args\": \
                             {\"?principal\": \"User::\\\"a\\\"\"}}",
                        ));
                    }
                }
            }
        }
    }
    out
}

/// One entry of `templateLinks`.
pub(super) fn from_policy_set(file: &Arc<SourceFile>, entry: Node<'_>) -> Result<FoundLink, String> {
    one(file, entry, ["templateId", "newId", "values"])
}

fn one(file: &Arc<SourceFile>, entry: Node<'_>, names: [&str; 3]) -> Result<FoundLink, String> {
    let fields = entry.fields().ok_or_else(|| format!("a link is an object, and this is {}", entry.kind()))?;
    let [template_key, id_key, args_key] = names;
    let get = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, node)| *node);
    let text = |name: &str| {
        let node = get(name).ok_or_else(|| format!("this link has no `{name}`"))?;
        node.string().map(|text| text.into_owned()).ok_or_else(|| format!("`{name}` is a string"))
    };
    if let Some((unknown, _)) = fields.iter().find(|(key, _)| !names.contains(&key.as_ref())) {
        return Err(format!("unknown key `{unknown}` in a link"));
    }
    let slots = match get(args_key) {
        None => Vec::new(),
        Some(node) => node.fields().ok_or_else(|| format!("`{args_key}` is an object from slots to entities"))?,
    };
    let mut args = Vec::new();
    for (slot, value) in slots {
        let uid = match value.string() {
            Some(text) => text.into_owned(),
            None => {
                let json = value.value().unwrap_or_default();
                EntityUid::from_json(json).map_err(|error| format!("slot `{slot}`: {error}"))?.to_string()
            }
        };
        args.push((slot.into_owned(), uid));
    }
    Ok(FoundLink {
        template: text(template_key)?,
        id: text(id_key)?,
        args,
        location: Location::new(file, entry.span()),
    })
}

/// The slots of a link as Cedar takes them.
pub(super) fn values(link: &FoundLink) -> Result<HashMap<SlotId, EntityUid>, String> {
    let mut values = HashMap::new();
    for (slot, uid) in &link.args {
        let slot = match slot.as_str() {
            "?principal" => SlotId::principal(),
            "?resource" => SlotId::resource(),
            other => return Err(format!("there is no slot `{other}`; Cedar has `?principal` and `?resource`")),
        };
        let uid = uid.parse::<EntityUid>().map_err(|error| format!("`{uid}` is not an entity: {error}"))?;
        values.insert(slot, uid);
    }
    Ok(values)
}
