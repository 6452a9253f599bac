//! The rows of `cedar run-tests`.

use super::opening::{Foreign, Opening, Unread};
use crate::data::json::Node;
use crate::repo::Table;
use crate::tables::foreign::{Fields, found};
use crate::tables::rows::{Errors, Found, Reasons, Row, RowEntities};
use crate::text::{SourceFile, inline};

pub(super) static OPENING: Opening = Opening::Foreign(Foreign { rows, row, single: false });

fn rows<'t>(file: &SourceFile, text: &'t str) -> Unread<'t> {
    Node::parse_elements(file, text).map(|rows| Some(rows.into()))
}

fn row<'t>(table: &Table, node: Node<'t>, _: Option<Node<'t>>) -> Found<'t> {
    found(node, Some("name"), |fields| read(table, fields))
}

fn read<'t>(table: &Table, fields: &mut Fields<'t, '_>) -> Option<Row<'t>> {
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
                Some(Err(why)) => fields.fault(node, format!("the entities of this row: {}", inline(&why.to_string()))),
                None => fields.fault(node, format!("`{}` is not an entity file", inline(&path))),
            },
        },
    };
    let decision = fields.decision();
    let reasons = fields.strings("reason").map_or(Reasons::Open, Reasons::AtLeast);
    let errors = fields.count("num_errors").map_or(Errors::Open, Errors::Count);
    Some(Row { reasons, errors, ..request?.expecting(entities?, decision?) })
}
