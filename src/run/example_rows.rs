//! Which entities of the examples of a comparison exist nowhere, as a row of a decision table has to say.

use std::collections::BTreeMap;

use cedar_policy::EntityUid;
use serde_json::Value;

use crate::example::{Row, fields_of, yaml};
use crate::outcome::changes::{Comparison, Effect};
use crate::repo::Repo;
use crate::tables::unknown;

/// Notes them in each example of `comparison`, of which `new` is the new side.
pub(super) fn note_strangers(comparison: &mut Comparison, new: &Repo) {
    for changes in &mut comparison.stores {
        let Some(store) = new.stores.iter().find(|store| store.name == changes.name) else { continue };
        let effects: Vec<&mut Effect> = changes.groups.iter_mut().flat_map(|group| &mut group.effects).collect();
        let mut text = "entities: []\ntests:\n".to_owned();
        let mut asked = Vec::new();
        for effect in effects {
            if let Some(row) = row(effect) {
                text.push_str(&yaml::entry(&row, &format!("row {}", asked.len()), &BTreeMap::new()));
                asked.push(effect);
            }
        }
        if asked.is_empty() {
            continue;
        }
        for (effect, strangers) in asked.into_iter().zip(unknown(store, &text)) {
            effect.witness.strangers = strangers.iter().map(ToString::to_string).collect();
        }
    }
}

/// The example of `effect` as a row; what it decides is not looked at.
fn row(effect: &Effect) -> Option<Row> {
    let evidence = &effect.witness.evidence;
    let uid = |value: &Value| EntityUid::from_json(value.clone()).ok();
    let asked = |key: &str| uid(evidence.request.get(key)?);
    let entities = evidence.entities.as_array().into_iter().flatten();
    Some(Row {
        principal: asked("principal")?,
        action: asked("action")?,
        resource: asked("resource")?,
        context: evidence.request.get("context").cloned().unwrap_or_default(),
        with: entities
            .filter_map(|entity| Some((uid(entity.get("uid")?)?, Value::Object(fields_of(entity)))))
            .collect(),
        allowed: false,
        because: Vec::new(),
        lasting: false,
        errs: false,
        unknown: Vec::new(),
    })
}
