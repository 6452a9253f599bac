//! Another attribute of the same type in the place of one that is read.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::mutation::look::{Draft, Look, read};

/// So many attributes are tried for one that is read.
const TRIED: usize = 6;

pub(super) fn drafts(look: &Look<'_, '_>, all: &mut Vec<Draft>) {
    // Of a policy that does not fit, nothing is known to fit as well.
    if !look.vocabulary.is_typed() || !look.vocabulary.fits(&look.json) {
        return;
    }
    for at in look.numbers() {
        let Some(conjunct) = look.conjuncts.get(at) else { continue };
        let mut found = BTreeSet::new();
        reads(&conjunct.holds, &mut found);
        for (variable, attribute) in found {
            let Some(known) = look.vocabulary.attributes.get(&variable) else { continue };
            let after = known.iter().skip_while(|known| **known <= attribute).chain(known);
            let others = after.take(known.len()).filter(|other| **other != attribute).take(TRIED);
            let swapped = others.map(|other| with(&conjunct.holds, &variable, &attribute, other));
            // The first that fits: types are Cedar's to judge.
            let fitting =
                swapped.into_iter().find(|swapped| look.vocabulary.fits(&look.with(at, Some(swapped.clone()))));
            all.extend(fitting.and_then(|swapped| look.changed("attribute-swapped", at, Some(swapped))));
        }
    }
}

fn reads(value: &Json, into: &mut BTreeSet<(String, String)>) {
    match value {
        Json::Object(fields) => {
            into.extend(value.get(".").and_then(read));
            fields.values().for_each(|field| reads(field, into));
        }
        Json::Array(items) => items.iter().for_each(|item| reads(item, into)),
        _ => {}
    }
}

/// `value` with `other` in the place of `attribute` wherever it is read of `variable`.
fn with(value: &Json, variable: &str, attribute: &str, other: &str) -> Json {
    let reads_it =
        |value: &Json| value.get(".").and_then(read).is_some_and(|(of, name)| of == variable && name == attribute);
    match value {
        Json::Object(_) if reads_it(value) => json!({ ".": { "left": { "Var": variable }, "attr": other } }),
        Json::Object(fields) => {
            let each = fields.iter().map(|(key, field)| (key.clone(), with(field, variable, attribute, other)));
            Json::Object(each.collect())
        }
        Json::Array(items) => Json::Array(items.iter().map(|item| with(item, variable, attribute, other)).collect()),
        other => other.clone(),
    }
}
