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
use super::view::{Applied, View, any};
use crate::symbolic::{Answer, Formula, Session};

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
            let here: Vec<(usize, &mut Option<Idle>)> = entries
                .iter()
                .copied()
                .zip(&mut found)
                .filter(|(entry, known)| known.is_some() && touching.contains(entry))
                .collect();
            if here.is_empty() {
                continue;
            }
            let asked = left.checked_sub(here.len());
            left = asked.unwrap_or(left);
            let mut open = asked.and_then(|_| self.open(environment, None)).filter(|(_, view)| view.blocked.is_none());
            for (entry, known) in here {
                let more = open.as_mut().and_then(|(session, view)| self.idle_here(session, view, entry));
                *known = known.zip(more).map(|(known, more)| known.and(more));
            }
        }
        found
    }

    /// The same of one entry in the environment of `session`.
    fn idle_here(&self, session: &mut Session<'_>, view: &View, entry: usize) -> Option<Idle> {
        let of = self.entries.get(entry)?;
        let permit = of.member(Which::New).or_else(|| of.member(Which::Old))?.effect == PolicyEffect::Permit;
        let list = |side: Which| if permit { view.permits(side) } else { view.forbids(side) };
        let matches = |side: Which| any(list(side).iter().filter(|one| one.entry == entry));
        let others = |list: &[Applied]| any(list.iter().filter(|one| one.entry != entry));
        let (permits, forbids) = (others(view.permits(Which::New)), others(view.forbids(Which::New)));
        // Where the policy alone decides: no other permits, or another does; no other forbids.
        let alone = if permit { (!permits).and(!forbids) } else { permits.and(!forbids) };
        let (new, old) = (matches(Which::New), matches(Which::Old));
        let (more, less) = (new.clone().and(!old.clone()), old.and(!new));
        let mut possible = |question: Formula| match session.check(&question) {
            Answer::Impossible => Some(false),
            Answer::Witness(_) => Some(true),
            Answer::Unknown(_) => None,
        };
        let same = !possible(more.clone().or(less.clone()))?;
        let mut decides = |what: Formula| if same { Some(false) } else { possible(alone.clone().and(what)) };
        let (more, less) = (decides(more)?, decides(less)?);
        let (keeps_allowed, keeps_refused) = if permit { (more, less) } else { (less, more) };
        Some(Idle { same, keeps_allowed, keeps_refused })
    }
}

impl Idle {
    /// What is known of two environments together.
    fn and(self, other: Self) -> Self {
        Self {
            same: self.same && other.same,
            keeps_allowed: self.keeps_allowed || other.keeps_allowed,
            keeps_refused: self.keeps_refused || other.keeps_refused,
        }
    }
}
