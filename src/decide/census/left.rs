//! What is left to ask of a context that is not known.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::decide::compiled::{Evaluator, Policies};

/// What the context is asked, by nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(super) struct LeftOver {
    /// Whether a permit holds whatever the context.
    pub(super) permitted: bool,
    /// What permits ask.
    pub(super) permits: BTreeSet<u32>,
    /// What forbids ask.
    pub(super) forbids: BTreeSet<u32>,
}

/// What decides where principal, action and resource do not: the request is allowed where one of `permits` holds, if
/// there is any, and none of `forbids`. They are Cedar expressions over the context; one that errs does not hold.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Condition {
    /// What permits ask; empty where one holds whatever the context is.
    pub permits: Vec<String>,
    /// What forbids ask.
    pub forbids: Vec<String>,
}

/// Everything that is left to ask, each once.
#[derive(Debug, Default)]
pub(super) struct Left {
    numbers: FxHashMap<LeftOver, usize>,
    by_text: FxHashMap<Condition, usize>,
    pub(super) conditions: Vec<Condition>,
}

impl Left {
    /// The number of what is left.
    pub(super) fn number(&mut self, left: LeftOver, evaluator: &Evaluator<'_>, policies: &Policies) -> usize {
        if let Some(number) = self.numbers.get(&left) {
            return *number;
        }
        let texts = |nodes: &BTreeSet<u32>| {
            let text = |node: &u32| evaluator.expression(evaluator.truth(*node), policies).to_string();
            nodes.iter().map(text).collect::<BTreeSet<_>>().into_iter().collect()
        };
        let condition = Condition { permits: texts(&left.permits), forbids: texts(&left.forbids) };
        let next = self.conditions.len();
        let number = *self.by_text.entry(condition.clone()).or_insert(next);
        if number == next {
            self.conditions.push(condition);
        }
        self.numbers.insert(left, number);
        number
    }

    /// Counts on from what was left of other contexts.
    pub(super) fn keep(&mut self, other: Self) {
        self.by_text = other.by_text;
        self.conditions = other.conditions;
    }
}
