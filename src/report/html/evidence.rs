//! A request that shows something, on one line, and as JSON behind a fold.

use serde_json::json;

use super::markup::Markup;
use crate::finding::Evidence;
use crate::report::{evidence, json_text};

/// Longer JSON is not shown, in bytes: `--report json` has it.
const LONGEST: usize = 40_000;

/// The request, its context and what is said of its entities; all of it as JSON beneath.
pub(super) fn shown(out: &mut Markup, lead: &'static str, of: &Evidence, old: Option<&Evidence>) {
    let (request, context) = evidence::request(of);
    out.raw("<details class=\"example\"><summary>").raw(lead).raw(": ").code(&request).raw("</summary>");
    let told = evidence::told(of);
    if context.is_some() || !told.is_empty() {
        out.raw("<ul class=\"plain\">");
        if let Some(context) = context {
            out.raw("<li>context ").code(&context).raw("</li>");
        }
        for entity in told {
            out.raw("<li>where ").code(&entity).raw("</li>");
        }
        out.raw("</ul>");
    }
    json(out, of, old);
    out.raw("</details>");
}

/// Request and entities as Cedar's JSON; as the old side has them too, where that differs.
pub(super) fn json(out: &mut Markup, of: &Evidence, old: Option<&Evidence>) {
    let mut value = json!({ "request": of.request, "entities": of.entities });
    if let (Some(old), Some(fields)) = (old, value.as_object_mut()) {
        fields.insert("old_request".to_owned(), old.request.clone());
        fields.insert("old_entities".to_owned(), old.entities.clone());
    }
    let text = json_text::to_text(&value);
    if text.len() > LONGEST {
        out.raw("<p>The request is too long to be shown here; <code>--report json</code> has it.</p>");
        return;
    }
    out.raw("<pre tabindex=\"0\" aria-label=\"the request as JSON\"><code>").lines(&text).raw("</code></pre>");
}
