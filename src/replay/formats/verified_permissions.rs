//! Bodies of calls to Amazon Verified Permissions with their answers: `IsAuthorized`, `IsAuthorizedWithToken` and the
//! two for several requests at once.
//!
//! The body stands in the line itself, with what the answer says beside it, or under `request` with the answer under
//! `response`. Who a token stands for is only in the answer; what the service makes of it, attributes of the principal
//! and `context.token`, is in neither.
//!
//! Source: <https://docs.aws.amazon.com/verifiedpermissions/latest/apireference/API_Operations.html>.

use super::fields::Fields;
use super::spec::Format;
use crate::data::json::Node;
use crate::replay::record::{Given, Party, Read, Record, Wrong};

/// The format.
pub(super) static FORMAT: Format = Format {
    name: "verified-permissions",
    about: "bodies of calls to Amazon Verified Permissions with their answers",
    read,
};

const TOKENS: [&str; 2] = ["identityToken", "accessToken"];

/// What only these bodies have.
const MARKS: [&str; 5] = ["policyStoreId", "requests", "results", "identityToken", "accessToken"];

fn read<'t>(fields: &Fields<'t>) -> Option<Read<'t>> {
    let (request, response) = (fields.inner("request"), fields.inner("response"));
    let body = request.as_ref().unwrap_or(fields);
    let answer = response.as_ref().unwrap_or(fields);
    if !body.has(&MARKS) && !answer.has(&["results", "determiningPolicies"]) {
        return None;
    }
    let call = Call { line: fields, body, answer };
    Some(match (list(body, "requests"), list(answer, "results")) {
        (None, None) => vec![call.one(body, answer)],
        (Some(requests), None) => requests.into_iter().map(|request| call.part(request, None)).collect(),
        (_, Some(results)) => call.results(results, list(body, "requests").unwrap_or_default()),
    })
}

fn list<'t>(fields: &Fields<'t>, name: &str) -> Option<Vec<Node<'t>>> {
    fields.get(name).and_then(Node::elements)
}

/// A call with its answer.
pub(super) struct Call<'c, 't> {
    /// What says when it was.
    pub(super) line: &'c Fields<'t>,
    pub(super) body: &'c Fields<'t>,
    pub(super) answer: &'c Fields<'t>,
}

impl<'t> Call<'_, 't> {
    /// One request, and what says how it was decided.
    pub(super) fn one(&self, request: &Fields<'t>, result: &Fields<'t>) -> Result<Record<'t>, Wrong> {
        let mut record = request.request()?;
        if record.entities == Given::Nothing {
            // Of several requests in one call the entities stand beside them.
            record.entities = self.body.get("entities").map_or(Given::Nothing, |node| Given::All(node.raw.into()));
        }
        if record.principal == Party::Unknown {
            let named = self.answer.get("principal");
            record.principal = named.map_or(Party::Unknown, |node| Party::Entity(node.raw.into()));
        }
        if self.body.has(&TOKENS) {
            record.entities = match record.entities {
                Given::All(json) => Given::Some(json),
                other => other,
            };
        }
        if self.body.has(&["accessToken"]) {
            // The service adds the claims of the token.
            record.context = None;
        }
        let decided = result.decided(record)?;
        Ok(Record { time: self.line.time()?.or(decided.time), ..decided })
    }

    fn part(&self, request: Node<'t>, result: Option<&Fields<'t>>) -> Result<Record<'t>, Wrong> {
        let request = Fields::of(request)?;
        let nothing = Fields::none();
        self.one(&request, result.unwrap_or(&nothing))
    }

    /// Every result, which repeats its request; where it does not, that of the same place among `requests`.
    pub(super) fn results(&self, results: Vec<Node<'t>>, requests: Vec<Node<'t>>) -> Read<'t> {
        let count = results.len();
        let result = |(at, node): (usize, Node<'t>)| {
            let result = Fields::of(node)?;
            match result.get("request").or(requests.get(at).copied()) {
                Some(request) => self.part(request, Some(&result)),
                None => Err(Wrong::record("`request` is missing in a result")),
            }
        };
        let mut all: Read<'t> = results.into_iter().enumerate().map(result).collect();
        // What was asked and not answered is not left out.
        all.extend(requests.into_iter().skip(count).map(|request| self.part(request, None)));
        all
    }
}
