//! CloudTrail's records of calls to Amazon Verified Permissions. They carry neither context nor entities, and no token.
//!
//! Source: <https://docs.aws.amazon.com/verifiedpermissions/latest/userguide/cloudtrail.html>.

use super::fields::Fields;
use super::spec::Format;
use super::verified_permissions::Call;
use crate::data::json::Node;
use crate::replay::record::{Given, Read, Record, Wrong};

/// The format.
pub(super) static FORMAT: Format =
    Format { name: "cloud-trail", about: "CloudTrail's records of calls to Amazon Verified Permissions", read };

const SERVICE: &str = "verifiedpermissions.amazonaws.com";

fn read<'t>(fields: &Fields<'t>) -> Option<Read<'t>> {
    let service = fields.text("eventSource")?;
    let event = fields.text("eventName")?;
    let foreign = |message: &str| Some(vec![Err(Wrong::foreign(message))]);
    if service != SERVICE {
        return foreign("an event of another service in CloudTrail");
    }
    if fields.has(&["errorCode"]) {
        return foreign("a call in CloudTrail that failed");
    }
    let Some(body) = fields.inner("requestParameters") else {
        return foreign("a call in CloudTrail without its parameters");
    };
    let (added, elements) = (fields.inner("additionalEventData"), fields.inner("responseElements"));
    let nothing = Fields::none();
    let answer = added.as_ref().or(elements.as_ref()).unwrap_or(&nothing);
    let call = Call { line: fields, body: &body, answer };
    let list = |fields: &Fields<'t>, name: &str| fields.get(name).and_then(Node::elements).unwrap_or_default();
    let read = match &*event {
        "IsAuthorized" | "IsAuthorizedWithToken" => vec![call.one(&body, answer)],
        "BatchIsAuthorized" | "BatchIsAuthorizedWithToken" => {
            call.results(list(answer, "results"), list(&body, "requests"))
        }
        _ => return foreign("a call in CloudTrail that asks for no decision"),
    };
    Some(read.into_iter().map(|record| record.map(bare)).collect())
}

/// What the trail leaves out is not known.
fn bare(record: Record<'_>) -> Record<'_> {
    Record { context: None, entities: Given::Nothing, ..record }
}
