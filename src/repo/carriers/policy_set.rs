//! Policies in Cedar's JSON in a file whose name does not say so: a policy set, or one policy.

use std::sync::Arc;

use super::documents::documents;
use super::spec::{Carried, Content, Home, Neighbours, Role, Spec};
use crate::data::Item;
use crate::text::SourceFile;

/// What only policy sets have.
const STATIC: &str = "staticPolicies";

pub(super) const SPEC: Spec = Spec {
    name: "a policy set in Cedar's JSON",
    endings: &[".json"],
    marks: &["\"staticPolicies\"", "\"conditions\""],
    is_text: true,
    read,
};

fn read(files: &[Arc<SourceFile>], _: &dyn Neighbours) -> Vec<Carried> {
    files.iter().filter_map(read_file).collect()
}

fn read_file(file: &Arc<SourceFile>) -> Option<Carried> {
    let (found, fault) = documents(file);
    if let Some(fault) = fault {
        let named =
            ["staticPolicies", "effect", "principal"].iter().all(|key| file.text().contains(&format!("\"{key}\"")));
        return named.then(|| Carried::unreadable(file, SPEC.name, &fault));
    }
    let root = found.first()?;
    let is_set = root.get(STATIC).is_some_and(|all| all.fields().iter().all(|field| is_policy(&field.value)));
    if !is_set && !is_policy(root) {
        return None;
    }
    let mut carried = Carried::of(file);
    carried.add("policies", Role::PoliciesJson, Home::Around, Content::File(file.path().to_owned()));
    carried.if_any()
}

/// Whether it has what every policy has in Cedar's JSON (<https://docs.cedarpolicy.com/policies/json-format.html>).
fn is_policy(item: &Item) -> bool {
    let scope = |key: &str| item.at(&[key, "op"]).is_some();
    matches!(item.text_of("effect"), Some("permit" | "forbid"))
        && ["principal", "action", "resource"].into_iter().all(scope)
}
