//! A request as other programs write it down: Cedar's request JSON, Amazon Verified Permissions' `IsAuthorized` bodies,
//! and lines of decision logs.
//!
//! Sources: <https://docs.cedarpolicy.com/auth/entities-syntax.html>,
//! <https://docs.aws.amazon.com/verifiedpermissions/latest/apireference/API_IsAuthorized.html>.

use cedar_policy::{EntityId, EntityTypeName, EntityUid};
use serde_json::{Map, Value as Json, json};

use super::foreign::Fields;
use crate::data::Fault;
use crate::data::json::Node;
use crate::outcome::Decision;
use crate::text::inline;

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
    pub other_context: Option<String>,
    /// The entities as Cedar's JSON has them, if there are some.
    pub entities: Option<String>,
    /// What was decided, if that is written down.
    pub decision: Option<Decision>,
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
    let other = context.and_then(Node::value).and_then(|value| other_context(&value));
    let entities = fields.maybe("entities").and_then(Node::value);
    let decision = fields.maybe("decision").and_then(Node::string).map(|text| text.to_lowercase());
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
        entities: entities.map(|entities| cedar_entities(&entities)),
        decision: decision.and_then(|text| match text.as_str() {
            "allow" => Some(Decision::Allow),
            "deny" => Some(Decision::Deny),
            _ => None,
        }),
    })
}

/// An entity in Cedar syntax, from whichever way it is written.
fn written(name: &str, node: Node<'_>) -> Result<String, Fault> {
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
fn identifier(value: &Json) -> Option<EntityUid> {
    let text = |keys: [&str; 2]| keys.into_iter().find_map(|key| value.get(key)?.as_str());
    let ty: EntityTypeName = text(["entityType", "actionType"])?.parse().ok()?;
    Some(EntityUid::from_type_name_and_id(ty, EntityId::new(text(["entityId", "actionId"])?)))
}

/// A context that is not written as Cedar has it, as Cedar has it.
fn other_context(context: &Json) -> Option<String> {
    let fields = context.as_object().filter(|fields| fields.len() == 1)?;
    match (fields.get("contextMap"), fields.get("cedarJson")) {
        (Some(Json::Object(map)), _) => Some(Json::Object(record(map)).to_string()),
        (_, Some(Json::String(text))) => Some(text.clone()),
        _ => None,
    }
}

fn record(fields: &Map<String, Json>) -> Map<String, Json> {
    fields.iter().map(|(name, of)| (name.clone(), value(of))).collect()
}

/// A value as Amazon Verified Permissions writes it, as Cedar has it.
fn value(of: &Json) -> Json {
    let Some((kind, of)) = of.as_object().and_then(|fields| fields.iter().next()) else { return of.clone() };
    match (kind.as_str(), of) {
        ("entityIdentifier", of) => identifier(of).map_or(Json::Null, |uid| json!({"__entity": uid_json(&uid)})),
        ("set", Json::Array(all)) => Json::Array(all.iter().map(value).collect()),
        ("record", Json::Object(fields)) => Json::Object(record(fields)),
        ("ipaddr", of) => json!({"__extn": {"fn": "ip", "arg": of}}),
        ("decimal" | "datetime" | "duration", of) => json!({"__extn": {"fn": kind, "arg": of}}),
        (_, of) => of.clone(),
    }
}

fn uid_json(uid: &EntityUid) -> Json {
    json!({"type": uid.type_name().to_string(), "id": AsRef::<str>::as_ref(uid.id())})
}

/// Entities as Cedar's JSON has them, from whichever way they are written.
fn cedar_entities(entities: &Json) -> String {
    if let Some(text) = entities.get("cedarJson").and_then(Json::as_str) {
        return text.to_owned();
    }
    let Some(list) = entities.get("entityList").and_then(Json::as_array) else { return entities.to_string() };
    let one = |entity: &Json| {
        let fields = |key: &str| entity.get(key).and_then(Json::as_object).map(record).unwrap_or_default();
        let parents = entity.get("parents").and_then(Json::as_array).into_iter().flatten().filter_map(identifier);
        json!({
            "uid": entity.get("identifier").and_then(identifier).map(|uid| uid_json(&uid)),
            "attrs": fields("attributes"),
            "tags": fields("tags"),
            "parents": parents.map(|uid| uid_json(&uid)).collect::<Vec<_>>()
        })
    };
    Json::Array(list.iter().map(one).collect()).to_string()
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
        let context: Json = serde_json::from_str(&read.other_context.unwrap()).unwrap();
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
}
