//! Another action in the scope, or one less.

use serde_json::{Value as Json, json};

use super::scope::said;
use crate::mutation::look::{Draft, Look};

pub(super) fn drafts(look: &Look<'_, '_>, all: &mut Vec<Draft>) {
    let Some(scope) = look.json.get("action") else { return };
    let mut add = |kind, scope_now: Json| {
        let was = said(look, "action", scope);
        let becomes = said(look, "action", &scope_now);
        let json = Some(look.with_field("action", scope_now));
        all.push(Draft { kind, location: look.policy.head(), was, becomes, json });
    };
    match (scope.get("op").and_then(Json::as_str), scope.get("entity"), scope.get("entities").and_then(Json::as_array))
    {
        (Some("=="), Some(entity), _) => {
            if let Some(other) = other(look, entity) {
                add("action-swapped", json!({ "op": "==", "entity": other }));
            }
        }
        (Some("in"), _, Some(several)) if several.len() > 1 => {
            for at in 0..several.len() {
                let mut fewer = several.clone();
                fewer.remove(at);
                add("action-dropped", json!({ "op": "in", "entities": fewer }));
            }
        }
        _ => {}
    }
}

/// The next action, by name, that requests of some same types of principal and resource are for.
fn other(look: &Look<'_, '_>, entity: &Json) -> Option<Json> {
    let bare = entity.get("__entity").unwrap_or(entity);
    let actions = &look.vocabulary.actions;
    let (name, (_, types)) = actions.iter().find(|(_, (uid, _))| {
        let named = |key: &str| bare.get(key).and_then(Json::as_str).unwrap_or_default();
        uid.type_name().to_string() == named("type") && uid.id().unescaped() == named("id")
    })?;
    let mut after = actions.iter().skip_while(|(known, _)| *known != name).skip(1).chain(actions.iter());
    let (_, (uid, _)) = after.find(|(known, (_, others))| *known != name && !types.is_disjoint(others))?;
    Some(json!({ "type": uid.type_name().to_string(), "id": uid.id().unescaped() }))
}
