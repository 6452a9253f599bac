//! Reading JSON rows field by field, each fault at its place and none hiding another.

use std::borrow::Cow;
use std::sync::Arc;

use crate::data::Fault;
use crate::data::json::Node;
use crate::outcome::Decision;
use crate::tables::rows::{Content, Errors, Found, Reasons, Row, RowContext, RowEntities, Uid};
use crate::tables::strangers::Met;
use crate::text::{inline, nearest};

/// The row `node` by its fields, as `read` takes them; its name stands under the key `name`.
pub(in crate::tables) fn found<'t>(
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
    Found { name: called, suffix: None, span: node.span(), notes: Vec::new(), met: Met::default(), content }
}

/// What every form says of a request.
pub(in crate::tables) struct Request<'t> {
    pub(in crate::tables) principal: Node<'t>,
    pub(in crate::tables) action: Node<'t>,
    pub(in crate::tables) resource: Node<'t>,
    pub(in crate::tables) context: Option<Node<'t>>,
}

impl<'t> Request<'t> {
    /// A row of it that expects `decision`.
    pub(in crate::tables) fn expecting(self, entities: RowEntities<'t>, decision: Decision) -> Row<'t> {
        Row {
            principal: Uid::Json(self.principal),
            action: Uid::Json(self.action),
            resource: Uid::Json(self.resource),
            context: self.context.map_or(RowContext::Empty, RowContext::Json),
            entities,
            world: Arc::default(),
            decision,
            reasons: Reasons::Open,
            errors: Errors::Open,
            validate: true,
        }
    }
}

/// An object's fields; `null` counts as not given.
pub(in crate::tables) struct Fields<'t, 'f> {
    node: Node<'t>,
    fields: Vec<(Cow<'t, str>, Node<'t>)>,
    pub(in crate::tables) faults: &'f mut Vec<Fault>,
}

impl<'t, 'f> Fields<'t, 'f> {
    pub(in crate::tables) fn of(node: Node<'t>, what: &str, faults: &'f mut Vec<Fault>) -> Option<Self> {
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

    pub(in crate::tables) fn fault<T>(&mut self, node: Node<'_>, message: String) -> Option<T> {
        self.faults.push(Fault::new(message).at(node.span()));
        None
    }

    /// A key that nobody knows is left alone, as other tools do, unless it is a misspelt known one: that would be
    /// silently not checked.
    pub(in crate::tables) fn known(&mut self, known: &[&str]) {
        for (key, value) in self.fields.iter().filter(|(key, _)| !known.contains(&key.as_ref())) {
            if let Some(meant) = nearest(key, known.iter().copied()) {
                let fault = Fault::new(format!("unknown key `{}`", inline(key))).at(value.span());
                self.faults.push(fault.help(format!("did you mean `{meant}`?")));
            }
        }
    }

    pub(in crate::tables) fn maybe(&self, name: &str) -> Option<Node<'t>> {
        self.fields.iter().find(|(key, _)| key == name).map(|(_, node)| *node).filter(|node| node.raw != "null")
    }

    pub(in crate::tables) fn get(&mut self, name: &str) -> Option<Node<'t>> {
        let found = self.maybe(name);
        if found.is_none() {
            self.faults.push(Fault::new(format!("`{name}` is missing")).at(self.node.span()));
        }
        found
    }

    pub(in crate::tables) fn request(&mut self) -> Option<Request<'t>> {
        let (principal, action, resource) = (self.get("principal"), self.get("action"), self.get("resource"));
        Some(Request { principal: principal?, action: action?, resource: resource?, context: self.maybe("context") })
    }

    pub(in crate::tables) fn decision(&mut self) -> Option<Decision> {
        let node = self.get("decision")?;
        match node.string().map(|text| text.to_lowercase()).as_deref() {
            Some("allow") => Some(Decision::Allow),
            Some("deny") => Some(Decision::Deny),
            _ => self.fault(node, format!("`decision` is \"allow\" or \"deny\", and this is {}", inline(node.raw))),
        }
    }

    pub(in crate::tables) fn strings(&mut self, name: &str) -> Option<Vec<String>> {
        let node = self.maybe(name)?;
        let items = node.elements();
        let texts = items.and_then(|items| items.into_iter().map(|item| item.string().map(Cow::into_owned)).collect());
        if texts.is_none() {
            return self.fault(node, format!("`{name}` is an array of policy ids"));
        }
        texts
    }

    pub(in crate::tables) fn count(&mut self, name: &str) -> Option<usize> {
        let node = self.maybe(name)?;
        let count = serde_json::from_str(node.raw).ok();
        if count.is_none() {
            return self.fault(node, format!("`{name}` is a number of policies, and this is {}", inline(node.raw)));
        }
        count
    }
}
