//! Every policy of a store and what it does with a request.

use cedar_policy::{AuthorizationError, Entities, PolicyId, Request, Response};

use super::places::place;
use super::reasons::{Asked, reasons, scope_mark, state_marks};
use crate::outcome::{Decision, Explanation, PartValue, PolicyExplained, PolicyRef, PolicyStatus};
use crate::repo::Store;
use crate::trace::{Tracer, Truth};

/// So many expressions of one policy are shown with their values.
const PARTS: usize = 200;
/// So many policies are shown with their expressions.
const DETAILED: usize = 200;

/// Why the request was not decided as `other`, the most telling policy first; and every policy.
#[must_use]
pub fn told(
    store: &Store,
    (request, entities): (&Request, &Entities),
    response: &Response,
    other: Decision,
) -> (Vec<Explanation>, Vec<PolicyExplained>) {
    let tracer = Tracer::new(&store.set);
    let asked = Asked { request, entities, expected: other, response, every_operand: true };
    (reasons(store, &tracer, &asked, &[]), policies(store, &tracer, (request, entities), response))
}

/// The policies of `store`: those that match first, then those that fail, those that do not hold, and those out of
/// scope, each in the order of names. `tracer` is made of them, and `response` is Cedar's answer.
fn policies(
    store: &Store,
    tracer: &Tracer,
    (request, entities): (&Request, &Entities),
    response: &Response,
) -> Vec<PolicyExplained> {
    let failed = |key: &PolicyId| {
        response.diagnostics().errors().any(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => error.policy_id() == key,
        })
    };
    let mut all: Vec<PolicyExplained> = Vec::new();
    for (key, _, _) in store.deciding() {
        let Some(found) = store.find(key) else { continue };
        let policy = PolicyRef { name: found.name.to_owned(), effect: found.effect, location: found.location.clone() };
        let scope = tracer.scope(key, request, entities);
        if let Err(missed) = &scope {
            let marks = missed.iter().map(|missed| scope_mark(found.policy, missed)).collect();
            all.push(PolicyExplained { policy, status: PolicyStatus::OutOfScope, marks, values: Vec::new() });
            continue;
        }
        let value = tracer.why(key, request, entities).map(|account| account.value);
        let status = match value {
            _ if failed(key) => PolicyStatus::Errors,
            Some(Truth::True) => PolicyStatus::Matches,
            _ => PolicyStatus::DoesNotMatch,
        };
        let detailed = all.iter().filter(|one| one.status != PolicyStatus::OutOfScope).count() < DETAILED;
        let (operands, _) = tracer.operands(key, request, entities);
        let parts = if detailed { tracer.parts(key, request, entities, PARTS) } else { Vec::new() };
        let values = parts.into_iter().map(|part| PartValue {
            location: place(found.policy, part.span),
            text: part.text,
            value: part.value,
        });
        all.push(PolicyExplained {
            policy,
            status,
            marks: state_marks(found.policy, &operands),
            values: values.collect(),
        });
    }
    all.sort_by(|a, b| (a.status, &a.policy.name).cmp(&(b.status, &b.policy.name)));
    all
}
