//! Schemas in JSON as they lie in their file: what is wrong with their form, and which names stand where.
//!
//! # Why
//!
//! Cedar reads a schema's JSON into types of its own, and says of a key that it does not take which line and column
//! the reader had come to, which is the end of the object around it, or the start of the file. So a schema that Cedar
//! refuses is walked through here, each key against what Cedar takes there. What Cedar reads is never looked at.

use crate::data::Fault;
use crate::data::json::Node;
use crate::text::{Span, inline, nearest};

/// More mistakes than this are not listed.
const MOST: usize = 20;

/// Deeper types than this are not looked at; the readers have refused them.
const DEEPEST: usize = 260;

/// A name that a schema uses or declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// The name as written; of an action, its id.
    pub(super) name: String,
    /// Where it stands.
    pub(super) span: Span,
    /// Whether it is that of an action.
    pub(super) action: bool,
}

/// What a walk through a schema finds.
#[derive(Debug, Default)]
pub(super) struct Form {
    /// What has no place in a schema, in order.
    pub(super) faults: Vec<Fault>,
    /// The names that it uses, in order.
    pub(super) references: Vec<Reference>,
    /// The names that it declares: those of types in full, of actions their ids.
    pub(super) declared: Vec<Reference>,
}

/// Walks through the schema `root`.
pub(super) fn walk(root: Node<'_>) -> Form {
    let mut form = Form::default();
    let Some(namespaces) = form.object(root, "a schema") else { return form };
    let bare = namespaces.iter().any(|(key, _)| matches!(key.as_ref(), "entityTypes" | "actions" | "commonTypes"));
    if bare {
        let help = "write { \"\": { \"entityTypes\": {..}, \"actions\": {..} } }, with the name of the namespace or an empty one";
        form.fault(
            Fault::new("a schema holds namespaces, and this one begins with what a namespace holds")
                .help(help)
                .at(start(root)),
        );
        return form;
    }
    for (name, namespace) in &namespaces {
        form.namespace(name, *namespace);
    }
    form
}

/// The opening bracket of an object or list.
fn start(node: Node<'_>) -> Span {
    Span::new(node.offset, node.offset + 1)
}

/// Where the key before `value`, a field of `object`, stands.
fn key_span(object: Node<'_>, value: Node<'_>) -> Span {
    let before = object.raw.get(..value.offset.saturating_sub(object.offset)).unwrap_or_default().trim_end();
    let before = before.strip_suffix(':').unwrap_or(before).trim_end();
    let end = object.offset + before.len();
    // The key's own quote opens after an even number of backslashes.
    let inner = before.strip_suffix('"').unwrap_or(before);
    let opens = |at: &usize| {
        inner.get(..*at).is_some_and(|text| text.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 0)
    };
    let open = inner.match_indices('"').map(|(at, _)| at).rfind(opens).unwrap_or(0);
    Span::new(object.offset + open, end.max(object.offset + open))
}

type Fields<'a> = Vec<(std::borrow::Cow<'a, str>, Node<'a>)>;

impl Form {
    fn fault(&mut self, fault: Fault) {
        if self.faults.len() < MOST {
            self.faults.push(fault);
        }
    }

    /// The fields of `node`, which `what` names; a key that is written twice is a fault.
    fn object<'a>(&mut self, node: Node<'a>, what: &str) -> Option<Fields<'a>> {
        let Some(fields) = node.fields() else {
            let fault = Fault::new(format!("{what} is an object, and this is {}", node.kind()));
            self.fault(fault.at(node.span()));
            return None;
        };
        for (at, (key, value)) in fields.iter().enumerate() {
            if fields.iter().take(at).any(|(other, _)| other == key) {
                let fault = Fault::new(format!("`{}` stands twice in one object", inline(key)));
                self.fault(fault.help("keep one of them").at(key_span(node, *value)));
            }
        }
        Some(fields)
    }

    /// The fields of `node`, which `what` names, where each key is one of `known`.
    fn record<'a>(&mut self, node: Node<'a>, what: &str, known: &[&str]) -> Option<Fields<'a>> {
        let fields = self.object(node, what)?;
        for (key, value) in fields.iter().filter(|(key, _)| !known.contains(&key.as_ref())) {
            let fault = Fault::new(format!("{what} has no key `{}`", inline(key))).at(key_span(node, *value));
            self.fault(match nearest(key, known.iter().copied()) {
                Some(meant) => fault.help(format!("did you mean `{meant}`?")),
                None => fault.help(format!("leave it out; what it can have is {}", listed(known))),
            });
        }
        Some(fields)
    }

    /// The elements of `node`, which `what` names.
    fn list<'a>(&mut self, node: Node<'a>, what: &str) -> Vec<Node<'a>> {
        node.elements().unwrap_or_else(|| {
            let fault = Fault::new(format!("{what} is a list, and this is {}", node.kind())).at(node.span());
            self.fault(match node.raw.starts_with('"') {
                true => fault.help(format!("write [{}]", inline(node.raw))),
                false => fault,
            });
            Vec::new()
        })
    }

    /// The text of `node`, which `what` names.
    fn text(&mut self, node: Node<'_>, what: &str) -> Option<String> {
        let text = node.string().map(std::borrow::Cow::into_owned);
        if text.is_none() {
            self.fault(Fault::new(format!("{what} is text, and this is {}", node.kind())).at(node.span()));
        }
        text
    }

    fn namespace(&mut self, name: &str, node: Node<'_>) {
        let known = ["entityTypes", "actions", "commonTypes", "annotations"];
        let Some(fields) = self.record(node, "a namespace", &known) else { return };
        for key in ["entityTypes", "actions"] {
            if lacks(&fields, key, &known) {
                let help = format!("write \"{key}\": {{}} where there are none");
                self.fault(Fault::new(format!("this namespace lacks `{key}`")).help(help).at(start(node)));
            }
        }
        let full = |id: &str| if name.is_empty() { id.to_owned() } else { format!("{name}::{id}") };
        for (key, value) in fields {
            let what = format!("`{}`", inline(&key));
            if !matches!(key.as_ref(), "entityTypes" | "actions" | "commonTypes") {
                continue;
            }
            for (id, entry) in self.object(value, &what).unwrap_or_default() {
                let action = key == "actions";
                let name = if action { id.to_string() } else { full(&id) };
                self.declared.push(Reference { name, span: key_span(value, entry), action });
                match key.as_ref() {
                    "entityTypes" => self.entity_type(entry),
                    "actions" => self.action(entry),
                    _ => self.of_type(entry, "a common type", &["annotations"], 0),
                }
            }
        }
    }

    fn entity_type(&mut self, node: Node<'_>) {
        let known = ["memberOfTypes", "shape", "tags", "enum", "external", "annotations"];
        for (key, value) in self.record(node, "an entity type", &known).unwrap_or_default() {
            match key.as_ref() {
                "memberOfTypes" => self.names(value, "`memberOfTypes`"),
                "shape" => self.of_type(value, "`shape`", &[], 0),
                "tags" => self.of_type(value, "`tags`", &[], 0),
                "enum" => {
                    let members = self.list(value, "`enum`");
                    if members.is_empty() && value.raw.starts_with('[') {
                        self.fault(Fault::new("`enum` lists no id").at(value.span()));
                    }
                    for member in members {
                        self.text(member, "an id of `enum`");
                    }
                }
                _ => {}
            }
        }
    }

    fn action(&mut self, node: Node<'_>) {
        let known = ["appliesTo", "memberOf", "attributes", "external", "annotations"];
        for (key, value) in self.record(node, "an action", &known).unwrap_or_default() {
            if value.raw == "null" {
                continue;
            }
            match key.as_ref() {
                "memberOf" => {
                    for parent in self.list(value, "`memberOf`") {
                        self.parent(parent);
                    }
                }
                "appliesTo" => self.applies_to(value),
                _ => {}
            }
        }
    }

    /// A group that an action is in.
    fn parent(&mut self, node: Node<'_>) {
        if node.raw.starts_with('"') {
            let help = format!("write {{ \"id\": {} }}", inline(node.raw));
            self.fault(
                Fault::new("a group of `memberOf` is an object with an `id`, and this is a string")
                    .help(help)
                    .at(node.span()),
            );
            return;
        }
        let Some(fields) = self.record(node, "a group of `memberOf`", &["id", "type"]) else { return };
        match fields.iter().find(|(key, _)| key == "id") {
            Some((_, id)) => {
                if let Some(name) = self.text(*id, "`id`") {
                    self.references.push(Reference { name, span: id.span(), action: true });
                }
            }
            None => self.fault(Fault::new("this group of `memberOf` lacks `id`").at(start(node))),
        }
        if let Some((_, ty)) = fields.iter().find(|(key, value)| key == "type" && value.raw != "null") {
            self.name(*ty, "`type`");
        }
    }

    fn applies_to(&mut self, node: Node<'_>) {
        let known = ["principalTypes", "resourceTypes", "context"];
        let Some(fields) = self.record(node, "`appliesTo`", &known) else { return };
        for key in ["principalTypes", "resourceTypes"] {
            if lacks(&fields, key, &known) {
                self.fault(
                    Fault::new(format!("`appliesTo` lacks `{key}`")).help("list the entity types").at(start(node)),
                );
            }
        }
        for (key, value) in fields {
            match key.as_ref() {
                "context" => self.of_type(value, "`context`", &[], 0),
                "principalTypes" | "resourceTypes" => self.names(value, &format!("`{key}`")),
                _ => {}
            }
        }
    }

    fn names(&mut self, node: Node<'_>, what: &str) {
        for name in self.list(node, what) {
            self.name(name, &format!("an entry of {what}"));
        }
    }

    fn name(&mut self, node: Node<'_>, what: &str) {
        if let Some(name) = self.text(node, what) {
            self.references.push(Reference { name, span: node.span(), action: false });
        }
    }

    /// A type, which `what` names and which may have the keys `more` besides a type's own.
    fn of_type(&mut self, node: Node<'_>, what: &str, more: &[&str], depth: usize) {
        if depth > DEEPEST {
            return;
        }
        if node.raw.starts_with('"') {
            let help = format!("write {{ \"type\": {} }}", inline(node.raw));
            self.fault(
                Fault::new(format!("{what} is an object with a `type`, and this is a string"))
                    .help(help)
                    .at(node.span()),
            );
            return;
        }
        let Some(fields) = self.object(node, what) else { return };
        let get = |key: &str| fields.iter().find(|(other, _)| other == key).map(|(_, value)| *value);
        let Some(ty) = get("type") else {
            let fault = Fault::new(format!("{what} lacks `type`")).at(start(node));
            self.fault(match fields.iter().find_map(|(key, _)| nearest(key, ["type"]).map(|_| key)) {
                Some(key) => fault.help(format!("did you mean `type` by `{}`?", inline(key))),
                None => fault.help("such as { \"type\": \"String\" }"),
            });
            return;
        };
        let Some(name) = self.text(ty, "`type`") else { return };
        let own: &[&str] = match name.as_str() {
            "Set" => &["element"],
            "Record" => &["attributes", "additionalAttributes"],
            "Entity" | "EntityOrCommon" | "Extension" => &["name"],
            _ => &[],
        };
        let known: Vec<&str> = ["type"].iter().chain(own).chain(more).copied().collect();
        let shown = format!("a type `{}`", inline(&name));
        self.record(node, &shown, &known);
        if let Some(key) = own.first().filter(|key| lacks(&fields, key, &known)) {
            self.fault(Fault::new(format!("{shown} lacks `{key}`")).at(start(node)));
        }
        match name.as_str() {
            "String" | "Long" | "Boolean" => {}
            "Set" => {
                if let Some(element) = get("element") {
                    self.of_type(element, "`element`", &[], depth + 1);
                }
            }
            "Record" => {
                let attributes = get("attributes").and_then(|node| self.object(node, "`attributes`"));
                for (key, value) in attributes.unwrap_or_default() {
                    let what = format!("the attribute `{}`", inline(&key));
                    self.of_type(value, &what, &["required", "annotations"], depth + 1);
                    if let Some(required) = value.field("required").filter(|node| !matches!(node.raw, "true" | "false"))
                    {
                        self.fault(
                            Fault::new(format!("`required` is true or false, and this is {}", required.kind()))
                                .at(required.span()),
                        );
                    }
                }
            }
            "Entity" | "EntityOrCommon" | "Extension" => {
                if let Some(name) = get("name") {
                    self.name(name, "`name`");
                }
            }
            _ => self.references.push(Reference { name, span: ty.span(), action: false }),
        }
    }
}

/// Whether there is neither the field `key` nor one that is a slip for it, which is told by itself.
fn lacks(fields: &Fields<'_>, key: &str, known: &[&str]) -> bool {
    let slip = |other: &str| !known.contains(&other) && nearest(other, known.iter().copied()) == Some(key);
    !fields.iter().any(|(other, _)| other == key || slip(other))
}

fn listed(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceFile;

    fn told(json: &str) -> Vec<(String, String)> {
        let file = SourceFile::new("s.json", json);
        let form = walk(Node::parse(&file, file.text()).unwrap());
        form.faults.iter().map(|fault| (file.slice(fault.span.unwrap()).to_owned(), fault.message.clone())).collect()
    }

    #[test]
    fn the_key_that_is_wrong_is_the_place() {
        let json = r#"{"": {"entityTypes": {"User": {"memberOfType": [], "shape": {"type": "Record", "attributes":
            {"age": {"type": "Long", "requird": true}, "name": "String"}}}},
            "actions": {"view": {"appliesTo": {"principalTypes": "User", "resourceTypes": []}}}}}"#;
        let places: Vec<String> = told(json).into_iter().map(|(place, _)| place).collect();
        assert_eq!(places, ["\"memberOfType\"", "\"requird\"", "\"String\"", "\"User\""]);
    }

    /// The kind: a key that has to be there, under a name that is a slip for it, is one mistake.
    #[test]
    fn a_slip_for_a_key_that_is_needed_is_told_once() {
        for (json, slip) in [
            (r#"{"": {"entityType": {}, "actions": {}}}"#, "entityType"),
            (
                r#"{"": {"entityTypes": {"A": {"shape": {"type": "Record", "atributes": {}}}}, "actions": {}}}"#,
                "atributes",
            ),
            (
                r#"{"": {"entityTypes": {}, "actions": {"a": {"appliesTo": {"principalType": [], "resourceTypes": []}}}}}"#,
                "principalType",
            ),
        ] {
            let places: Vec<String> = told(json).into_iter().map(|(place, _)| place).collect();
            assert_eq!(places, [format!("\"{slip}\"")], "{json}");
        }
        assert!(told(r#"{"": {"entityTypes": {}}}"#)[0].1.contains("lacks `actions`"));
    }

    #[test]
    fn a_key_with_escapes_is_found_whole() {
        let json = r#"{"a": {"entityTypes": {}, "actions": {}, "x\"y\\": 1}}"#;
        assert_eq!(told(json)[0].0, r#""x\"y\\""#);
    }

    #[test]
    fn a_schema_that_is_right_has_no_faults() {
        let json = r#"{"N": {"entityTypes": {"A": {"memberOfTypes": ["B"]}, "B": {"enum": ["x"]}}, "commonTypes":
            {"T": {"type": "Set", "element": {"type": "Extension", "name": "ipaddr"}}}, "actions": {"v": {"memberOf":
            [{"id": "w"}], "appliesTo": {"principalTypes": ["A"], "resourceTypes": ["B"], "context": {"type": "T"}}}}}}"#;
        assert_eq!(told(json), []);
    }
}
