//! Requests to Amazon Verified Permissions, and what it answered.
//!
//! Source: <https://docs.aws.amazon.com/verifiedpermissions/latest/apireference/API_BatchIsAuthorized.html>.

use super::opening::{Foreign, Opening, Rows, Unread};
use crate::data::json::Node;
use crate::outcome::Decision;
use crate::repo::Table;
use crate::tables::body::{entities_at, other_context};
use crate::tables::foreign::{Fields, Request, found};
use crate::tables::rows::{Found, Row, RowContext, RowEntities};
use crate::text::SourceFile;

pub(super) static OPENING: Opening = Opening::Foreign(Foreign { rows, row, single: false });

/// What a body and an answer may have. The service has other keys besides.
const KEYS: [&str; 7] = ["name", "request", "principal", "action", "resource", "context", "decision"];

fn rows<'t>(file: &SourceFile, text: &'t str) -> Unread<'t> {
    let root = Node::parse(file, text)?;
    let listed = ["results", "requests"].iter().find_map(|key| root.field(key)?.elements());
    Ok(Some(match (root.elements(), listed) {
        (Some(nodes), _) => nodes.into(),
        (None, Some(nodes)) => Rows { nodes, around: Some(root) },
        (None, None) => vec![root].into(),
    }))
}

fn row<'t>(table: &Table, node: Node<'t>, around: Option<Node<'t>>) -> Found<'t> {
    found(node, Some("name"), |fields| read(table, fields, node, around))
}

fn read<'t>(table: &Table, fields: &mut Fields<'t, '_>, node: Node<'t>, around: Option<Node<'t>>) -> Option<Row<'t>> {
    fields.known(&KEYS);
    let decision = match (fields.maybe("decision"), table.file.path().rsplit('/').nth(1)) {
        (None, Some("ALLOW")) => Some(Decision::Allow),
        (None, Some("DENY")) => Some(Decision::Deny),
        _ => fields.decision(),
    };
    let beside = |key: &str| around.and_then(|around| around.field(key)).filter(|node| node.raw != "null");
    let own = fields.maybe("entities");
    let body = fields.maybe("request").unwrap_or(node);
    let mut inner = Fields::of(body, "`request`", fields.faults)?;
    let token = ["identityToken", "accessToken"].iter().find_map(|key| inner.maybe(key).or_else(|| beside(key)));
    let principal = match (inner.maybe("principal").or_else(|| beside("principal")), token) {
        (None, Some(token)) => {
            let message = "who asks stands in a token, which is not read; name the `principal` beside the request";
            inner.fault(token, message.to_owned())
        }
        (None, None) => inner.get("principal"),
        (known, _) => known,
    };
    let (action, resource) = (inner.get("action"), inner.get("resource"));
    let context = inner.maybe("context").or_else(|| beside("context"));
    let entities = inner.maybe("entities").or(own).or_else(|| beside("entities"));
    let other = context.and_then(|node| other_context(node, fields.faults));
    let entities = match entities {
        None => RowEntities::OfStore,
        Some(node) => RowEntities::Built(entities_at(node, fields.faults), node.span()),
    };
    let request = Request { principal: principal?, action: action?, resource: resource?, context };
    let row = request.expecting(entities, decision?);
    Some(match other {
        Some(other) => Row { context: RowContext::Built(other.text), ..row },
        None => row,
    })
}
