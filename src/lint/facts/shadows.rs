//! Policies whose requests others of their effect match too. Of two duplicates the later one is reported.

use std::collections::BTreeSet;

use cedar_policy::Effect;

use super::breadth::permits_everything;
use super::denied::{denied, is_denied_everywhere};
use super::environment_facts::Known;
use super::minimal_cover::{cover_from, cover_policy, single_cover};
use super::overridden::overridden;
use super::questions::{any, matches};
use super::store_facts::Facts;

/// A policy whose requests others of its effect match too.
#[derive(Debug)]
pub(in crate::lint) struct Shadow {
    /// The policy.
    pub(in crate::lint) policy: usize,
    /// The smallest set of these.
    pub(in crate::lint) by: Vec<usize>,
    /// Whether the one other matches nothing else.
    pub(in crate::lint) duplicate: bool,
    /// Where.
    pub(in crate::lint) environments: Vec<usize>,
    /// Whether that is everywhere where the policy matches anything.
    pub(in crate::lint) total: bool,
}

/// The shadows among the policies of `effect`, judged from the last to the first. One that is wholly shadowed counts as
/// gone from then on, so that all that are reported can be removed together.
pub(in crate::lint) fn find_shadows(facts: &mut Facts<'_>, effect: Effect) -> Vec<Shadow> {
    let mut gone: BTreeSet<usize> = BTreeSet::new();
    let mut found = Vec::new();
    for policy in facts.deciding(effect).into_iter().rev() {
        let Some(mut shadow) = judge(facts, effect, policy, &gone) else { continue };
        if shadow.total {
            gone.insert(policy);
        }
        if !share_an_id(facts, policy, &shadow.by) {
            shadow.duplicate = shadow.total && contains(facts, policy, &shadow.by);
            found.push(shadow);
        }
    }
    found.reverse();
    for shadow in &mut found {
        name_what_stays(facts, effect, shadow, &gone);
    }
    found
}

/// Names what covers the policy when all are `gone` that are wholly shadowed: what is left does.
fn name_what_stays(facts: &mut Facts<'_>, effect: Effect, shadow: &mut Shadow, gone: &BTreeSet<usize>) {
    if !shadow.by.iter().any(|other| gone.contains(other)) {
        return;
    }
    let mut others = facts.applying(effect, &shadow.environments);
    others.retain(|other| *other != shadow.policy && !gone.contains(other));
    let environments = shadow.environments.clone();
    if let Some(by) = cover_policy(facts, &environments, shadow.policy, (effect, &others)) {
        shadow.duplicate = shadow.total && contains(facts, shadow.policy, &by);
        shadow.by = by;
    }
}

fn judge(facts: &mut Facts<'_>, effect: Effect, policy: usize, gone: &BTreeSet<usize>) -> Option<Shadow> {
    let shadowed = facts.places(policy, |fact| fact.shadowed == Known::Yes);
    if shadowed.is_empty() || is_reported_otherwise(facts, effect, policy, &shadowed) {
        return None;
    }
    let mut others = facts.applying(effect, &shadowed);
    others.retain(|other| *other != policy && !gone.contains(other));
    let single = single_cover(facts, &shadowed, policy, &others);
    let environments: Vec<usize> = if single.is_none() && !gone.is_empty() {
        let left = matches(policy).and(!any(&others));
        shadowed.into_iter().filter(|at| facts.check(*at, &left, policy).is_impossible()).collect()
    } else {
        shadowed
    };
    let total = facts.known_live(policy).is_some_and(|live| live == environments);
    // A policy for all actions is not expected to add something for each of them.
    if environments.is_empty() || (facts.is_for_any_action(policy) && !total) {
        return None;
    }
    let by = cover_from(facts, single, &environments, policy, (effect, &others))?;
    Some(Shadow { policy, by, duplicate: false, environments, total })
}

/// Whether another finding says that `policy` does nothing in `environments`.
fn is_reported_otherwise(facts: &mut Facts<'_>, effect: Effect, policy: usize, environments: &[usize]) -> bool {
    if effect == Effect::Permit {
        return permits_everything(facts)
            || overridden(facts).iter().any(|overridden| overridden.policy == policy)
            || is_denied_everywhere(facts, policy);
    }
    let denied = denied(facts);
    let mut mistakes = denied.iter().filter(|denied| denied.unconditional && !denied.deliberate);
    mistakes.any(|denied| {
        denied.by.first().is_some_and(|by| {
            *by != policy && environments.iter().all(|at| facts.always(*by).any(|there| there == *at))
        })
    })
}

/// Whether `policy` has the id of the one policy of `by`, which a rule of its own reports.
fn share_an_id(facts: &Facts<'_>, policy: usize, by: &[usize]) -> bool {
    let id = |index: usize| {
        let member = facts.members.get(index)?;
        member.policy.id.as_ref().map(|(id, _)| id)
    };
    matches!(by, [other] if id(policy).is_some() && id(policy) == id(*other))
}

/// Whether `policy` matches every request that the one policy of `by` does.
fn contains(facts: &mut Facts<'_>, policy: usize, by: &[usize]) -> bool {
    let [other] = by else { return false };
    let environments = facts.places(*other, |_| true);
    let more = matches(*other).and(!matches(policy));
    environments.into_iter().all(|at| facts.check_few(at, &more, policy).is_impossible())
}
