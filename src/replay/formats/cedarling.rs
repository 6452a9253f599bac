//! Logs of Cedarling. An entry of kind `Decision` has neither context nor entities, and of principals the type alone;
//! the entry about the result of a call, at the level of debugging, has all of it.
//!
//! Source: <https://docs.jans.io/stable/cedarling/reference/cedarling-logs/>.

use super::fields::Fields;
use super::spec::Format;
use crate::data::json::Node;
use crate::replay::record::{Given, Party, Read, Record, Wrong};

/// The format.
pub(super) static FORMAT: Format = Format { name: "cedarling", about: "decisions in the logs of Cedarling", read };

fn read<'t>(fields: &Fields<'t>) -> Option<Read<'t>> {
    let kind = fields.text("log_kind")?;
    match (&*kind, fields.get("authorize_info").and_then(Node::elements)) {
        ("Decision", _) => Some(vec![decision(fields)]),
        (_, Some(all)) => Some(all.into_iter().map(|info| result(fields, info)).collect()),
        _ => Some(vec![Err(Wrong::foreign("an entry of Cedarling's log that is no decision"))]),
    }
}

fn decision<'t>(fields: &Fields<'t>) -> Result<Record<'t>, Wrong> {
    let record = fields.decided(fields.request()?)?;
    Ok(Record { principal: principal(fields.get("principal")), context: None, entities: Given::Nothing, ..record })
}

/// The principal of an entry: a list of types, of which one tells something, or an entity.
fn principal(node: Option<Node<'_>>) -> Party<'_> {
    let one = node.and_then(|node| match node.elements() {
        Some(all) => all.first().copied().filter(|_| all.len() == 1),
        None => Some(node),
    });
    let Some((node, text)) = one.and_then(|node| Some((node, node.string()?))) else { return Party::Unknown };
    if text.contains("::\"") { Party::Entity(node.raw.into()) } else { Party::Type(text) }
}

/// One of the principals of a call, with all that was known of it.
fn result<'t>(fields: &Fields<'t>, info: Node<'t>) -> Result<Record<'t>, Wrong> {
    let info = Fields::of(info)?;
    let decided = info.decided(fields.request()?)?;
    let principal = info.get("principal").map_or(Party::Unknown, |node| Party::Entity(node.raw.into()));
    Ok(Record { principal, time: fields.time()?, ..decided })
}
