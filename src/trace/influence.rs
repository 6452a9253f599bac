//! What each operand did in one evaluation, and what the other truth value would have done.
//!
//! # Why
//!
//! What an operand decides follows from one walk: each node knows whether the condition holds when it is true, false or
//! fails, so that no operand is replaced and evaluated again. Policies on which the decision does not hang are walked
//! without that question.
//!
//! Conditions inside of operands are few. There the operand is evaluated with each of them replaced, and with a slot in
//! its place that has no value, which tells whether Cedar comes to it.

use super::condition::Shape;
use super::truth::Truth;
use super::values::Values;

/// A node that Cedar evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Its index.
    pub node: usize,
    /// What it came to.
    pub value: Truth,
    /// Whether the condition would hold where it does not, or not hold where it does, if this node had come to the
    /// other truth value and everything else was evaluated as it is, what is skipped now included. A condition that
    /// fails to evaluate does not hold. Never so for a node that fails itself.
    pub decides: bool,
}

/// Whether the condition holds when a node is true, false, or fails.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    on_true: bool,
    on_false: bool,
    on_error: bool,
}

impl Outcome {
    fn on(self, value: Truth) -> bool {
        match value {
            Truth::True => self.on_true,
            Truth::False => self.on_false,
            Truth::Error => self.on_error,
        }
    }

    fn settled(self) -> bool {
        self.on_true == self.on_false && self.on_false == self.on_error
    }
}

impl Values<'_, '_> {
    /// Every node that Cedar evaluates. With `what_if`, whether each decides is found out; without, none is said to.
    pub fn seen(&mut self, what_if: bool, mut visit: impl FnMut(Seen)) -> Truth {
        let whole = self.whole();
        let start = Outcome { on_true: what_if, on_false: false, on_error: false };
        let mut open: Vec<(usize, Outcome)> = self.condition.root.map(|root| (root, start)).into_iter().collect();
        while let Some((node, outcome)) = open.pop() {
            let value = self.of(node);
            let decides = value.other().is_some_and(|other| outcome.on(other) != outcome.on(value));
            visit(Seen { node, value, decides });
            let settled = outcome.settled();
            match self.condition.shape(node) {
                Shape::And(left, right) => {
                    let after = if settled { Truth::Error } else { self.of(right) };
                    if self.of(left) == Truth::True {
                        open.push((right, outcome));
                    }
                    open.push((left, Outcome { on_true: outcome.on(after), ..outcome }));
                }
                Shape::Or(left, right) => {
                    let after = if settled { Truth::Error } else { self.of(right) };
                    if self.of(left) == Truth::False {
                        open.push((right, outcome));
                    }
                    open.push((left, Outcome { on_false: outcome.on(after), ..outcome }));
                }
                Shape::Not(operand) => {
                    open.push((operand, Outcome { on_true: outcome.on_false, on_false: outcome.on_true, ..outcome }));
                }
                Shape::If(test, yes, no) => {
                    let taken = match self.of(test) {
                        Truth::True => Some(yes),
                        Truth::False => Some(no),
                        Truth::Error => None,
                    };
                    open.extend(taken.map(|branch| (branch, outcome)));
                    let of = |values: &mut Self, node| if settled { Truth::Error } else { values.of(node) };
                    let (on_true, on_false) = (outcome.on(of(self, yes)), outcome.on(of(self, no)));
                    open.push((test, Outcome { on_true, on_false, ..outcome }));
                }
                Shape::Leaf => {
                    let (condition, world) = (self.condition, self.world);
                    let inner = condition.nodes.get(node).map(|node| node.inner.as_slice()).unwrap_or_default();
                    for inner in inner.iter().rev().filter(|inner| world.reaches_slot(&inner.with_probe)) {
                        let on = |term| if settled { outcome.on_error } else { outcome.on(world.truth(term)) };
                        let (on_true, on_false) = (on(&inner.with_true), on(&inner.with_false));
                        open.push((inner.node, Outcome { on_true, on_false, ..outcome }));
                    }
                }
                Shape::Literal(_) => {}
            }
        }
        whole
    }
}
