//! What the work on one environment shares.

use typed_arena::Arena;

use super::delta::{Delta, Options};
use super::pair::Pair;
use super::view::View;
use crate::symbolic::{Formula, Session, Subject};

/// The session of an environment, and what is asked of it.
pub(super) struct Work<'w, 's> {
    pub(super) pair: &'s Pair,
    pub(super) session: &'w mut Session<'s>,
    pub(super) view: &'w View,
    pub(super) arena: &'s Arena<Subject>,
    pub(super) options: Options<'w>,
    /// What was found in an environment that is likely to be like this one.
    pub(super) like: Option<&'s Delta>,
    /// What has to hold besides, where only one side is asked.
    pub(super) besides: Vec<Formula>,
}
