//! What the work on one environment shares.

use typed_arena::Arena;

use super::delta::{Delta, Options};
use super::pair::{Pair, Which};
use super::view::View;
use crate::symbolic::{Formula, Session, Subject};

/// Conflicts that one question about a condition may take: without an answer the condition is longer than it might
/// be.
pub(super) const CONDITION_BUDGET: u64 = 2_000;

/// The session of an environment, and what is asked of it.
pub(super) struct Work<'w, 's> {
    pub(super) pair: &'s Pair,
    pub(super) session: &'w mut Session<'s>,
    pub(super) view: &'w View,
    pub(super) arena: &'s Arena<Subject>,
    pub(super) options: Options<'w>,
    /// What was found in environments of the same types, the one that this is most likely to be like first.
    pub(super) like: &'s [&'s Delta],
    /// The side, where only one is asked.
    pub(super) alone: Option<Which>,
    /// What has to hold besides, where only one side is asked.
    pub(super) besides: Vec<Formula>,
    /// So many policies may be named in clauses of this environment that name very many.
    pub(super) room: usize,
}

impl<'s> Work<'_, 's> {
    /// Whether there is room to name `count` policies in a clause, which then is taken.
    pub(super) fn takes(&mut self, count: usize) -> bool {
        let left = self.room.checked_sub(count);
        self.room = left.unwrap_or(self.room);
        left.is_some()
    }

    /// Another session of the same environment, in which no policy is compiled yet.
    pub(super) fn small(&self) -> Option<Session<'s>> {
        let environment = self.session.environment();
        let session = match self.alone {
            Some(side) => Session::new(self.pair.rules(side)?, environment),
            None => self.pair.session(environment)?,
        };
        Some(session.with_budget(CONDITION_BUDGET))
    }
}
