//! Forbids that error: requests that are allowed because of it, shown by Cedar's own authorizer.
//!
//! # Why
//!
//! The engine knows when a forbid errors, not where in it. For each read of an attribute or tag there is a policy
//! beside it that matches exactly when the forbid's evaluation comes to the read and nothing is there. What no read
//! explains is told in the evaluator's words.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{AuthorizationError, Authorizer, Decision, Effect, EvaluationError, PolicyId};
use miette::Diagnostic;

use super::environment_facts::Known;
use super::members::{Member, MemberKind};
use super::questions::{any_other, errors};
use super::store_facts::Facts;
use super::unanswered::Unanswered;
use crate::finding::Evidence;
use crate::repo::Store;
use crate::repo::cedar::Read;
use crate::symbolic::{Answer, Case, Formula, Session, Sessions, Status, Subject};
use crate::text::Span;

/// So many reads of one policy are looked at.
const MAX_READS: usize = 64;

/// Why a forbid errors.
#[derive(Debug, Clone)]
pub(in crate::lint) enum ErrorCause {
    /// A read of what is not there.
    Missing {
        /// Which it is of the policy's [`reads`](crate::repo::syntax::Expr::reads).
        number: usize,
        /// Where it stands, when Cedar kept the place.
        span: Option<Span>,
        /// The attribute; `None` for a tag.
        attribute: Option<String>,
        /// Whether the schema declares an attribute, or tags, of that name at all.
        declared: bool,
    },
    /// Numbers that do not fit.
    Overflow,
    /// Anything else, as the evaluator puts it.
    Other {
        /// Where it stands, when Cedar kept the place.
        span: Option<Span>,
        /// Why it errors.
        why: String,
    },
}

/// Why a forbid errors, where a request is allowed because of it, and one such request.
#[derive(Debug)]
pub(in crate::lint) struct Bypass {
    /// The forbid.
    pub(in crate::lint) forbid: usize,
    /// Why it errors.
    pub(in crate::lint) cause: ErrorCause,
    /// The environments, in order.
    pub(in crate::lint) environments: Vec<usize>,
    /// The request.
    pub(in crate::lint) evidence: Evidence,
}

/// A forbid that errors somewhere.
struct Suspect {
    forbid: usize,
    environments: BTreeSet<usize>,
    reads: Vec<(Read, Subject)>,
}

/// One of the suspects, and its read; `None` for what no read explains.
type Key = (usize, Option<usize>);

/// The bypasses of all forbids. A store that does not load whole has none that are certain.
pub(in crate::lint) fn find_bypasses(facts: &mut Facts<'_>) -> Vec<Bypass> {
    if !facts.store.broken.is_empty() {
        return Vec::new();
    }
    let suspects = find_suspects(facts);
    let mut places: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (number, suspect) in suspects.iter().enumerate() {
        for at in &suspect.environments {
            places.entry(*at).or_default().push(number);
        }
    }
    let jobs: Vec<(usize, Vec<usize>)> = places.into_iter().collect();
    let asked = facts.sessions.spread(&jobs, 1, |sessions, (at, numbers)| {
        let (mut found, mut unanswered) = (Vec::new(), Unanswered::default());
        ask(sessions, &suspects, *at, numbers, |key, session, question| match session.check(question) {
            Answer::Witness(_) => found.push(key),
            Answer::Impossible => {}
            Answer::Unknown(reason) => {
                suspects.get(key.0).into_iter().for_each(|suspect| unanswered.note(suspect.forbid, &reason));
            }
        });
        (*at, found, unanswered)
    });
    let mut known: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
    for (at, found, unanswered) in asked {
        facts.unanswered.merge(&unanswered);
        for key in found {
            known.entry(key).or_default().push(at);
        }
    }
    illustrate(facts, &suspects, known)
}

/// The forbids that error somewhere. Links to one template err alike: the first speaks for all.
fn find_suspects(facts: &Facts<'_>) -> Vec<Suspect> {
    let mut suspects: Vec<(String, Suspect)> = Vec::new();
    for forbid in facts.deciding(Effect::Forbid) {
        let environments = facts.places(forbid, |fact| fact.errors == Known::Yes);
        let Some(member) = facts.members.get(forbid).filter(|_| !environments.is_empty()) else { continue };
        if member.kind == MemberKind::Link
            && let Some((_, first)) = suspects.iter_mut().find(|(key, _)| *key == member.policy.key.to_string())
        {
            first.environments.extend(environments);
            continue;
        }
        // What typechecks asks before it reads. Of a link its template reads, whatever stands in the slots.
        let ill_typed = facts.ill_typed.contains(&forbid);
        let reads = if ill_typed { member.policy.reads(MAX_READS) } else { Vec::new() };
        let reads = reads.into_iter().map(|read| {
            let subject = Subject::policy(&read.missing);
            (read, subject)
        });
        let suspect = Suspect { forbid, environments: environments.into_iter().collect(), reads: reads.collect() };
        suspects.push((member.policy.key.to_string(), suspect));
    }
    suspects.into_iter().map(|(_, suspect)| suspect).collect()
}

/// Calls `each` with what has to hold of a request that is allowed because of each read of the suspects `numbers`, and
/// of one that no read explains.
fn ask(
    sessions: &Sessions<'_>,
    suspects: &[Suspect],
    at: usize,
    numbers: &[usize],
    mut each: impl FnMut(Key, &mut Session<'_>, &Formula),
) {
    let Some(environment) = sessions.environments().get(at) else { return };
    let mut session = Session::new(sessions.policies(), environment);
    for (number, suspect) in numbers.iter().filter_map(|number| Some((*number, suspects.get(*number)?))) {
        let forbid = suspect.forbid;
        let bypassed = errors(forbid).and(any_other(Effect::Permit, forbid)).and(!any_other(Effect::Forbid, forbid));
        let mut rest = vec![bypassed.clone()];
        for (read, (_, missing)) in suspect.reads.iter().enumerate() {
            let missing = session.add_policy(0, missing);
            if session.status(missing) == Status::Applies {
                let missing = Formula::Matches(missing);
                each((number, Some(read)), &mut session, &bypassed.clone().and(missing.clone()));
                rest.push(!missing);
            }
        }
        each((number, None), &mut session, &Formula::And(rest));
    }
}

/// A request for each, found where it was first seen that there is one.
fn illustrate(facts: &mut Facts<'_>, suspects: &[Suspect], known: BTreeMap<Key, Vec<usize>>) -> Vec<Bypass> {
    let jobs: Vec<(Key, Vec<usize>)> = known.into_iter().collect();
    let found = facts.sessions.spread(&jobs, 1, |sessions, (key, environments)| {
        let mut witness = None;
        ask(sessions, suspects, *environments.first()?, &[key.0], |other, session, question| {
            if other == *key {
                witness = session.find(question).witness();
            }
        });
        witness?.cases.into_iter().next()
    });
    let declared = facts.model().attributes();
    let bypass = |((key, environments), case): ((Key, Vec<usize>), Option<Case>)| {
        let suspect = suspects.get(key.0)?;
        let (member, case) = (facts.members.get(suspect.forbid)?, case?);
        let told = told(facts.store, member, &case)?;
        let cause = match key.1.and_then(|read| suspect.reads.get(read)) {
            Some((read, _)) => ErrorCause::Missing {
                number: read.number,
                span: read.span,
                attribute: read.attribute.clone(),
                declared: read.attribute.as_ref().is_none_or(|name| declared.contains(name)),
            },
            None => told,
        };
        let evidence = Evidence { request: case.request_json, entities: case.entities_json };
        Some(Bypass { forbid: suspect.forbid, cause, environments, evidence })
    };
    jobs.into_iter().zip(found).filter_map(bypass).collect()
}

/// Why the authorizer, with every policy of the store, says that `member` errors, if the request is allowed there.
fn told(store: &Store, member: &Member<'_>, case: &Case) -> Option<ErrorCause> {
    let response = Authorizer::new().is_authorized(&case.request, &store.set, &case.entities);
    let mut errors = response.diagnostics().errors().map(|error| match error {
        AuthorizationError::PolicyEvaluationError(error) => error,
    });
    let of_member = |id: &PolicyId| match member.kind {
        MemberKind::Static | MemberKind::Template => *id == member.policy.key,
        MemberKind::Link => store.links.iter().any(|link| link.name == member.name && link.key == *id),
    };
    let error = errors.find(|error| of_member(error.policy_id()))?;
    let allowed = response.decision() == Decision::Allow;
    allowed.then(|| {
        if overflows(error.inner()) {
            return ErrorCause::Overflow;
        }
        let place = error.inner().labels().and_then(|mut labels| labels.next());
        let span = place.map(|label| {
            let start = member.policy.base + label.offset();
            Span::new(start, start + label.len())
        });
        ErrorCause::Other { span, why: said(&error.inner().to_string()) }
    })
}

/// Whether the error is one of numbers, dates or durations that do not fit.
pub(in crate::lint) fn overflows(error: &EvaluationError) -> bool {
    match error {
        EvaluationError::IntegerOverflow(_) => true,
        EvaluationError::FailedExtensionFunctionExecution(error) => error.to_string().contains("overflow"),
        _ => false,
    }
}

/// The evaluator's words without the names of its own types.
fn said(words: &str) -> String {
    words.replace("(entity of type `any_entity_type`)", "entity")
}
