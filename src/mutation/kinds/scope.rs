//! A scope that says nothing of a variable any more, or names an entity in the place of all that are in it.

use serde_json::{Value as Json, json};

use crate::expression::{Section, pieces, text};
use crate::mutation::look::{Draft, Look};

pub(super) fn drafts(look: &Look<'_, '_>, all: &mut Vec<Draft>) {
    for variable in ["principal", "action", "resource"] {
        let Some(scope) = look.json.get(variable) else { continue };
        let Some(was) = said(look, variable, scope) else { continue };
        let mut add = |kind, becomes: Option<String>, scope: Json| {
            let json = Some(look.with_field(variable, scope));
            all.push(Draft { kind, location: look.policy.head(), was: Some(was.clone()), becomes, json });
        };
        add("scope-widened", None, json!({"op": "All"}));
        let op = scope.get("op").and_then(Json::as_str).unwrap_or_default();
        let narrower = match op {
            "in" if scope.get("entity").is_some() && variable != "action" => {
                Some(json!({"op": "==", "entity": scope.get("entity")}))
            }
            "in" if scope.get("slot").is_some() => Some(json!({"op": "==", "slot": scope.get("slot")})),
            _ => None,
        };
        if let Some(narrower) = narrower {
            add("scope-narrowed", said(look, variable, &narrower), narrower);
        }
        // `is T in G` without either half.
        if let ("is", Some(ty), Some(group)) = (op, scope.get("entity_type"), scope.get("in")) {
            let wider = json!({"op": "is", "entity_type": ty});
            add("scope-widened", said(look, variable, &wider), wider);
            let mut group = group.clone();
            if let Some(fields) = group.as_object_mut() {
                fields.insert("op".to_owned(), "in".into());
                add("scope-widened", said(look, variable, &group), group);
            }
        }
    }
}

/// What `scope`, in Cedar's JSON form, says of `variable`; none where it says nothing.
pub(super) fn said(look: &Look<'_, '_>, variable: &str, scope: &Json) -> Option<String> {
    let policy = look.with_field(variable, scope.clone());
    let about = |expression: &Json| {
        let inner = expression.as_object().and_then(|fields| fields.values().next());
        inner.and_then(|of| of.get("left")?.get("Var")?.as_str()) == Some(variable)
    };
    let all = pieces(&policy);
    let piece = all.iter().find(|piece| piece.section == Section::Scope && about(&piece.expression))?;
    text(&piece.expression)
}
