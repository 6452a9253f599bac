//! JSON lines: a request as Cedar's JSON has it, with its decision, and where they are known entities and the time.
//!
//! The request stands in the line itself or under `request`; entities, decision and time stand beside it.

use super::fields::Fields;
use super::spec::Format;
use crate::replay::record::{Given, Read, Record, Wrong};

/// The format.
pub(super) static FORMAT: Format =
    Format { name: "json-lines", about: "a request in Cedar's JSON with its decision, a line each", read };

fn read<'t>(fields: &Fields<'t>) -> Option<Read<'t>> {
    let inner = match fields.get("request") {
        Some(node) => match Fields::of(node) {
            Ok(inner) => Some(inner),
            Err(wrong) => return Some(vec![Err(wrong)]),
        },
        None => None,
    };
    let request = inner.as_ref().unwrap_or(fields);
    request.has(&["action", "principal", "resource"]).then(|| vec![record(request, fields)])
}

fn record<'t>(request: &Fields<'t>, around: &Fields<'t>) -> Result<Record<'t>, Wrong> {
    let record = request.request()?;
    let entities = match around.get("entities") {
        Some(node) => Given::All(node.raw.into()),
        None => record.entities.clone(),
    };
    around.decided(Record { entities, ..record })
}
