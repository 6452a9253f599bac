//! Policies that differ and change no decision: whether their versions say the same, and whether without them more
//! would change.
//!
//! # Why
//!
//! Changes may hide each other: one takes away what another grants, and together they change nothing. Who takes one of
//! them back is to know. So each is asked about by itself: against its own other version, and with that version in its
//! place among all policies of the new side.

use cedar_policy::{Effect as PolicyEffect, RequestEnv};

use super::delta::Where;
use super::pair::{Pair, Which};
use super::view::{Applied, any};
use crate::symbolic::{Answer, Formula};

/// So many policies are asked about in all environments together; beyond that nothing is known of them.
const ASKED: usize = 512;

/// What is known of a policy that changed and changes no decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idle {
    /// Whether both versions match the same requests; a version that is not there matches none.
    pub same: bool,
    /// Whether some request is allowed that would not be, had the policy not changed.
    pub keeps_allowed: bool,
    /// Whether some request is refused that would not be, had it not changed.
    pub keeps_refused: bool,
}

/// Nothing is known of those that are asked about `here`.
fn unknown(found: &mut [Option<Idle>], here: &[(usize, usize)]) {
    for (at, _) in here {
        if let Some(known) = found.get_mut(*at) {
            *known = None;
        }
    }
}

impl Pair {
    /// What is known of each of `entries`, in their order: pairs that change no decision in `environments`. `None`
    /// where the sides have other schemas, or where it is not decided.
    #[must_use]
    pub fn idle(&self, entries: &[usize], environments: &[(RequestEnv, Where)]) -> Vec<Option<Idle>> {
        let unchanged = Idle { same: true, keeps_allowed: false, keeps_refused: false };
        let mut found: Vec<Option<Idle>> = entries.iter().map(|_| self.shared.then_some(unchanged)).collect();
        let mut left = ASKED;
        for (environment, _) in environments {
            let touching = self.touching(environment);
            let here: Vec<(usize, usize)> =
                entries.iter().copied().enumerate().filter(|(_, entry)| touching.contains(entry)).collect();
            if here.iter().all(|(at, _)| found.get(*at).is_none_or(Option::is_none)) {
                continue;
            }
            if here.len() > left {
                unknown(&mut found, &here);
                continue;
            }
            left -= here.len();
            let open = self.open(environment);
            let Some((mut session, view)) = open.filter(|(_, view)| view.blocked.is_none()) else {
                unknown(&mut found, &here);
                continue;
            };
            let mut possible = |question: Formula| match session.check(&question) {
                Answer::Impossible => Some(false),
                Answer::Witness(_) => Some(true),
                Answer::Unknown(_) => None,
            };
            for (at, entry) in here {
                let Some(known) = found.get_mut(at) else { continue };
                let Some(member) = self
                    .entries
                    .get(entry)
                    .and_then(|entry| entry.member(Which::New).or_else(|| entry.member(Which::Old)))
                else {
                    continue;
                };
                let permit = member.effect == PolicyEffect::Permit;
                let of = |side: Which| if permit { view.permits(side) } else { view.forbids(side) };
                let matches = |side: Which| any(of(side).iter().filter(|one| one.entry == entry));
                let others = |list: &[Applied]| any(list.iter().filter(|one| one.entry != entry));
                let (new, old) = (matches(Which::New), matches(Which::Old));
                let (permits, forbids) = (others(view.permits(Which::New)), others(view.forbids(Which::New)));
                // Where the policy alone decides: no other permits, or another does; no other forbids.
                let open = if permit { (!permits).and(!forbids) } else { permits.and(!forbids) };
                let more = new.clone().and(!old.clone());
                let less = old.and(!new);
                let asked = (|| {
                    let differs = possible(more.clone().or(less.clone()))?;
                    if !differs {
                        return Some([false; 3]);
                    }
                    Some([true, possible(open.clone().and(more))?, possible(open.and(less))?])
                })();
                *known = known.and_then(|known| {
                    let [differs, more, less] = asked?;
                    let (allowed, refused) = if permit { (more, less) } else { (less, more) };
                    Some(Idle {
                        same: known.same && !differs,
                        keeps_allowed: known.keeps_allowed || allowed,
                        keeps_refused: known.keeps_refused || refused,
                    })
                });
            }
        }
        found
    }
}
