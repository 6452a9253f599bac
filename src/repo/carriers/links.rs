//! Links of templates as carriers write them, as a file of links would have them.

use serde_json::{Value, json};

/// The file that holds the one link `id` of `template`, with the entity of each slot in Cedar's syntax.
pub(super) fn text(id: &str, template: &str, principal: Option<&str>, resource: Option<&str>) -> String {
    let slots = [("?principal", principal), ("?resource", resource)];
    let args: serde_json::Map<String, Value> =
        slots.into_iter().filter_map(|(slot, entity)| Some((slot.to_owned(), entity?.into()))).collect();
    json!([{ "template_id": template, "link_id": id, "args": args }]).to_string()
}

/// The entity of type `ty` called `id`, in Cedar's syntax.
pub(super) fn entity(ty: &str, id: &str) -> String {
    format!("{ty}::\"{}\"", id.escape_debug())
}
