//! Cedar's integration tests.

use super::opening::{Foreign, Opening, Unread};
use crate::data::json::Node;
use crate::repo::Table;
use crate::tables::foreign::{Fields, found};
use crate::tables::rows::{Errors, Found, Reasons, Row, RowEntities};
use crate::text::SourceFile;

pub(super) static OPENING: Opening = Opening::Foreign(Foreign { rows, row, single: false });

fn rows<'t>(file: &SourceFile, text: &'t str) -> Unread<'t> {
    Node::parse(file, text).map(|root| root.field("requests").and_then(Node::elements).map(Into::into))
}

fn row<'t>(_: &Table, node: Node<'t>, _: Option<Node<'t>>) -> Found<'t> {
    found(node, Some("description"), read)
}

fn read<'t>(fields: &mut Fields<'t, '_>) -> Option<Row<'t>> {
    let validate = fields.maybe("validateRequest").is_none_or(|node| node.raw != "false");
    let request = fields.request();
    let decision = fields.decision();
    let reasons = fields.strings("reason").map_or(Reasons::Open, Reasons::ExactlyPositions);
    let errors = fields.strings("errors").map_or(Errors::Open, Errors::ExactlyPositions);
    Some(Row { reasons, errors, validate, ..request?.expecting(RowEntities::OfStore, decision?) })
}
