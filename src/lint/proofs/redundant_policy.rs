//! `redundant-policy`: a policy without which everything is decided alike.

use cedar_policy::Effect;

use super::shadow_report::remove_member;
use crate::finding::Level;
use crate::lint::facts::{
    Facts, Known, Proved, any_other, denied, finding_about, matches, overridden, permits_everything,
};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
        id: "redundant-policy",
        summary: "removing a policy changes no decision",
        level: Some(Level::Note),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/redundant-policy.md"),
    },
    check,
)
.of_all_requests()
.of_what_is_idle();

/// So many permits are tried before a request is searched for that only the forbid refuses.
const TRIED: usize = 2;

/// Where more permits apply, a forbid is not held against them.
const MAX_PERMITS: usize = 200;

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    // What is missing might make the difference.
    let is_whole = facts.store.broken.is_empty() && facts.set_aside.is_empty();
    if !is_whole || permits_everything(facts) {
        return;
    }
    for permit in facts.deciding(Effect::Permit) {
        if permit_is_redundant(facts, permit) {
            let why = "every request that this permit matches is permitted by others or forbidden";
            report(facts, permit, why, out);
        }
    }
    for forbid in facts.deciding(Effect::Forbid) {
        if forbid_is_redundant(facts, forbid) {
            let why = "no request that this forbid matches is permitted and not forbidden by others";
            report(facts, forbid, why, out);
        }
    }
}

fn report(facts: &Facts<'_>, policy: usize, why: &str, out: &mut Proved) {
    let Some(member) = facts.members.get(policy) else { return };
    let mut finding = finding_about(&RULE.meta, member, format!("{why}, so that removing it changes no decision"))
        .help("remove it, unless it is to stay for the day on which what covers it goes")
        .mend(remove_member(member));
    let live: Vec<usize> = facts.live(policy).collect();
    finding.environments = facts.environments_at(&live);
    out.add(finding);
}

/// Whether others take part in all that the permit matches, some of it permitting and some forbidding: what permits
/// alone cover is shadowed, what forbids alone do is overridden.
fn permit_is_redundant(facts: &mut Facts<'_>, permit: usize) -> bool {
    let Some(live) = facts.known_live(permit) else { return false };
    let known = |at: &usize, yes: &dyn Fn(&(Known, Known)) -> bool| {
        let of = facts.of(permit).iter().find(|fact| fact.environment == *at);
        of.is_some_and(|fact| yes(&(fact.shadowed, fact.overridden)))
    };
    let shadowed = live.iter().all(|at| known(at, &|(shadowed, _)| *shadowed == Known::Yes));
    let lost = live.iter().all(|at| known(at, &|(_, overridden)| *overridden == Known::Yes));
    let open: Vec<usize> = live
        .iter()
        .copied()
        .filter(|at| !known(at, &|(shadowed, overridden)| *shadowed == Known::Yes || *overridden == Known::Yes))
        .collect();
    // A request that the permit alone decides was seen where nothing else was asked about it.
    let seen = |at: &usize| facts.found.get(*at).is_some_and(|here| here.seen.contains_key(&permit));
    if shadowed || lost || !open.iter().all(seen) || overridden(facts).iter().any(|one| one.policy == permit) {
        return false;
    }
    let alone = matches(permit).and(!any_other(Effect::Permit, permit)).and(!any_other(Effect::Forbid, permit));
    open.iter().all(|at| facts.check(*at, &alone, permit).is_impossible())
}

/// Whether nothing is permitted of what the forbid alone forbids.
fn forbid_is_redundant(facts: &mut Facts<'_>, forbid: usize) -> bool {
    let Some(live) = facts.known_live(forbid) else { return false };
    let fact = |at: usize| facts.of(forbid).iter().find(move |fact| fact.environment == at);
    let open: Vec<usize> =
        live.iter().copied().filter(|at| fact(*at).is_none_or(|fact| fact.shadowed != Known::Yes)).collect();
    if open.is_empty() || facts.places(forbid, |fact| fact.errors != Known::No).len() == facts.of(forbid).len() {
        return false;
    }
    if denied(facts).iter().any(|denied| denied.by.contains(&forbid)) {
        return false;
    }
    let alone = matches(forbid).and(any_other(Effect::Permit, forbid)).and(!any_other(Effect::Forbid, forbid));
    open.iter().all(|at| {
        let permits = facts.applying(Effect::Permit, &[*at]);
        // Where there is no permit at all it stands guard for those to come.
        !permits.is_empty()
            && permits.len() <= MAX_PERMITS
            && !is_seen_to_refuse(facts, *at, forbid, &permits)
            && facts.check(*at, &alone, forbid).is_impossible()
    })
}

/// Whether a request is seen, without a search, that one of `permits` allows and no forbid but this one refuses.
fn is_seen_to_refuse(facts: &mut Facts<'_>, at: usize, forbid: usize, permits: &[usize]) -> bool {
    permits.iter().take(TRIED).any(|permit| {
        let Some(matching) = facts.seen_together(at, forbid, &[*permit]) else { return false };
        let refuses = |other: &usize| {
            facts.members.get(*other).is_some_and(|member| member.decides() && member.effect == Effect::Forbid)
        };
        matching.contains(permit) && !matching.iter().any(|other| *other != forbid && refuses(other))
    })
}
