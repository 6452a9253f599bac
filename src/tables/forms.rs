//! The forms of others, read unchanged: `cedar run-tests`, `ALLOW`/`DENY` folders, Cedar's integration tests.

use std::borrow::Cow;
use std::collections::HashSet;

use super::rows::{Errors, Fault, Found, Reasons, Row, RowEntities};
use crate::outcome::Decision;
use crate::repo::Table;
use crate::repo::json::{JsonError, Node};
use crate::text::{inline, nearest};

/// The rows of an array in the form of `cedar run-tests`.
pub(super) fn run_tests<'t>(table: &Table, rows: Vec<Node<'t>>) -> Vec<Found<'t>> {
    rows.into_iter().map(|node| named(node, "name", |fields| run_tests_row(table, fields))).collect()
}

/// The one row of a request file.
pub(super) fn request(root: Node<'_>, allow: bool) -> Vec<Found<'_>> {
    let decision = if allow { Decision::Allow } else { Decision::Deny };
    let row = Fields::of(root).and_then(|fields| {
        fields.known(&["principal", "action", "resource", "context"])?;
        Ok(Row {
            principal: fields.get("principal")?,
            action: fields.get("action")?,
            resource: fields.get("resource")?,
            context: fields.maybe("context"),
            entities: RowEntities::OfStore,
            decision,
            reasons: Reasons::Open,
            errors: Errors::Open,
            validate: true,
        })
    });
    vec![Found { name: None, node: root, row }]
}

/// The rows of an integration test.
pub(super) fn integration(root: Node<'_>) -> Option<Vec<Found<'_>>> {
    let rows = root.field("requests")?.elements()?;
    Some(rows.into_iter().map(|node| named(node, "description", integration_row)).collect())
}

fn named<'t>(node: Node<'t>, key: &str, read: impl FnOnce(&Fields<'t>) -> Result<Row<'t>, Fault>) -> Found<'t> {
    let fields = Fields::of(node);
    let name = fields.as_ref().ok().and_then(|fields| fields.maybe(key)).and_then(Node::string).map(Cow::into_owned);
    Found { name, node, row: fields.and_then(|fields| read(&fields)) }
}

fn run_tests_row<'t>(table: &Table, fields: &Fields<'t>) -> Result<Row<'t>, Fault> {
    fields.known(&["name", "request", "entities", "decision", "reason", "num_errors", "description"])?;
    let request = Fields::of(fields.get("request")?).map_err(|_| Fault::new("`request` is an object"))?;
    request.known(&["principal", "action", "resource", "context"])?;
    let entities = match fields.maybe("entities") {
        None => RowEntities::OfStore,
        Some(node) => match node.string() {
            None => RowEntities::Inline(node),
            Some(path) => match table.entity_files.get(path.as_ref()) {
                Some(Ok(file)) => RowEntities::File(file.clone()),
                Some(Err(why)) => return Err(Fault::new(format!("the entities of this row: {}", inline(why)))),
                None => return Err(Fault::new(format!("`{}` is not an entity file", inline(&path)))),
            },
        },
    };
    Ok(Row {
        principal: request.get("principal")?,
        action: request.get("action")?,
        resource: request.get("resource")?,
        context: request.maybe("context"),
        entities,
        decision: fields.decision()?,
        reasons: fields.strings("reason")?.map_or(Reasons::Open, Reasons::AtLeast),
        errors: fields.count("num_errors")?.map_or(Errors::Open, Errors::Count),
        validate: true,
    })
}

fn integration_row<'t>(fields: &Fields<'t>) -> Result<Row<'t>, Fault> {
    let validate = fields.maybe("validateRequest").is_none_or(|node| node.raw != "false");
    Ok(Row {
        principal: fields.get("principal")?,
        action: fields.get("action")?,
        resource: fields.get("resource")?,
        context: fields.maybe("context"),
        entities: RowEntities::OfStore,
        decision: fields.decision()?,
        reasons: fields.strings("reason")?.map_or(Reasons::Open, Reasons::ExactlyPositions),
        errors: fields.strings("errors")?.map_or(Errors::Open, Errors::ExactlyPositions),
        validate,
    })
}

/// An object's fields; `null` counts as not given.
struct Fields<'t>(Vec<(Cow<'t, str>, Node<'t>)>);

impl<'t> Fields<'t> {
    fn of(node: Node<'t>) -> Result<Self, Fault> {
        let fields =
            node.fields().ok_or_else(|| Fault::new(format!("a row is an object, and this is {}", node.kind())))?;
        let mut seen = HashSet::new();
        for (key, _) in &fields {
            if !seen.insert(key) {
                return Err(Fault::new(format!("`{}` is given twice", inline(key))));
            }
        }
        Ok(Self(fields))
    }

    /// A key that nobody knows is left alone, as other tools do, unless it is a misspelt known one: that would be silently
    /// not checked.
    fn known(&self, known: &[&str]) -> Result<(), Fault> {
        let stray = self.0.iter().map(|(key, _)| key).filter(|key| !known.contains(&key.as_ref()));
        for key in stray {
            if let Some(meant) = nearest(key, known.iter().copied()) {
                let fault = Fault::new(format!("unknown key `{}`", inline(key)));
                return Err(fault.help(format!("did you mean `{meant}`?")));
            }
        }
        Ok(())
    }

    fn maybe(&self, name: &str) -> Option<Node<'t>> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, node)| *node).filter(|node| node.raw != "null")
    }

    fn get(&self, name: &str) -> Result<Node<'t>, Fault> {
        self.maybe(name).ok_or_else(|| Fault::new(format!("`{name}` is missing")))
    }

    fn decision(&self) -> Result<Decision, Fault> {
        let node = self.get("decision")?;
        match node.string().as_deref() {
            Some("allow" | "Allow") => Ok(Decision::Allow),
            Some("deny" | "Deny") => Ok(Decision::Deny),
            _ => Err(Fault::new(format!("`decision` is \"allow\" or \"deny\", and this is {}", inline(node.raw)))),
        }
    }

    fn strings(&self, name: &str) -> Result<Option<Vec<String>>, Fault> {
        let Some(node) = self.maybe(name) else { return Ok(None) };
        let wrong = || Fault::new(format!("`{name}` is an array of policy ids"));
        let items = node.elements().ok_or_else(wrong)?;
        let texts: Option<Vec<_>> = items.into_iter().map(|item| item.string().map(Cow::into_owned)).collect();
        texts.ok_or_else(wrong).map(Some)
    }

    fn count(&self, name: &str) -> Result<Option<usize>, Fault> {
        let Some(node) = self.maybe(name) else { return Ok(None) };
        let count = serde_json::from_str(node.raw).ok();
        count
            .ok_or_else(|| Fault::new(format!("`{name}` is a number of policies, and this is {}", inline(node.raw))))
            .map(Some)
    }
}

/// Why a table known by its name is none.
pub(super) fn malformed(error: Option<JsonError>) -> (String, String) {
    let message = match error {
        Some(error) => format!("this decision table is not JSON: {}", error.message),
        None => "this file is named like a decision table and is in none of the known forms".to_owned(),
    };
    let help = "a table is an array of rows with `request` and `decision` (as for `cedar run-tests`), one request in a \
                folder `ALLOW` or `DENY`, or an integration test with `policies` and `requests`";
    (message, help.to_owned())
}
