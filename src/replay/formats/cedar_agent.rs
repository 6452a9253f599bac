//! Calls to cedar-agent with its answers: `request` is the body of a call to `/v1/is_authorized`, `response` what came
//! back.
//!
//! The agent itself logs the request as text of no fixed form, and no decision; what is read is what a proxy or a
//! client keeps. Source: <https://github.com/permitio/cedar-agent>, `src/schemas/authorization.rs`.

use super::fields::Fields;
use super::spec::Format;
use crate::replay::record::{Given, Read, Record, Wrong};

/// The format.
pub(super) static FORMAT: Format = Format { name: "cedar-agent", about: "calls to cedar-agent with its answers", read };

fn read<'t>(fields: &Fields<'t>) -> Option<Read<'t>> {
    let (request, response) = (fields.inner("request")?, fields.inner("response")?);
    request.has(&["action", "principal", "resource"]).then(|| vec![record(fields, &request, &response)])
}

fn record<'t>(line: &Fields<'t>, request: &Fields<'t>, response: &Fields<'t>) -> Result<Record<'t>, Wrong> {
    let record = request.request()?;
    // Those are added to what the agent holds, which is not in the log.
    let entities = match request.get("additional_entities") {
        Some(node) => Given::Some(node.raw.into()),
        None => record.entities.clone(),
    };
    let decided = response.decided(Record { entities, ..record })?;
    Ok(Record { time: line.time()?.or(decided.time), ..decided })
}
