//! Policies in Cedar's JSON in a file whose name does not say so: a policy set, also one whose policies are texts in
//! Cedar's syntax, or one policy.

use std::sync::Arc;

use super::documents::documents;
use super::fill::Filled;
use super::spec::{Carried, Content, Home, Neighbours, Read, Role, Spec, speaks_cedar};
use crate::data::Item;
use crate::text::SourceFile;

/// What only policy sets have.
const STATIC: &str = "staticPolicies";

pub(super) const SPEC: Spec = Spec {
    name: "a policy set in Cedar's JSON",
    endings: &[".json"],
    marks: &["\"staticPolicies\"", "\"conditions\""],
    is_text: true,
    read: Read::File(read),
};

fn read(file: &Arc<SourceFile>, _: &dyn Neighbours) -> Option<Carried> {
    let (found, fault) = documents(file);
    if let Some(fault) = fault {
        let named =
            ["staticPolicies", "effect", "principal"].iter().all(|key| file.text().contains(&format!("\"{key}\"")));
        return named.then(|| Carried::unreadable(file, SPEC.name, &fault));
    }
    let root = found.first()?;
    let mut carried = Carried::of(file);
    let all = [STATIC, "templates"].map(|key| root.get(key).map_or(&[][..], |members| members.fields()));
    let mut members = all.iter().copied().flatten().peekable();
    let is_set = root.get(STATIC).is_some() && members.peek().is_some();
    if is_policy(root) || (is_set && members.all(|member| is_policy(&member.value))) {
        carried.add("policies", Role::PoliciesJson, Home::Around, Content::File(file.path().to_owned()));
        return carried.if_any();
    }
    // The interface for other languages takes policies in Cedar's syntax there: one text of all, or one for each id.
    let each = all.iter().copied().flatten().map(|member| (member.key.as_str(), &member.value));
    for (name, text) in root.get(STATIC).map(|whole| ("policies", whole)).into_iter().chain(each) {
        if let Some(text) = text.mapped(file.text()).filter(|text| speaks_cedar(text.text())) {
            carried.add_filled(("policy", name), Role::Policies, Home::Around, Filled::whole(text));
        }
    }
    let mut carried = carried.if_any()?;
    let links = root.get("templateLinks").filter(|links| !links.items().is_empty());
    let json = all.iter().copied().flatten().map(|member| &member.value).filter(|value| is_policy(value));
    for rest in json.chain(links) {
        carried.tell(
            rest.span,
            "this is not read: beside it policies stand as texts, and what is read of those is Cedar's syntax alone",
        );
    }
    Some(carried)
}

/// Whether it has what every policy has in Cedar's JSON (<https://docs.cedarpolicy.com/policies/json-format.html>).
fn is_policy(item: &Item) -> bool {
    let scope = |key: &str| item.at(&[key, "op"]).is_some();
    matches!(item.text_of("effect"), Some("permit" | "forbid"))
        && ["principal", "action", "resource"].into_iter().all(scope)
}
