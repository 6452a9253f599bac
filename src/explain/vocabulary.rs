//! What policies name: attributes, tags, literals, and the attributes of the request that they read.

use std::collections::BTreeSet;

use crate::symbolic::uids;
use cedar_policy::{EntityTypeName, EntityUid, Policy};
use serde_json::{Map, Value as Json};

/// What a set of policies names.
#[derive(Debug, Default)]
pub(super) struct Vocabulary {
    /// Attributes, wherever they are read or asked for.
    pub(super) attributes: BTreeSet<String>,
    /// Tags whose names are written out.
    pub(super) tags: BTreeSet<String>,
    /// Whether there is a tag at all.
    pub(super) reads_tags: bool,
    /// Whose groups conditions ask for, and of which type; none where that hangs on the request.
    pub(super) grouped: BTreeSet<(Grouped, Option<EntityTypeName>)>,
    /// Whether the context is read as a whole, as in `context == {"mfa": true}`, so that all of it counts.
    pub(super) reads_context: bool,
    /// Entities of which an attribute or tag is read.
    pub(super) dereferenced: BTreeSet<EntityUid>,
    /// Entities that are written out and of which it is asked whether they are in a group.
    pub(super) members: BTreeSet<EntityUid>,
    /// Entities.
    pub(super) entities: BTreeSet<EntityUid>,
    /// Literals that are no entities, by their text, in Cedar's JSON.
    pub(super) literals: BTreeSet<Literal>,
    /// What is read of the request: a variable and the names that lead from it.
    pub(super) paths: BTreeSet<(String, Vec<String>)>,
}

/// Of what it is asked whether it is in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Grouped {
    /// The principal of the request.
    Principal,
    /// The resource of the request.
    Resource,
    /// Anything else, such as what an attribute leads to.
    Other,
}

/// A value in Cedar's JSON, in the order of its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Literal(pub(super) Json);

impl PartialOrd for Literal {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Literal {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.to_string().cmp(&other.0.to_string())
    }
}

impl Vocabulary {
    /// Of `policies`.
    pub(super) fn of<'p>(policies: impl IntoIterator<Item = &'p Policy>) -> Self {
        let mut vocabulary = Self::default();
        for policy in policies {
            vocabulary.entities.extend(policy.entity_literals());
            vocabulary
                .entities
                .extend(policy.template_links().into_iter().flat_map(std::collections::HashMap::into_values));
            if let Ok(json) = policy.to_json() {
                let conditions = json.get("conditions").and_then(Json::as_array);
                conditions.into_iter().flatten().for_each(|condition| vocabulary.read(condition));
            }
        }
        vocabulary
    }

    /// Whether policies read the attribute `name` of the context, or of entities.
    pub(super) fn reads(&self, of_context: bool, name: &str) -> bool {
        self.attributes.contains(name) || (of_context && self.reads_context)
    }

    /// The tags that policies name, and those that are there.
    pub(super) fn tags_of(&self, there: &Map<String, Json>) -> BTreeSet<String> {
        self.tags.iter().chain(there.keys()).cloned().collect()
    }

    fn read(&mut self, json: &Json) {
        match json {
            Json::Array(all) => all.iter().for_each(|one| self.read(one)),
            Json::Object(fields) => {
                for (key, value) in fields {
                    match key.as_str() {
                        "." | "has" => {
                            self.attribute(value);
                            // Of the context only these attributes are read.
                            if value.get("left").is_some_and(is_context) {
                                continue;
                            }
                        }
                        "Var" => self.reads_context |= value == "context",
                        // Its `in` is no operator of its own.
                        "is" if value.get("in").is_some() => {
                            self.member(value);
                            ["left", "in"].into_iter().filter_map(|of| value.get(of)).for_each(|of| self.read(of));
                            continue;
                        }
                        "getTag" | "hasTag" => self.tag(value),
                        "in" => self.member(value),
                        "Value" => {
                            self.literal(value);
                            continue;
                        }
                        // A call whose argument is written out makes a literal.
                        "ip" | "decimal" | "datetime" | "duration" => self.call(key, value),
                        _ => {}
                    }
                    self.read(value);
                }
            }
            _ => {}
        }
    }

    fn attribute(&mut self, read: &Json) {
        let names = match read.get("attr") {
            Some(Json::String(name)) => vec![name.clone()],
            Some(Json::Array(names)) => names.iter().filter_map(Json::as_str).map(str::to_owned).collect(),
            _ => return,
        };
        self.attributes.extend(names.iter().cloned());
        self.dereference(read);
        let Some((variable, mut path)) = read.get("left").and_then(path_of) else { return };
        path.extend(names);
        self.paths.insert((variable, path));
    }

    fn tag(&mut self, read: &Json) {
        self.reads_tags = true;
        self.dereference(read);
        let name = read.get("right").and_then(|right| right.get("Value")).and_then(Json::as_str);
        self.tags.extend(name.map(str::to_owned));
    }

    fn dereference(&mut self, read: &Json) {
        let entity = read.get("left").and_then(|left| left.get("Value")?.get("__entity"));
        self.dereferenced.extend(entity.and_then(|entity| EntityUid::from_json(entity.clone()).ok()));
    }

    /// Whether something is in a group. Entities that are written out on its left are in groups of their own.
    fn member(&mut self, asked: &Json) {
        let variable = asked.get("left").and_then(|left| left.get("Var")).and_then(Json::as_str);
        let whose = match variable {
            Some("principal") => Some(Grouped::Principal),
            Some("resource") => Some(Grouped::Resource),
            // Which groups of actions there are a schema says.
            Some("action") => None,
            _ => Some(Grouped::Other),
        };
        let group = asked.get("right").or_else(|| asked.get("in"));
        let types = group.and_then(written_out).unwrap_or_else(|| vec![None]);
        self.grouped.extend(whose.into_iter().flat_map(|whose| types.iter().map(move |ty| (whose, ty.clone()))));
        let mut members = Vec::new();
        asked.get("left").into_iter().for_each(|left| uids(left, &mut members));
        self.members.extend(members);
    }

    fn literal(&mut self, value: &Json) {
        match value {
            Json::Array(all) => all.iter().for_each(|one| self.literal(one)),
            Json::Object(fields) if fields.contains_key("__entity") => {}
            Json::Object(fields) if !fields.contains_key("__extn") => {
                fields.values().for_each(|one| self.literal(one));
            }
            value => _ = self.literals.insert(Literal(value.clone())),
        }
    }

    fn call(&mut self, name: &str, arguments: &Json) {
        let Some([argument]) = arguments.as_array().map(Vec::as_slice) else { return };
        if let Some(text) = argument.get("Value").and_then(Json::as_str) {
            self.literals.insert(Literal(serde_json::json!({"__extn": {"fn": name, "arg": text}})));
        }
    }
}

/// The types of the entities that are written out, one or several.
fn written_out(group: &Json) -> Option<Vec<Option<EntityTypeName>>> {
    let several = group.get("Set").and_then(Json::as_array);
    let all = several.map_or_else(|| std::slice::from_ref(group), Vec::as_slice);
    let of = |one: &Json| {
        Some(Some(EntityUid::from_json(one.get("Value")?.get("__entity")?.clone()).ok()?.type_name().clone()))
    };
    all.iter().map(of).collect()
}

fn is_context(expression: &Json) -> bool {
    expression.get("Var").is_some_and(|variable| variable == "context")
}

/// The variable and the names that an expression reads, if it reads nothing else.
fn path_of(expression: &Json) -> Option<(String, Vec<String>)> {
    if let Some(variable) = expression.get("Var").and_then(Json::as_str) {
        return Some((variable.to_owned(), Vec::new()));
    }
    let read = expression.get(".")?;
    let (variable, mut path) = path_of(read.get("left")?)?;
    path.push(read.get("attr")?.as_str()?.to_owned());
    Some((variable, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(condition: &str) -> Vocabulary {
        let text = format!("permit (principal, action, resource) when {{ {condition} }};");
        Vocabulary::of([&Policy::parse(None, text).unwrap()])
    }

    #[test]
    fn a_context_that_is_read_whole_is_told_from_its_attributes() {
        for whole in
            ["context == {a: 1}", "[context].contains({a: 1})", "(if context has a then context else {a: 1}).a > 0"]
        {
            assert!(of(whole).reads_context, "{whole}");
        }
        for parts in ["context.a > 1", "context has a.b && context.a.b", "context.a == {b: 1}", "principal == resource"]
        {
            assert!(!of(parts).reads_context, "{parts}");
        }
    }

    #[test]
    fn entities_that_are_asked_for_their_groups_are_found() {
        for asked in [
            "Team::\"sub\" in Team::\"x\"",
            "(if context.a then Team::\"sub\" else principal) in resource",
            "Team::\"sub\" is Team in resource.team",
        ] {
            let names: Vec<String> = of(asked).members.iter().map(ToString::to_string).collect();
            assert_eq!(names, ["Team::\"sub\""], "{asked}");
        }
        assert!(of("principal in Team::\"x\"").members.is_empty());
    }

    #[test]
    fn whose_groups_are_asked_for_is_told_apart() {
        for (asked, whose) in [
            ("principal in Team::\"x\" && action in Action::\"g\"", "Principal Team"),
            ("resource is Doc in Folder::\"x\"", "Resource Folder"),
            ("principal in [Team::\"x\", Role::\"y\"]", "Principal Role, Principal Team"),
            ("resource.owner in context.team || principal in resource", "Principal any, Other any"),
            ("principal == resource && resource is Doc", ""),
        ] {
            let found = of(asked).grouped.into_iter().map(|(whose, ty)| {
                let ty = ty.map_or_else(|| "any".to_owned(), |ty| ty.to_string());
                format!("{whose:?} {ty}")
            });
            assert_eq!(found.collect::<Vec<_>>().join(", "), whose, "{asked}");
        }
    }

    #[test]
    fn what_policies_name_is_found() {
        let text = r#"permit (principal in Team::"a", action, resource) when {
            context.session.mfa && principal has a.b && resource.getTag("level") == "high" && context.n > 3
            && context.now < datetime("2026-01-01") && [1, 2].contains(context.n) };"#;
        let found = Vocabulary::of([&Policy::parse(None, text).unwrap()]);
        let attributes: Vec<&str> = found.attributes.iter().map(String::as_str).collect();
        assert_eq!(attributes, ["a", "b", "mfa", "n", "now", "session"]);
        assert!(found.reads_tags && found.tags.contains("level") && found.entities.len() == 1);
        let paths: Vec<String> =
            found.paths.iter().map(|(variable, path)| format!("{variable}.{}", path.join("."))).collect();
        assert_eq!(paths, ["context.n", "context.now", "context.session", "context.session.mfa", "principal.a.b"]);
        let literals: Vec<String> = found.literals.iter().map(|literal| literal.0.to_string()).collect();
        assert_eq!(
            literals,
            [
                "\"2026-01-01\"",
                "\"high\"",
                "\"level\"",
                "1",
                "2",
                "3",
                r#"{"__extn":{"fn":"datetime","arg":"2026-01-01"}}"#
            ]
        );
    }
}
