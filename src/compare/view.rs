//! The policies of one environment, by side, in a session.

use cedar_policy::{Effect as PolicyEffect, RequestEnv};

use super::delta::Undecided;
use super::pair::{Entry, Pair, Which};
use crate::symbolic::{Formula, PolicyRef, Prepared, Session, SetAsideReason, Status};

/// A policy that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Applied {
    pub(super) entry: usize,
    pub(super) policy: PolicyRef,
    /// Whether it may match other requests than its counterpart.
    pub(super) changed: bool,
}

/// The policies of an environment, by side.
#[derive(Debug, Default)]
pub(super) struct View {
    pub(super) permits: [Vec<Applied>; 2],
    pub(super) forbids: [Vec<Applied>; 2],
    pub(super) set_aside: Vec<(usize, Which, SetAsideReason)>,
    /// Why a "no" cannot be said.
    pub(super) blocked: Option<Undecided>,
}

impl View {
    pub(super) fn permits(&self, side: Which) -> &[Applied] {
        self.permits.get(side.index()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn forbids(&self, side: Which) -> &[Applied] {
        self.forbids.get(side.index()).map_or(&[], Vec::as_slice)
    }

    /// Why an example was not confirmed: a policy that the engine does not have may decide it, or the engine is wrong.
    pub(super) fn unconfirmed(&self, asked: String) -> Undecided {
        match self.set_aside.first() {
            Some((entry, ..)) => Undecided::SetAside(*entry),
            None => Undecided::Disagreement(asked),
        }
    }

    /// Whether a policy could not be compiled.
    pub(super) fn sets_aside(&self) -> bool {
        !self.set_aside.is_empty()
    }
}

/// The policies of the list match, one of them at least.
pub(super) fn any<'v>(applied: impl IntoIterator<Item = &'v Applied>) -> Formula {
    Formula::Or(applied.into_iter().map(|applied| Formula::Matches(applied.policy)).collect())
}

impl Pair {
    /// A session of an environment that both sides have.
    pub(super) fn session(&self, environment: &RequestEnv) -> Option<Session<'_>> {
        if self.shared {
            return Some(Session::new(self.rules(Which::New)?, environment));
        }
        Some(Session::pair(self.rules(Which::Old)?, self.rules(Which::New)?, environment))
    }

    /// The policies of an environment that both sides have, compiled on all cores.
    pub(super) fn prepared(&self, environment: &RequestEnv) -> Option<Prepared<'_>> {
        if self.shared {
            return Some(Prepared::new(self.rules(Which::New)?, environment));
        }
        Some(Prepared::pair(self.rules(Which::Old)?, self.rules(Which::New)?, environment))
    }

    /// The session of an environment that both sides have, and its policies, which may be `prepared`.
    pub(super) fn open<'p>(
        &'p self,
        environment: &RequestEnv,
        prepared: Option<Prepared<'p>>,
    ) -> Option<(Session<'p>, View)> {
        let mut session = match prepared {
            Some(prepared) => Session::from(prepared),
            None => self.session(environment)?,
        };
        let mut view = View::default();
        for (index, entry) in self.entries.iter().enumerate() {
            let changed = match (&entry.members, entry.same) {
                ([Some(old), Some(new)], true) => {
                    old.policy != new.policy && !session.equivalent(old.policy, new.policy)
                }
                _ => !self.opened_alike(&mut session, entry),
            };
            for side in [Which::Old, Which::New] {
                if let Some(member) = entry.member(side) {
                    self.place(&mut session, &mut view, index, side, member.policy, changed);
                }
            }
        }
        Some((session, view))
    }

    /// Whether links to two templates match the same requests, whatever they name.
    fn opened_alike<'s>(&'s self, session: &mut Session<'s>, entry: &'s Entry) -> bool {
        let Some([old, new]) = entry.opened.as_deref() else { return false };
        let side = |which: Which| if self.shared { 0 } else { which.index() };
        let [old, new] = [(old, Which::Old), (new, Which::New)]
            .map(|(subject, which)| Formula::Matches(session.add_policy(side(which), subject)));
        let differs = old.clone().and(!new.clone()).or((!old).and(new));
        session.check(&differs).is_impossible()
    }

    /// Puts a policy where it belongs in the view.
    pub(super) fn place(
        &self,
        session: &mut Session<'_>,
        view: &mut View,
        entry: usize,
        side: Which,
        policy: PolicyRef,
        changed: bool,
    ) {
        let Some(member) = self.entries.get(entry).and_then(|entry| entry.member(side)) else { return };
        if member.template {
            if changed && session.status(policy) != Status::OutOfScope {
                view.blocked.get_or_insert(Undecided::UnlinkedTemplate);
            }
            return;
        }
        match session.status(policy) {
            Status::OutOfScope => {}
            Status::SetAside(why) => {
                view.blocked.get_or_insert(Undecided::SetAside(entry));
                view.set_aside.push((entry, side, why));
            }
            Status::Applies => {
                if self.reads_differing_enumeration(member, side) {
                    view.blocked.get_or_insert(Undecided::Enumeration);
                }
                let lists = match member.effect {
                    PolicyEffect::Permit => &mut view.permits,
                    PolicyEffect::Forbid => &mut view.forbids,
                };
                if let Some(list) = lists.get_mut(side.index()) {
                    list.push(Applied { entry, policy, changed });
                }
            }
        }
    }
}
