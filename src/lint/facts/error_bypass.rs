//! Forbids that read what may be missing: a request that slips through, shown by Cedar's own authorizer.
//!
//! # Why
//!
//! A forbid that does not typecheck cannot be compiled, so the engine does not have it. In its place there is a policy
//! that matches exactly when the forbid's evaluation comes to the read and nothing is there.

use std::sync::Arc;

use cedar_policy::{AuthorizationError, Authorizer, Decision, Effect, RequestEnv};

use super::members::{Member, members};
use super::questions::{matches, policy};
use crate::finding::Evidence;
use crate::repo::Store;
use crate::repo::cedar::Read;
use crate::symbolic::{Answer, Case, CompiledPolicies, Formula, SchemaModel, Session, Status, Subject};
use crate::text::Span;

/// So many reads of one policy are looked at.
const MAX_READS: usize = 64;
/// In so many environments.
const MAX_ENVIRONMENTS: usize = 12;

/// A read of what may be missing.
#[derive(Debug, Clone)]
pub(in crate::lint) struct MissingRead {
    /// Where it stands, when Cedar kept the place.
    pub(in crate::lint) span: Option<Span>,
    /// The attribute; `None` for a tag.
    pub(in crate::lint) attribute: Option<String>,
}

/// A read in a forbid that errors, and the request that is allowed because of it.
#[derive(Debug)]
pub(in crate::lint) struct Bypass {
    /// The read.
    pub(in crate::lint) read: MissingRead,
    /// The environment.
    pub(in crate::lint) environment: usize,
    /// The request.
    pub(in crate::lint) evidence: Evidence,
}

/// The bypasses of the forbid `member`, which the engine does not have in `environments`: one for each read that has
/// any.
pub(in crate::lint) fn find_bypasses(
    store: &Store,
    schema: &Arc<SchemaModel>,
    member: &Member<'_>,
    environments: &[(usize, &RequestEnv)],
) -> Vec<Bypass> {
    let reads = member.policy.body.reads(member.policy.base, MAX_READS);
    let (all, mut subjects): (Vec<Member<'_>>, Vec<Subject>) = members(store).into_iter().unzip();
    let first = subjects.len();
    subjects.extend(reads.iter().map(|read| Subject::policy(&read.missing)));
    let policies = CompiledPolicies::new(Arc::clone(schema), subjects);
    let mut open: Vec<(usize, &Read)> = (first..).zip(&reads).collect();
    let mut found = Vec::new();
    for (environment, of) in environments.iter().take(MAX_ENVIRONMENTS) {
        let mut session = Session::new(&policies, of);
        let of = |session: &mut Session<'_>, effect: Effect| {
            let deciding = all.iter().enumerate().filter(|(_, member)| member.decides() && member.effect == effect);
            let indices = deciding.map(|(index, _)| index);
            let applying = indices.filter(|index| session.status(policy(*index)) == Status::Applies);
            Formula::Or(applying.map(matches).collect())
        };
        let allowed = of(&mut session, Effect::Permit).and(!of(&mut session, Effect::Forbid));
        open.retain(|(index, read)| {
            if session.status(policy(*index)) != Status::Applies {
                return true;
            }
            let Answer::Witness(witness) = session.find(&matches(*index).and(allowed.clone())) else { return true };
            let case = witness.cases.into_iter().next().filter(|case| is_bypassed(store, member, case));
            let Some(case) = case else { return true };
            let evidence = Evidence { request: case.request_json, entities: case.entities_json };
            let read = MissingRead { span: read.span, attribute: read.attribute.clone() };
            found.push(Bypass { read, environment: *environment, evidence });
            false
        });
    }
    found
}

/// Whether the authorizer, with every policy of the store, says that `member` errors and the request is allowed.
fn is_bypassed(store: &Store, member: &Member<'_>, case: &Case) -> bool {
    let response = Authorizer::new().is_authorized(&case.request, &store.set, &case.entities);
    let errs = response.diagnostics().errors().any(|error| match error {
        AuthorizationError::PolicyEvaluationError(error) => *error.policy_id() == member.policy.key,
    });
    response.decision() == Decision::Allow && errs
}
