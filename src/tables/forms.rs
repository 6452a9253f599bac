//! The forms of others, read unchanged: `cedar run-tests`, `ALLOW`/`DENY` folders, Cedar's integration tests.

use std::borrow::Cow;

use super::rows::{Content, Errors, Found, Reasons, Row, RowContext, RowEntities, Uid};
use crate::data::Fault;
use crate::data::json::{JsonError, Node};
use crate::outcome::Decision;
use crate::repo::{Table, TableForm};
use crate::text::{inline, nearest};

/// The rows of `table`, not read yet: the elements of an array, the one request, those of an integration test.
///
/// # Errors
/// Why it is no table: not JSON, or JSON in another shape.
pub(super) fn rows<'t>(table: &Table, text: &'t str) -> Result<Vec<Node<'t>>, Fault> {
    let file = &table.file;
    let rows = match table.form {
        TableForm::RunTests => return Node::parse_elements(file, text).map_err(|error| malformed(Some(error))),
        TableForm::Request { .. } => Node::parse(file, text).map(|root| Some(vec![root])),
        TableForm::Integration => Node::parse(file, text).map(|root| root.field("requests").and_then(Node::elements)),
        TableForm::Yaml | TableForm::Csv | TableForm::Malformed => Node::parse(file, text).map(|_| None),
    };
    rows.map_err(Some).and_then(|rows| rows.ok_or(None)).map_err(malformed)
}

/// The row of `table` that `node` is.
pub(super) fn row<'t>(table: &Table, node: Node<'t>) -> Found<'t> {
    match table.form {
        TableForm::Request { allow } => {
            let decision = if allow { Decision::Allow } else { Decision::Deny };
            found(node, None, |fields| {
                fields.known(&["principal", "action", "resource", "context"]);
                fields.request().map(|request| request.expecting(RowEntities::OfStore, decision))
            })
        }
        TableForm::Integration => found(node, Some("description"), integration_row),
        _ => found(node, Some("name"), |fields| run_tests_row(table, fields)),
    }
}

fn found<'t>(
    node: Node<'t>,
    name: Option<&str>,
    read: impl FnOnce(&mut Fields<'t, '_>) -> Option<Row<'t>>,
) -> Found<'t> {
    let mut faults = Vec::new();
    let mut called = None;
    let row = Fields::of(node, "a row", &mut faults).and_then(|mut fields| {
        called = name.and_then(|key| fields.maybe(key)).and_then(Node::string).map(Cow::into_owned);
        read(&mut fields)
    });
    let content = match row {
        Some(row) if faults.is_empty() => Ok(Content::Row(row)),
        _ => Err(faults),
    };
    Found { name: called, suffix: None, span: node.span(), notes: Vec::new(), content }
}

fn run_tests_row<'t>(table: &Table, fields: &mut Fields<'t, '_>) -> Option<Row<'t>> {
    fields.known(&["name", "request", "entities", "decision", "reason", "num_errors", "description"]);
    let request = fields.get("request").and_then(|node| {
        let mut inner = Fields::of(node, "`request`", fields.faults)?;
        inner.known(&["principal", "action", "resource", "context"]);
        inner.request()
    });
    let entities = match fields.maybe("entities") {
        None => Some(RowEntities::OfStore),
        Some(node) => match node.string() {
            None => Some(RowEntities::Inline(node)),
            Some(path) => match table.entity_files.get(path.as_ref()) {
                Some(Ok(file)) => Some(RowEntities::File(file.clone())),
                Some(Err(why)) => fields.fault(node, format!("the entities of this row: {}", inline(why))),
                None => fields.fault(node, format!("`{}` is not an entity file", inline(&path))),
            },
        },
    };
    let decision = fields.decision();
    let reasons = fields.strings("reason").map_or(Reasons::Open, Reasons::AtLeast);
    let errors = fields.count("num_errors").map_or(Errors::Open, Errors::Count);
    Some(Row { reasons, errors, ..request?.expecting(entities?, decision?) })
}

fn integration_row<'t>(fields: &mut Fields<'t, '_>) -> Option<Row<'t>> {
    let validate = fields.maybe("validateRequest").is_none_or(|node| node.raw != "false");
    let request = fields.request();
    let decision = fields.decision();
    let reasons = fields.strings("reason").map_or(Reasons::Open, Reasons::ExactlyPositions);
    let errors = fields.strings("errors").map_or(Errors::Open, Errors::ExactlyPositions);
    Some(Row { reasons, errors, validate, ..request?.expecting(RowEntities::OfStore, decision?) })
}

/// What every form says of a request.
struct Request<'t> {
    principal: Node<'t>,
    action: Node<'t>,
    resource: Node<'t>,
    context: Option<Node<'t>>,
}

impl<'t> Request<'t> {
    fn expecting(self, entities: RowEntities<'t>, decision: Decision) -> Row<'t> {
        Row {
            principal: Uid::Json(self.principal),
            action: Uid::Json(self.action),
            resource: Uid::Json(self.resource),
            context: self.context.map_or(RowContext::Empty, RowContext::Json),
            entities,
            decision,
            reasons: Reasons::Open,
            errors: Errors::Open,
            validate: true,
        }
    }
}

/// An object's fields; `null` counts as not given.
struct Fields<'t, 'f> {
    node: Node<'t>,
    fields: Vec<(Cow<'t, str>, Node<'t>)>,
    faults: &'f mut Vec<Fault>,
}

impl<'t, 'f> Fields<'t, 'f> {
    fn of(node: Node<'t>, what: &str, faults: &'f mut Vec<Fault>) -> Option<Self> {
        let Some(fields) = node.fields() else {
            faults.push(Fault::new(format!("{what} is an object, and this is {}", node.kind())).at(node.span()));
            return None;
        };
        for (at, (key, value)) in fields.iter().enumerate() {
            if fields.iter().take(at).any(|(other, _)| other == key) {
                faults.push(Fault::new(format!("`{}` is given twice", inline(key))).at(value.span()));
            }
        }
        Some(Self { node, fields, faults })
    }

    fn fault<T>(&mut self, node: Node<'_>, message: String) -> Option<T> {
        self.faults.push(Fault::new(message).at(node.span()));
        None
    }

    /// A key that nobody knows is left alone, as other tools do, unless it is a misspelt known one: that would be silently
    /// not checked.
    fn known(&mut self, known: &[&str]) {
        for (key, value) in self.fields.iter().filter(|(key, _)| !known.contains(&key.as_ref())) {
            if let Some(meant) = nearest(key, known.iter().copied()) {
                let fault = Fault::new(format!("unknown key `{}`", inline(key))).at(value.span());
                self.faults.push(fault.help(format!("did you mean `{meant}`?")));
            }
        }
    }

    fn maybe(&self, name: &str) -> Option<Node<'t>> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, node)| *node).filter(|node| node.raw != "null")
    }

    fn get(&mut self, name: &str) -> Option<Node<'t>> {
        let found = self.maybe(name);
        if found.is_none() {
            self.faults.push(Fault::new(format!("`{name}` is missing")).at(self.node.span()));
        }
        found
    }

    fn request(&mut self) -> Option<Request<'t>> {
        let (principal, action, resource) = (self.get("principal"), self.get("action"), self.get("resource"));
        Some(Request { principal: principal?, action: action?, resource: resource?, context: self.maybe("context") })
    }

    fn decision(&mut self) -> Option<Decision> {
        let node = self.get("decision")?;
        match node.string().as_deref() {
            Some("allow" | "Allow") => Some(Decision::Allow),
            Some("deny" | "Deny") => Some(Decision::Deny),
            _ => self.fault(node, format!("`decision` is \"allow\" or \"deny\", and this is {}", inline(node.raw))),
        }
    }

    fn strings(&mut self, name: &str) -> Option<Vec<String>> {
        let node = self.maybe(name)?;
        let items = node.elements();
        let texts = items.and_then(|items| items.into_iter().map(|item| item.string().map(Cow::into_owned)).collect());
        if texts.is_none() {
            return self.fault(node, format!("`{name}` is an array of policy ids"));
        }
        texts
    }

    fn count(&mut self, name: &str) -> Option<usize> {
        let node = self.maybe(name)?;
        let count = serde_json::from_str(node.raw).ok();
        if count.is_none() {
            return self.fault(node, format!("`{name}` is a number of policies, and this is {}", inline(node.raw)));
        }
        count
    }
}

/// Why a table known by its name is none.
fn malformed(error: Option<JsonError>) -> Fault {
    let span = error.as_ref().map(|error| error.span);
    let message = match error {
        Some(error) => format!("this decision table is not JSON: {}", error.message),
        None => "this file is named like a decision table and is in none of the known forms".to_owned(),
    };
    let help = "a table is YAML or CSV; or in JSON an array of rows with `request` and `decision` (as for `cedar \
                run-tests`), one request in a folder `ALLOW` or `DENY`, or an integration test with `policies` and \
                `requests`";
    Fault { message, help: Some(help.to_owned()), span }
}
