//! `permit-can-error`: a permit that fails closed.

use cedar_policy::{AuthorizationError, Authorizer, Effect};

use super::guarded::{Missing, guarded};
use crate::finding::{Evidence, Finding, Level};
use crate::lint::facts::{Facts, MemberKind, Proved, errors, finding_about, overflows};
use crate::lint::rule::LintRule;
use crate::repo::cedar::Read;
use crate::rule::{Basis, Precision, Rule};
use crate::symbolic::{Answer, Case, Formula, Session, Subject};
use crate::text::{Location, inline};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
        id: "permit-can-error",
        summary: "a permit errors on some requests, and Cedar then skips it",
        level: Some(Level::Warning),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/permit-can-error.md"),
    },
    check,
)
.yields_to(&[
    "unsafe-optional-attribute",
    "unsafe-tag-access",
    "unsafe-attribute-access",
    "unexpected-type",
    "invalid-extension-argument",
    "no-tags-allowed",
    "type-error-in-condition",
]);

/// What asking first changes.
const CHANGES: &str = "where it is missing, the permit no longer errors; it still permits nothing there";
/// So many reads of one policy are looked at.
const MAX_READS: usize = 64;

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for permit in facts.deciding(Effect::Permit) {
        // What typechecks errs only where numbers do not fit.
        let is_static = facts.members.get(permit).is_some_and(|member| member.kind == MemberKind::Static);
        if !is_static || !facts.ill_typed.contains(&permit) {
            continue;
        }
        let places: Vec<usize> = facts.places(permit, |_| true);
        let mut failing = Vec::new();
        let mut first = None;
        for at in places {
            match facts.check_few(at, &errors(permit), permit) {
                Answer::Witness(_) => {
                    failing.push(at);
                    first = first.or_else(|| show(facts, at, permit));
                }
                Answer::Impossible | Answer::Unknown(_) => {}
            }
        }
        if let Some((finding, evidence)) = first {
            let mut finding = finding;
            finding.environments = facts.environments_at(&failing);
            finding.evidence = Some(evidence);
            out.add(finding);
        }
    }
}

/// The finding, where Cedar's own authorizer says that the permit errs for a request of the environment `at`, and that
/// request. Numbers that do not fit count for nothing.
fn show(facts: &Facts<'_>, at: usize, permit: usize) -> Option<(Finding, Evidence)> {
    let member = facts.members.get(permit)?;
    let environment = facts.requests().get(at)?;
    let reads = member.policy.body.reads(member.policy.base, MAX_READS);
    let missing: Vec<(&Read, Subject)> = reads.iter().map(|read| (read, Subject::policy(&read.missing))).collect();
    let mut session = Session::new(facts.sessions.policies(), environment);
    let explained = missing.iter().find_map(|(read, subject)| {
        let missing = session.add_policy(0, subject);
        let witness = session.find(&errors(permit).and(Formula::Matches(missing))).witness()?;
        Some((Some(*read), witness.cases.into_iter().next()?))
    });
    let (read, case): (Option<&Read>, Case) = match explained {
        Some(explained) => explained,
        None => (None, session.find(&errors(permit)).witness()?.cases.into_iter().next()?),
    };
    let response = Authorizer::new().is_authorized(&case.request, &facts.alone(member)?, &case.entities);
    let error = response.diagnostics().errors().next()?;
    let AuthorizationError::PolicyEvaluationError(error) = error;
    if overflows(error.inner()) {
        return None;
    }
    let what = match read {
        Some(Read { attribute: Some(name), .. }) => format!("where `{}` is missing", inline(name)),
        Some(Read { attribute: None, .. }) => "where the tag is missing".to_owned(),
        None => format!("on some requests ({})", inline(error.inner().to_string().trim())),
    };
    let message = format!("{what} this permit errors, and Cedar skips it");
    // Asking first for what no type declares leaves a permit that never matches.
    let dead = facts.is_dead(permit);
    let help = if dead {
        "no request makes this permit match: see whether the name is spelled as the schema has it, or declare it there"
    } else {
        "ask with `has` first: the request is denied either way, but nobody has to look for the error in a log"
    };
    let mut finding = finding_about(&RULE.meta, member, message).help(help);
    if let Some(Read { span: Some(span), attribute, .. }) = read {
        finding.location = Location::new(&member.location.file, *span);
        let missing = Missing { read: Some(*span), attribute: attribute.as_deref() };
        finding.fix = if dead { None } else { guarded(facts, permit, &missing, CHANGES) };
    }
    Some((finding, Evidence { request: case.request_json, entities: case.entities_json }))
}
