//! The values of a file of JSON or YAML.

use std::sync::Arc;

use super::helm;
use crate::data::{Fault, Item};
use crate::text::SourceFile;

/// The documents of `file`, JSON or YAML by its name; and what is wrong with the rest.
pub(super) fn documents(file: &Arc<SourceFile>) -> (Vec<Arc<Item>>, Option<Fault>) {
    if is_json(file) {
        return match Item::of_json(file) {
            Ok(item) => (vec![Arc::new(item)], None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
    }
    let read = crate::data::yaml::documents(file.text());
    match (&read, helm::documents(file.text())) {
        // What is no YAML as it stands may be one for the step that fills it in.
        ((_, Some(_)), Some((found, None))) => (found, None),
        _ => read,
    }
}

/// Whether `file` is JSON: by its name or, where that does not say, by how it begins.
fn is_json(file: &SourceFile) -> bool {
    let name = file.name();
    let yaml = name.ends_with(".yaml") || name.ends_with(".yml");
    !yaml && (name.ends_with(".json") || file.parse_text().trim_start().starts_with('{'))
}
