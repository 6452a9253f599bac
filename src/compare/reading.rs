//! Which attributes an expression in Cedar's JSON form reads.

use std::collections::BTreeSet;

use serde_json::Value as Json;

/// Those of the attributes (a tag, for `None`) that an expression in Cedar's JSON form reads.
pub(super) fn read_of(expression: &Json, names: &BTreeSet<Option<String>>) -> BTreeSet<Option<String>> {
    let one = |name: &Option<String>| reads(expression, &BTreeSet::from([name.clone()]));
    names.iter().filter(|name| one(name)).cloned().collect()
}

/// Whether an expression in Cedar's JSON form reads one of the attributes (a tag, for `None`), or the context as a
/// whole.
pub(super) fn reads(expression: &Json, names: &BTreeSet<Option<String>>) -> bool {
    match expression {
        Json::Array(items) => items.iter().any(|item| reads(item, names)),
        Json::Object(fields) => fields.iter().any(|(key, value)| match key.as_str() {
            "." | "has" => {
                let attribute = |name: &Json| name.as_str().is_some_and(|name| names.contains(&Some(name.to_owned())));
                let inner = value.get("left").is_some_and(|left| left.get("Var").is_none() && reads(left, names));
                // `a has b.c` names a path.
                let path = value.get("attr").is_some_and(|attr| {
                    attr.as_array().map_or_else(|| attribute(attr), |path| path.iter().any(attribute))
                });
                inner || path
            }
            "Record" => {
                let keys = value.as_object().into_iter().flatten();
                keys.into_iter().any(|(key, value)| names.contains(&Some(key.clone())) || reads(value, names))
            }
            "getTag" | "hasTag" => names.contains(&None) || reads(value, names),
            "Var" => value.as_str() == Some("context"),
            "Value" => false,
            _ => reads(value, names),
        }),
        _ => false,
    }
}
