//! A request as other programs write it down: Cedar's request JSON, Amazon Verified Permissions' `IsAuthorized` bodies,
//! and lines of decision logs.
//!
//! Sources: <https://docs.cedarpolicy.com/auth/entities-syntax.html>,
//! <https://docs.aws.amazon.com/verifiedpermissions/latest/apireference/API_IsAuthorized.html>.

use std::borrow::Cow;

use cedar_policy::{EntityId, EntityTypeName, EntityUid};
use serde_json::{Value as Json, json};

use super::foreign::Fields;
use crate::data::Fault;
use crate::data::json::Node;
use crate::outcome::Decision;
use crate::symbolic::uid_json;
use crate::text::{Span, inline};

/// A request as it is written down.
#[derive(Debug)]
pub struct Body<'t> {
    /// The principal, in Cedar syntax.
    pub principal: String,
    /// The action, in Cedar syntax or by its id.
    pub action: String,
    /// The resource, in Cedar syntax.
    pub resource: String,
    /// The context where it stands, if it is written as Cedar has it.
    pub context: Option<Node<'t>>,
    /// The context as Cedar has it, if it is written otherwise.
    pub other_context: Option<Rewritten>,
    /// The entities as Cedar's JSON has them, if there are some.
    pub entities: Option<String>,
    /// What was decided, if that is written down.
    pub decision: Option<Decision>,
}

/// A context as Cedar has it, from whichever way `json` writes it.
///
/// # Errors
/// What is wrong with it.
pub fn cedar_context(json: &str) -> Result<Cow<'_, str>, Vec<Fault>> {
    let mut faults = Vec::new();
    let rewritten = other_context(Node { raw: json, offset: 0 }, &mut faults);
    match faults.is_empty() {
        true => Ok(rewritten.map_or(Cow::Borrowed(json), |rewritten| Cow::Owned(rewritten.text))),
        false => Err(faults),
    }
}

/// Entities as Cedar's JSON has them, from whichever way `json` writes them.
///
/// # Errors
/// What is wrong with them.
pub fn cedar_entities(json: &str) -> Result<String, Vec<Fault>> {
    let mut faults = Vec::new();
    let entities = entities_at(Node { raw: json, offset: 0 }, &mut faults);
    if faults.is_empty() { Ok(entities) } else { Err(faults) }
}

/// What a request may have. Services and logs have other keys besides.
const KEYS: [&str; 6] = ["principal", "action", "resource", "context", "entities", "decision"];

/// The request at `node`.
///
/// # Errors
/// What is wrong with it, each fault at its place.
pub fn body(node: Node<'_>) -> Result<Body<'_>, Vec<Fault>> {
    let mut faults = Vec::new();
    let Some(mut fields) = Fields::of(node, "a request", &mut faults) else { return Err(faults) };
    fields.known(&KEYS);
    let mut part = |name: &str| {
        let node = fields.get(name)?;
        match written(name, node) {
            Ok(text) => Some(text),
            Err(fault) => {
                fields.faults.push(fault);
                None
            }
        }
    };
    let (principal, action, resource) = (part("principal"), part("action"), part("resource"));
    let context = fields.maybe("context");
    let other = context.and_then(|node| other_context(node, fields.faults));
    let entities = fields.maybe("entities").map(|node| entities_at(node, fields.faults));
    let decision = fields.maybe("decision").and_then(|node| decided(node, fields.faults));
    let (Some(principal), Some(action), Some(resource)) = (principal, action, resource) else { return Err(faults) };
    if !faults.is_empty() {
        return Err(faults);
    }
    Ok(Body {
        principal,
        action,
        resource,
        context: context.filter(|_| other.is_none()),
        other_context: other,
        entities,
        decision,
    })
}

/// A decision as logs have it, in whichever case.
fn decided(node: Node<'_>, faults: &mut Vec<Fault>) -> Option<Decision> {
    match node.string().map(|text| text.to_lowercase()).as_deref() {
        Some("allow") => Some(Decision::Allow),
        Some("deny") => Some(Decision::Deny),
        _ => {
            let message = format!("`decision` is \"allow\" or \"deny\", and this is {}", shown(node));
            faults.push(Fault::new(message).at(node.span()));
            None
        }
    }
}

/// The text of a value, cut where it is long.
fn shown(node: Node<'_>) -> String {
    let text: String = node.raw.chars().take(60).collect();
    let more = if text.len() < node.raw.len() { "..." } else { "" };
    format!("{}{more}", inline(&text))
}

/// An entity in Cedar syntax, from whichever way it is written.
pub(super) fn written(name: &str, node: Node<'_>) -> Result<String, Fault> {
    if let Some(text) = node.string() {
        return Ok(text.into_owned());
    }
    let value = node.value().unwrap_or_default();
    if let Some(uid) = identifier(&value) {
        return Ok(uid.to_string());
    }
    EntityUid::from_json(value).map(|uid| uid.to_string()).map_err(|_| {
        let fault = Fault::new(format!("`{name}` is not an entity: {}", inline(node.raw))).at(node.span());
        fault.help("an entity is written \"Type::\\\"id\\\"\", or as an object with `type` and `id`")
    })
}

/// An entity as Amazon Verified Permissions writes it.
pub(super) fn identifier(value: &Json) -> Option<EntityUid> {
    let text = |keys: [&str; 2]| keys.into_iter().find_map(|key| value.get(key)?.as_str());
    let ty: EntityTypeName = text(["entityType", "actionType"])?.parse().ok()?;
    Some(EntityUid::from_type_name_and_id(ty, EntityId::new(text(["entityId", "actionId"])?)))
}

/// The same at `node`, as Cedar's JSON has it.
fn identified(node: Node<'_>, faults: &mut Vec<Fault>) -> Option<Json> {
    let uid = node.value().as_ref().and_then(identifier);
    if uid.is_none() {
        let fault = Fault::new(format!("this is not an entity: {}", shown(node))).at(node.span());
        faults.push(fault.help("an entity is written {\"entityType\": \"Type\", \"entityId\": \"id\"}"));
    }
    uid.as_ref().map(uid_json)
}

/// A context that is not written as Cedar has it, as Cedar has it.
pub(super) fn other_context(context: Node<'_>, faults: &mut Vec<Fault>) -> Option<Rewritten> {
    let fields = context.fields().filter(|fields| fields.len() == 1)?;
    let (key, node) = fields.first()?;
    match (key.as_ref(), node.fields(), node.string()) {
        ("contextMap", Some(fields), _) => {
            let mut rewritten = Rewritten::default();
            rewritten.record(*node, &fields, faults);
            Some(rewritten)
        }
        ("cedarJson", _, Some(text)) => {
            let places = vec![(Span::new(0, text.len()), node.span())];
            Some(Rewritten { text: text.into_owned(), places })
        }
        _ => None,
    }
}

/// JSON that was written otherwise in a file, as Cedar has it.
#[derive(Debug, Default)]
pub struct Rewritten {
    /// The text.
    pub text: String,
    /// Where the values in it stand in the file.
    places: Vec<(Span, Span)>,
}

impl Rewritten {
    /// What is wrong with the text, at the place in the file: that of the smallest value around it.
    #[must_use]
    pub fn placed(&self, mut fault: Fault) -> Fault {
        fault.span = fault.span.and_then(|span| {
            let around = self.places.iter().filter(|(own, _)| own.start <= span.start && span.end <= own.end);
            around.min_by_key(|(own, _)| own.end - own.start).map(|(_, there)| *there)
        });
        fault
    }

    /// Adds what `write` adds, which stands at `node` in the file.
    fn at(&mut self, node: Node<'_>, write: impl FnOnce(&mut Self)) {
        let start = self.text.len();
        write(self);
        self.places.push((Span::new(start, self.text.len()), node.span()));
    }

    fn record(&mut self, node: Node<'_>, fields: &[(Cow<'_, str>, Node<'_>)], faults: &mut Vec<Fault>) {
        self.at(node, |out| {
            for (at, (name, of)) in fields.iter().enumerate() {
                out.text.push_str(if at == 0 { "{" } else { "," });
                out.text.push_str(&Json::from(name.as_ref()).to_string());
                out.text.push(':');
                out.value(*of, faults);
            }
            out.text.push_str(if fields.is_empty() { "{}" } else { "}" });
        });
    }

    fn set(&mut self, node: Node<'_>, elements: &[Node<'_>], faults: &mut Vec<Fault>) {
        self.at(node, |out| {
            out.text.push('[');
            for (at, element) in elements.iter().enumerate() {
                out.text.push_str(if at == 0 { "" } else { "," });
                out.value(*element, faults);
            }
            out.text.push(']');
        });
    }

    /// A value as Amazon Verified Permissions writes it.
    fn value(&mut self, node: Node<'_>, faults: &mut Vec<Fault>) {
        let fields = node.fields().unwrap_or_default();
        let one = fields.first().filter(|_| fields.len() == 1);
        let Some((kind, of)) = one else { return self.no_value(node, faults) };
        match kind.as_ref() {
            "entityIdentifier" => {
                let uid = identified(*of, faults).unwrap_or_default();
                self.at(*of, |out| out.text.push_str(&json!({"__entity": uid}).to_string()));
            }
            "set" => match of.elements() {
                Some(elements) => self.set(*of, &elements, faults),
                None => self.no_value(node, faults),
            },
            "record" => match of.fields() {
                Some(fields) => self.record(*of, &fields, faults),
                None => self.no_value(node, faults),
            },
            "ipaddr" | "decimal" | "datetime" | "duration" => {
                let name = if kind == "ipaddr" { "ip" } else { kind };
                let call = json!({"__extn": {"fn": name, "arg": of.value()}});
                self.at(*of, |out| out.text.push_str(&call.to_string()));
            }
            "boolean" | "long" | "string" => self.at(*of, |out| out.text.push_str(of.raw)),
            _ => self.no_value(node, faults),
        }
    }

    fn no_value(&mut self, node: Node<'_>, faults: &mut Vec<Fault>) {
        let fault = Fault::new(format!("this is not a value: {}", shown(node))).at(node.span());
        faults.push(fault.help("a value is an object with one key, its kind, such as {\"boolean\": true}"));
        self.text.push_str("null");
    }
}

/// Entities as Cedar's JSON has them, from whichever way they are written.
pub(super) fn entities_at(node: Node<'_>, faults: &mut Vec<Fault>) -> String {
    if let Some(text) = node.field("cedarJson").and_then(Node::string) {
        return text.into_owned();
    }
    let Some(list) = node.field("entityList") else { return node.raw.to_owned() };
    let Some(list) = list.elements() else {
        faults.push(Fault::new(format!("`entityList` is a list, and this is {}", list.kind())).at(list.span()));
        return "[]".to_owned();
    };
    let all: Vec<String> = list.into_iter().filter_map(|entity| cedar_entity(entity, faults)).collect();
    format!("[{}]", all.join(","))
}

fn cedar_entity(node: Node<'_>, faults: &mut Vec<Fault>) -> Option<String> {
    let mut fields = Fields::of(node, "an entity", faults)?;
    fields.known(&["identifier", "attributes", "tags", "parents"]);
    let uid = fields.get("identifier").and_then(|node| identified(node, fields.faults))?;
    let mut text = format!("{{\"uid\":{uid}");
    for (key, name) in [("attributes", "attrs"), ("tags", "tags")] {
        let mut rewritten = Rewritten::default();
        match fields.maybe(key).map(|node| (node, node.fields())) {
            Some((node, Some(inner))) => rewritten.record(node, &inner, fields.faults),
            Some((node, None)) => {
                _ = fields.fault::<()>(node, format!("`{key}` is an object, and this is {}", node.kind()));
            }
            None => rewritten.text.push_str("{}"),
        }
        text.push_str(&format!(",\"{name}\":{}", rewritten.text));
    }
    let mut parents = Vec::new();
    if let Some(node) = fields.maybe("parents") {
        match node.elements() {
            Some(all) => parents.extend(all.into_iter().filter_map(|parent| identified(parent, fields.faults))),
            None => _ = fields.fault::<()>(node, format!("`parents` is a list, and this is {}", node.kind())),
        }
    }
    Some(format!("{text},\"parents\":{}}}", Json::from(parents)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::SourceFile;

    #[test]
    fn bodies_of_verified_permissions_are_read() {
        let text = r#"{"policyStoreId": "ps", "principal": {"entityType": "App::User", "entityId": "alice"},
            "action": {"actionType": "App::Action", "actionId": "view"},
            "resource": {"entityType": "App::Doc", "entityId": "d"},
            "context": {"contextMap": {"mfa": {"boolean": true}, "from": {"ipaddr": "10.0.0.1"},
                "roles": {"set": [{"string": "a"}]}}},
            "entities": {"entityList": [{"identifier": {"entityType": "App::User", "entityId": "alice"},
                "attributes": {"level": {"long": 3}}, "parents": [{"entityType": "App::Team", "entityId": "t"}]}]}}"#;
        let file = SourceFile::new("body.json", text);
        let text = file.parse_text();
        let read = body(Node::parse(&file, &text).unwrap()).unwrap();
        assert_eq!([read.principal, read.action], ["App::User::\"alice\"", "App::Action::\"view\""]);
        let context: Json = serde_json::from_str(&read.other_context.unwrap().text).unwrap();
        assert_eq!(context, json!({"mfa": true, "from": {"__extn": {"fn": "ip", "arg": "10.0.0.1"}}, "roles": ["a"]}));
        let entities: Json = serde_json::from_str(&read.entities.unwrap()).unwrap();
        assert_eq!(entities[0]["attrs"], json!({"level": 3}));
        assert_eq!(entities[0]["parents"][0]["id"], "t");
    }

    #[test]
    fn what_is_missing_or_misspelt_is_said() {
        let file = SourceFile::new("body.json", r#"{"principle": "User::\"a\"", "action": 3, "resource": "D::\"d\""}"#);
        let text = file.parse_text();
        let faults = body(Node::parse(&file, &text).unwrap()).unwrap_err();
        let told: Vec<&str> = faults.iter().map(|fault| fault.message.as_str()).collect();
        assert_eq!(told, ["unknown key `principle`", "`principal` is missing", "`action` is not an entity: 3"]);
    }

    fn slice(text: &str, span: Option<Span>) -> &str {
        let span = span.unwrap();
        &text[span.start..span.end]
    }

    /// Each fault with the text that it is about.
    fn faults(text: &str) -> Vec<(String, String)> {
        let file = SourceFile::new("body.json", text);
        let text = file.parse_text();
        let faults = body(Node::parse(&file, &text).unwrap()).unwrap_err();
        let told = |fault: &Fault| (fault.message.clone(), slice(&text, fault.span).to_owned());
        faults.iter().map(told).collect()
    }

    fn with(more: &str) -> String {
        format!(r#"{{"principal": "U::\"a\"", "action": "A::\"x\"", "resource": "D::\"d\"", {more}}}"#)
    }

    /// What cannot be read is never left out: a request without a parent is another request.
    #[test]
    fn nothing_that_cannot_be_read_is_left_out() {
        for (more, said, at) in [
            (r#""decision": "Allowed""#, "`decision` is", r#""Allowed""#),
            (r#""decision": 1"#, "`decision` is", "1"),
            (
                r#""entities": {"entityList": [{"identifier": {"entityType": "U", "entityId": "a"}, "parents": [{"type": "T", "id": "t"}]}]}"#,
                "this is not an entity",
                r#"{"type": "T", "id": "t"}"#,
            ),
            (
                r#""entities": {"entityList": [{"identifier": {"entityType": "U"}}]}"#,
                "not an entity",
                r#"{"entityType": "U"}"#,
            ),
            (r#""entities": {"entityList": [{"attributes": {}}]}"#, "`identifier` is missing", r#"{"attributes": {}}"#),
            (r#""entities": {"entityList": {}}"#, "`entityList` is a list", "{}"),
            (
                r#""entities": {"entityList": [{"identifier": {"entityType": "U", "entityId": "a"}, "parents": {}}]}"#,
                "`parents` is a list",
                "{}",
            ),
            (r#""context": {"contextMap": {"a": true}}"#, "this is not a value", "true"),
            (r#""context": {"contextMap": {"a": {"bool": true}}}"#, "this is not a value", r#"{"bool": true}"#),
            (
                r#""context": {"contextMap": {"a": {"set": [{"entityIdentifier": {"id": "u"}}]}}}"#,
                "not an entity",
                r#"{"id": "u"}"#,
            ),
        ] {
            let told = faults(&with(more));
            let [(message, place)] = told.as_slice() else { panic!("{more}: {told:?}") };
            assert!(message.contains(said), "{more}: {message}");
            assert_eq!(place, at, "{more}");
        }
    }

    /// What is found in a text that was written anew stands somewhere in the file.
    #[test]
    fn places_in_a_rewritten_context_are_those_of_the_file() {
        let more = r#""context": {"contextMap": {"a": {"long": 17}, "r": {"record": {"b": {"set": [{"string": "x"}, {"string": "yy"}]}}}}}"#;
        let file = SourceFile::new("body.json", with(more));
        let text = file.parse_text();
        let rewritten = body(Node::parse(&file, &text).unwrap()).unwrap().other_context.unwrap();
        for part in ["17", "\"yy\"", "[\"x\",\"yy\"]"] {
            let start = rewritten.text.find(part).unwrap();
            let placed = rewritten.placed(Fault::new("").at(Span::new(start, start + part.len())));
            let place = slice(&text, placed.span);
            assert!(place == part || place == r#"[{"string": "x"}, {"string": "yy"}]"#, "{part}: {place}");
        }
        let file = SourceFile::new("body.json", with(r#""context": {"cedarJson": "{\"a\": 1}"}"#));
        let text = file.parse_text();
        let rewritten = body(Node::parse(&file, &text).unwrap()).unwrap().other_context.unwrap();
        let placed = rewritten.placed(Fault::new("").at(Span::new(6, 7)));
        assert_eq!(slice(&text, placed.span), r#""{\"a\": 1}""#);
    }
}
