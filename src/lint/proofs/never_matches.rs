//! `never-matches`: a policy that contradicts itself or its schema.

use std::collections::BTreeSet;

use cedar_policy::{AuthorizationError, Authorizer, Effect};
use rayon::prelude::*;

use crate::finding::Finding;
use crate::lint::facts::{Facts, Known, MemberKind, Proved, errors, find_contradiction, finding_about, overflows};
use crate::lint::rule::LintRule;
use crate::rule::NEVER_MATCHES;
use crate::symbolic::Answer;
use crate::text::{Location, Span};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(NEVER_MATCHES, check)
    .instead_of(&[NEVER_MATCHES.id])
    .yields_to(&["incompatible-types"])
    .of_all_requests()
    .of_what_is_idle();

/// A policy that matches nothing.
struct Dead {
    policy: usize,
    environments: Vec<usize>,
    /// The operands that exclude each other; `None` when that was not found out.
    contradiction: Option<Vec<Span>>,
}

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for dead in find_dead(facts) {
        if errs(facts, &dead) {
            continue;
        }
        if let Some(finding) = report(facts, &dead) {
            out.add(finding);
        }
    }
}

/// A policy is dead when it applies somewhere and matches nothing anywhere. A dead template speaks for its links.
fn find_dead(facts: &Facts<'_>) -> Vec<Dead> {
    let is_dead = |index: &usize| {
        let known = facts.of(*index);
        !known.is_empty() && !facts.set_aside.contains_key(index) && known.iter().all(|fact| fact.live == Known::No)
    };
    let all: Vec<usize> = (0..facts.members.len()).filter(is_dead).collect();
    let members = all.iter().filter_map(|index| facts.members.get(*index));
    let templates: BTreeSet<_> =
        members.filter(|member| member.kind == MemberKind::Template).map(|member| &member.policy.key).collect();
    let jobs = all.into_iter().filter_map(|index| {
        let member = facts.members.get(index)?;
        let said = member.kind == MemberKind::Link && templates.contains(&member.policy.key);
        (!said).then(|| (index, *member, facts.places(index, |_| true)))
    });
    let jobs: Vec<_> = jobs.collect();
    let (model, requests) = (facts.model(), facts.requests());
    let judge = |(policy, member, environments): (usize, _, Vec<usize>)| {
        let here: Vec<_> = environments.iter().filter_map(|at| requests.get(*at)).collect();
        Dead { policy, contradiction: find_contradiction(&member, model, &here), environments }
    };
    jobs.into_par_iter().map(judge).collect()
}

/// Whether it matches nothing because it errors, and the validator says why.
fn errs(facts: &mut Facts<'_>, dead: &Dead) -> bool {
    let policy = dead.policy;
    if !facts.ill_typed.contains(&policy) {
        return false;
    }
    let Some(alone) = facts.members.get(policy).and_then(|member| facts.alone(member)) else { return false };
    dead.environments.iter().any(|at| {
        let Some(session) = facts.sessions.sparse(*at) else { return false };
        let Answer::Witness(witness) = session.find(&errors(policy)) else { return false };
        let Some(case) = witness.cases.first() else { return false };
        let response = Authorizer::new().is_authorized(&case.request, &alone, &case.entities);
        // That numbers may not fit is no reason, and the validator does not say it.
        response.diagnostics().errors().any(|error| match error {
            AuthorizationError::PolicyEvaluationError(error) => !overflows(error.inner()),
        })
    })
}

fn report(facts: &Facts<'_>, dead: &Dead) -> Option<Finding> {
    let member = facts.members.get(dead.policy)?;
    let what = match (member.kind, member.effect) {
        (MemberKind::Template, _) => "template, whatever fills its slots",
        (_, Effect::Permit) => "permit",
        (_, Effect::Forbid) => "forbid",
    };
    let (why, first, others) = match dead.contradiction.as_deref() {
        Some([]) => ("the scope excludes every request: ", None, [].as_slice()),
        Some([only]) => ("this is never true here, so ", Some(*only), [].as_slice()),
        Some([first, others @ ..]) => ("these conditions exclude each other, so ", Some(*first), others),
        None => ("", None, [].as_slice()),
    };
    let mut finding = finding_about(&RULE.meta, member, format!("{why}no request can match this {what}"));
    if let Some(span) = first {
        finding.location = Location::new(&member.location.file, span);
    }
    for span in others {
        finding = finding.related(Location::new(&member.location.file, *span), "excludes the other", None);
    }
    let count = match dead.environments.len() {
        1 => "the one request environment that it applies to".to_owned(),
        count => format!("all {count} request environments that it applies to"),
    };
    let harm = match member.effect {
        Effect::Permit => "it permits nothing",
        Effect::Forbid => "what it is to stop is not stopped",
    };
    finding.help = Some(format!("{harm}; correct the condition or remove the policy (proved for {count})"));
    finding.environments = facts.environments_at(&dead.environments);
    Some(finding)
}
