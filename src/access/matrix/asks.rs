//! What a policy asks of a request, in the fewest words: attributes that it reads, and entities that it names.

use std::collections::BTreeSet;

use cedar_policy::{Policy, PrincipalConstraint, ResourceConstraint};
use serde_json::Value as Json;

use crate::expression::is_identifier;

/// What `policy` asks, besides for types and actions: `context.mfa`, `principal in Role::"admin"`.
pub(super) fn of(policy: &Policy) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    match policy.principal_constraint() {
        PrincipalConstraint::In(uid) | PrincipalConstraint::IsIn(_, uid) => {
            found.insert(format!("principal in {uid}"));
        }
        PrincipalConstraint::Eq(uid) => _ = found.insert(format!("principal == {uid}")),
        PrincipalConstraint::Any | PrincipalConstraint::Is(_) => {}
    }
    match policy.resource_constraint() {
        ResourceConstraint::In(uid) | ResourceConstraint::IsIn(_, uid) => {
            found.insert(format!("resource in {uid}"));
        }
        ResourceConstraint::Eq(uid) => _ = found.insert(format!("resource == {uid}")),
        ResourceConstraint::Any | ResourceConstraint::Is(_) => {}
    }
    if let Some(conditions) = policy.to_json().ok().as_ref().and_then(|policy| policy.get("conditions")) {
        read(conditions, &mut found);
    }
    found
}

/// Adds what an expression in Cedar's JSON form reads. Of a chain of attributes the longest counts.
fn read(json: &Json, found: &mut BTreeSet<String>) {
    match json {
        Json::Array(all) => all.iter().for_each(|one| read(one, found)),
        Json::Object(fields) => {
            for (key, value) in fields.iter().filter(|(key, _)| *key != "Value") {
                if matches!(key.as_str(), "." | "has")
                    && let Some(path) = path(key, value)
                {
                    found.insert(path);
                    continue;
                }
                if matches!(key.as_str(), "getTag" | "hasTag")
                    && let Some(path) = value.get("left").and_then(variable)
                {
                    found.insert(format!("{path}.getTag(..)"));
                }
                if key == "in"
                    && let (Some(left), Some(entity)) = (value.get("left").and_then(variable), value.get("right"))
                    && let Some(entity) = entity.get("Value").and_then(|value| value.get("__entity"))
                    && let Ok(uid) = cedar_policy::EntityUid::from_json(entity.clone())
                {
                    found.insert(format!("{left} in {uid}"));
                }
                read(value, found);
            }
        }
        _ => {}
    }
}

/// `context.a.b` of an access, or of a question whether it is there; none where it starts at something else.
fn path(key: &str, value: &Json) -> Option<String> {
    let attribute = value.get("attr").and_then(Json::as_str);
    let left = variable(value.get("left")?)?;
    match (attribute, key) {
        (Some(name), _) if is_identifier(name) => Some(format!("{left}.{name}")),
        (Some(name), _) => Some(format!("{left}[{}]", Json::from(name))),
        // `has a.b` is a list of names.
        (None, "has") => {
            let names = value.get("attr")?.as_array()?.iter().map(Json::as_str).collect::<Option<Vec<_>>>()?;
            Some(format!("{left}.{}", names.join(".")))
        }
        (None, _) => None,
    }
}

/// The variable, or the chain of attributes from one, that an expression is.
fn variable(json: &Json) -> Option<String> {
    if let Some(name) = json.get("Var").and_then(Json::as_str) {
        return Some(name.to_owned());
    }
    path(".", json.get(".")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(text: &str) -> Vec<String> {
        of(&Policy::parse(None, text).unwrap()).into_iter().collect()
    }

    #[test]
    fn attributes_groups_and_entities_are_named_once() {
        assert_eq!(
            asks(
                r#"permit (principal in Role::"a", action, resource == Doc::"d")
                when { context.net.zone == "x" && context has mfa && context.mfa && principal in Team::"t" };"#
            ),
            [
                "context.mfa",
                "context.net.zone",
                r#"principal in Role::"a""#,
                r#"principal in Team::"t""#,
                r#"resource == Doc::"d""#
            ]
        );
    }

    #[test]
    fn names_that_are_no_identifiers_and_tags_are_named_as_cedar_writes_them() {
        assert_eq!(
            asks(r#"permit (principal, action, resource) when { context["a b"] == resource.owner.getTag("k") };"#),
            ["context[\"a b\"]", "resource.owner.getTag(..)", "resource.owner"]
                .into_iter()
                .map(str::to_owned)
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect::<Vec<_>>()
        );
        assert!(asks("permit (principal is User, action, resource);").is_empty());
    }
}
