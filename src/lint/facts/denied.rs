//! Environments where permits match and everything that they match is forbidden.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cedar_policy::Effect;

use super::environment_facts::{EnvironmentFacts, Known};
use super::minimal_cover::smallest_cover;
use super::questions::any_other;
use super::store_facts::Facts;
use crate::symbolic::Formula;

/// Environments that the same forbids close.
#[derive(Debug)]
pub(in crate::lint) struct Denied {
    /// The environments.
    pub(in crate::lint) environments: Vec<usize>,
    /// The smallest set of forbids that does it.
    pub(in crate::lint) by: Vec<usize>,
    /// Whether it is one forbid, which matches every request there.
    pub(in crate::lint) unconditional: bool,
    /// Whether it looks like meant so: the forbids name the action, and no permit there does or is dead because of it.
    pub(in crate::lint) deliberate: bool,
    /// The permits that match something there.
    pub(in crate::lint) permits: Vec<usize>,
}

impl Denied {
    /// What a request has to be to show it: permitted, but for the forbids.
    pub(in crate::lint) fn example(&self) -> Vec<Formula> {
        self.by.first().map(|forbid| any_other(Effect::Permit, *forbid)).into_iter().collect()
    }
}

/// All of them.
pub(in crate::lint) fn denied(facts: &mut Facts<'_>) -> Rc<Vec<Denied>> {
    facts.once(find_denied)
}

/// Whether every environment where the policy matches anything is one of [`Denied`]'s.
pub(in crate::lint) fn is_denied_everywhere(facts: &mut Facts<'_>, policy: usize) -> bool {
    let all = denied(facts);
    let is_denied = |at: usize| all.iter().any(|denied| denied.environments.binary_search(&at).is_ok());
    facts.live(policy).all(is_denied)
}

fn find_denied(facts: &mut Facts<'_>) -> Vec<Denied> {
    let mut groups: BTreeMap<(Vec<usize>, bool), Vec<usize>> = BTreeMap::new();
    let nothing = |here: &EnvironmentFacts| here.allowed == Some(Known::No);
    let closed: Vec<usize> =
        facts.found.iter().enumerate().filter(|(_, here)| nothing(here)).map(|(at, _)| at).collect();
    for at in closed {
        if let Some(group) = find_forbids(facts, at) {
            groups.entry(group).or_default().push(at);
        }
    }
    let denied: BTreeSet<usize> = groups.values().flatten().copied().collect();
    let describe = |((by, unconditional), environments): ((Vec<usize>, bool), Vec<usize>)| {
        let mut permits = facts.deciding(Effect::Permit);
        permits.retain(|permit| facts.live(*permit).any(|at| environments.binary_search(&at).is_ok()));
        let names_action = |policy: &usize| !facts.is_for_any_action(*policy);
        let alive = |policy: &usize| facts.live(*policy).any(|at| !denied.contains(&at));
        let deliberate =
            by.iter().all(names_action) && permits.iter().all(|permit| !names_action(permit) && alive(permit));
        Denied { environments, by, unconditional, deliberate, permits }
    };
    groups.into_iter().map(describe).collect()
}

/// The forbids that close the environment, and whether it is one that matches everything. A policy that is missing
/// might allow something there: then nothing is said, but for what is forbidden whatever else there is.
fn find_forbids(facts: &mut Facts<'_>, at: usize) -> Option<(Vec<usize>, bool)> {
    let forbids = facts.applying(Effect::Forbid, &[at]);
    if let Some(forbid) = forbids.iter().find(|forbid| facts.always(**forbid).any(|there| there == at)) {
        return Some((vec![*forbid], true));
    }
    let is_permit = |policy: &usize| facts.members.get(*policy).is_none_or(|member| member.effect == Effect::Permit);
    let mut set_aside = facts.found.get(at).into_iter().flat_map(|here| &here.set_aside);
    if !facts.store.broken.is_empty() || set_aside.any(|(policy, _)| is_permit(policy)) {
        return None;
    }
    let about = *forbids.first()?;
    let permitted = any_other(Effect::Permit, about);
    let by = smallest_cover(facts, &[at], &permitted, (Effect::Forbid, &forbids), about)?;
    Some((by, false))
}
