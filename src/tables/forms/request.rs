//! One request a file, in a folder that says what it should get.

use super::opening::{Foreign, Opening, Unread};
use crate::data::json::Node;
use crate::outcome::Decision;
use crate::repo::Table;
use crate::tables::foreign::found;
use crate::tables::rows::{Found, RowEntities};
use crate::text::SourceFile;

pub(super) static OPENING: Opening = Opening::Foreign(Foreign { rows, row, single: true });

fn rows<'t>(file: &SourceFile, text: &'t str) -> Unread<'t> {
    Node::parse(file, text).map(|root| Some(vec![root].into()))
}

fn row<'t>(table: &Table, node: Node<'t>, _: Option<Node<'t>>) -> Found<'t> {
    let allow = table.file.path().rsplit('/').nth(1) == Some("ALLOW");
    let decision = if allow { Decision::Allow } else { Decision::Deny };
    found(node, None, |fields| {
        fields.known(&["principal", "action", "resource", "context"]);
        fields.request().map(|request| request.expecting(RowEntities::OfStore, decision))
    })
}
