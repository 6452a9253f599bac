//! What many literals wait for: the data of [`super::watch`].

use std::cell::Cell;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::sat::Lit;

/// So many triggers one literal may wait for.
const ALTERNATIVES: usize = 8;

/// What makes a literal worth looking at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Trigger {
    /// An input that is not as it prefers to be.
    Input(Lit),
    /// The number of a vector is this constant.
    Number(u32, u128),
}

/// Triggers of which one is enough, and how many items wait for them.
pub(super) struct Triggers {
    pub(super) waiting: usize,
    pub(super) all: Vec<Trigger>,
}

/// The triggers of a conjunction: those of one of its parts.
pub(super) fn better(one: Option<Triggers>, other: Option<Triggers>) -> Option<Triggers> {
    match (one, other) {
        (Some(one), Some(other)) => {
            Some(if (other.waiting, other.all.len()) < (one.waiting, one.all.len()) { other } else { one })
        }
        (one, other) => one.or(other),
    }
}

/// The triggers of an alternative: those of both, unless that is too many.
pub(super) fn either(mut one: Triggers, other: Triggers) -> Option<Triggers> {
    for trigger in other.all {
        if !one.all.contains(&trigger) {
            one.all.push(trigger);
        }
    }
    one.waiting = one.waiting.max(other.waiting);
    (one.all.len() <= ALTERNATIVES).then_some(one)
}

/// Literals by what makes them worth looking at. Each goes by a number that its owner gives it.
#[derive(Debug, Default)]
pub(in crate::symbolic) struct Watch {
    pub(super) inputs: FxHashMap<Lit, Vec<u32>>,
    pub(super) numbers: FxHashMap<u32, FxHashMap<u128, Vec<u32>>>,
    /// What has no trigger.
    pub(super) always: Vec<u32>,
}

/// A number that was compared with constants.
#[derive(Debug)]
pub(super) struct Vector {
    pub(super) bits: Rc<[Lit]>,
    /// The last model that it was asked for, and what it was there.
    pub(super) number: Cell<(u32, u128)>,
}

impl Vector {
    /// Forgets what it was in the last model.
    pub(super) fn forget(&self) {
        self.number.set((0, 0));
    }
}

impl Watch {
    /// One trigger, and how many wait for it.
    pub(super) fn only(&self, trigger: Trigger) -> Triggers {
        let list = match trigger {
            Trigger::Input(lit) => self.inputs.get(&lit),
            Trigger::Number(vector, number) => self.numbers.get(&vector).and_then(|numbers| numbers.get(&number)),
        };
        Triggers { waiting: list.map_or(0, Vec::len), all: vec![trigger] }
    }
}
