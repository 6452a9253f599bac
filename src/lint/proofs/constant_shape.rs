//! Policies that differ only in how the entities and strings that they name are called.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::repo::cedar::Body;

/// Functions of a literal whose text has a meaning.
const CONSTRUCTORS: [&str; 4] = ["datetime", "decimal", "duration", "ip"];

/// What two policies have in common that come to the same but for the names in them; `keeps_ids` tells of a type
/// whether it matters which of its entities is named. `None` for what has no shape.
pub(super) fn shape(body: &Body, keeps_ids: &dyn Fn(&str) -> bool) -> Option<String> {
    let Body::Static(policy) = body else { return None };
    let mut json = policy.to_json().ok()?;
    json.as_object_mut()?.remove("annotations");
    // What a pattern takes hangs on the text.
    let keeps_text = json.to_string().contains("\"like\":");
    let mut names = Names { known: HashMap::new(), keeps_ids, keeps_text };
    names.rename(&mut json, false);
    Some(json.to_string())
}

struct Names<'k> {
    known: HashMap<String, usize>,
    keeps_ids: &'k dyn Fn(&str) -> bool,
    keeps_text: bool,
}

impl Names<'_> {
    /// Numbers the names in `json` in the order in which they come; `literal` says that strings there are values.
    fn rename(&mut self, json: &mut Json, literal: bool) {
        match json {
            Json::Object(fields) => {
                if let (Some(Json::String(ty)), Some(Json::String(_)), 2) =
                    (fields.get("type"), fields.get("id"), fields.len())
                {
                    let ty = ty.clone();
                    let kept = (self.keeps_ids)(&ty) || ty.rsplit("::").next() == Some("Action");
                    if let Some(Json::String(id)) = fields.get_mut("id").filter(|_| !kept) {
                        self.number(&format!("{ty}::"), id);
                    }
                    return;
                }
                for (key, value) in fields.iter_mut() {
                    if !CONSTRUCTORS.contains(&key.as_str()) && key != "__extn" {
                        self.rename(value, literal || key == "Value");
                    }
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.rename(item, literal)),
            Json::String(text) if literal && !self.keeps_text => self.number("", text),
            Json::String(_) | Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }

    fn number(&mut self, kind: &str, name: &mut String) {
        let next = self.known.len();
        let number = self.known.entry(format!("{kind}{name:?}")).or_insert(next);
        *name = format!("#{number}");
    }
}
