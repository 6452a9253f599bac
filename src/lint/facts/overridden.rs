//! Permits whose requests are all forbidden.

use std::rc::Rc;

use cedar_policy::Effect;

use super::denied::is_denied_everywhere;
use super::environment_facts::Known;
use super::minimal_cover::cover_policy;
use super::store_facts::Facts;

/// A permit whose requests are all forbidden.
#[derive(Debug)]
pub(in crate::lint) struct Overridden {
    /// The permit.
    pub(in crate::lint) policy: usize,
    /// The smallest set of forbids that does it.
    pub(in crate::lint) by: Vec<usize>,
    /// Where it matches anything.
    pub(in crate::lint) environments: Vec<usize>,
}

/// All of them, but those that match only where nothing is allowed anyway.
pub(in crate::lint) fn overridden(facts: &mut Facts<'_>) -> Rc<Vec<Overridden>> {
    facts.once(|facts| {
        let permits = facts.deciding(Effect::Permit);
        permits.into_iter().filter_map(|permit| judge(facts, permit)).collect::<Vec<_>>()
    })
}

fn judge(facts: &mut Facts<'_>, policy: usize) -> Option<Overridden> {
    let environments = facts.known_live(policy)?;
    let mut live = facts.of(policy).iter().filter(|fact| fact.live == Known::Yes);
    if !live.all(|fact| fact.overridden == Known::Yes) || is_denied_everywhere(facts, policy) {
        return None;
    }
    let forbids = facts.applying(Effect::Forbid, &environments);
    let by = cover_policy(facts, &environments, policy, (Effect::Forbid, &forbids))?;
    Some(Overridden { policy, by, environments })
}
