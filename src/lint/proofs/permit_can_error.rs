//! `permit-can-error`: a permit that fails closed.

use std::collections::BTreeMap;

use cedar_policy::{AuthorizationError, Authorizer, Effect, PolicyId};

use super::guarded::guarded;
use crate::finding::{Evidence, Finding, Level};
use crate::lint::facts::{Facts, Proved, errors, finding_about, overflows};
use crate::lint::fixes::read_at;
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
    // Links to one template err alike, and it is the template that says what errs: by its key, where.
    let mut found: BTreeMap<PolicyId, (Option<Finding>, Vec<usize>)> = BTreeMap::new();
    for permit in facts.deciding(Effect::Permit) {
        // What typechecks errs only where numbers do not fit.
        let member = facts.members.get(permit).filter(|_| facts.ill_typed.contains(&permit));
        let Some(key) = member.map(|member| member.policy.key.clone()) else { continue };
        for at in facts.places(permit, |_| true) {
            if let Answer::Witness(_) = facts.check_few(at, &errors(permit), permit) {
                let (first, failing) = found.entry(key.clone()).or_default();
                failing.push(at);
                if first.is_none() {
                    *first = show(facts, at, permit);
                }
            }
        }
    }
    for (finding, mut failing) in found.into_values() {
        let Some(mut finding) = finding else { continue };
        failing.sort_unstable();
        failing.dedup();
        finding.environments = facts.environments_at(&failing);
        out.add(finding);
    }
}

/// The finding, where Cedar's own authorizer says that the permit errs for a request of the environment `at`, and that
/// request. Numbers that do not fit count for nothing.
fn show(facts: &Facts<'_>, at: usize, permit: usize) -> Option<Finding> {
    let member = facts.members.get(permit)?;
    let environment = facts.requests().get(at)?;
    let reads = member.policy.reads(MAX_READS);
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
    let about = member.written();
    let mut finding = finding_about(&RULE.meta, &about, message).help(help);
    if let Some(read) = read {
        if let Some(span) = read.span.or_else(|| read_at(about.policy, read.number)) {
            finding.location = Location::new(&about.location.file, span);
        }
        finding = finding.mend(if dead { None } else { guarded(facts, permit, read.number, CHANGES) });
    }
    finding.evidence = Some(Evidence { request: case.request_json, entities: case.entities_json });
    Some(finding)
}
