//! The values of a condition's nodes in one world.

use super::condition::{Condition, Node, Shape};
use super::truth::Truth;
use super::world::World;

/// Values of `condition` in `world`, found when asked for and then kept.
pub struct Values<'c, 'e> {
    pub(super) condition: &'c Condition,
    pub(super) world: &'c World<'e>,
    known: Vec<Option<Truth>>,
}

impl<'c, 'e> Values<'c, 'e> {
    /// No value is known yet.
    #[must_use]
    pub fn new(condition: &'c Condition, world: &'c World<'e>) -> Self {
        Self { condition, world, known: vec![None; condition.nodes.len()] }
    }

    /// What the whole condition comes to. One without clauses holds.
    pub fn whole(&mut self) -> Truth {
        self.condition.root.map_or(Truth::True, |root| self.of(root))
    }

    /// What `node` comes to by itself, whether or not Cedar would have evaluated it.
    pub fn of(&mut self, node: usize) -> Truth {
        if let Some(known) = self.known.get(node).copied().flatten() {
            return known;
        }
        let value = match self.condition.shape(node) {
            Shape::And(left, right) => match self.of(left) {
                Truth::True => self.of(right),
                value => value,
            },
            Shape::Or(left, right) => match self.of(left) {
                Truth::False => self.of(right),
                value => value,
            },
            Shape::Not(operand) => self.of(operand).negated(),
            Shape::If(test, yes, no) => match self.of(test) {
                Truth::True => self.of(yes),
                Truth::False => self.of(no),
                Truth::Error => Truth::Error,
            },
            Shape::Literal(value) => Truth::of(value),
            Shape::Leaf => {
                self.condition.nodes.get(node).map_or(Truth::Error, |Node { term, .. }| self.world.truth(term))
            }
        };
        if let Some(slot) = self.known.get_mut(node) {
            *slot = Some(value);
        }
        value
    }

    /// The operands that make the condition come to its value, in the order of evaluation: of an `&&` that holds both
    /// sides, of one that does not the side that does not, and so on.
    pub fn support(&mut self) -> Vec<usize> {
        self.leaves(true)
    }

    /// The operands that Cedar evaluates, in order.
    pub fn reached(&mut self) -> Vec<usize> {
        self.leaves(false)
    }

    /// All operands, in the order of evaluation.
    pub fn operands(&self) -> Vec<usize> {
        let mut leaves = Vec::new();
        let mut open: Vec<usize> = self.condition.root.into_iter().collect();
        while let Some(node) = open.pop() {
            match self.condition.shape(node) {
                Shape::And(left, right) | Shape::Or(left, right) => open.extend([right, left]),
                Shape::Not(operand) => open.push(operand),
                Shape::If(test, yes, no) => open.extend([no, yes, test]),
                Shape::Leaf => leaves.push(node),
                Shape::Literal(_) => {}
            }
        }
        leaves
    }

    /// The operands that are evaluated, in order; `telling` leaves out those that the value does not hang on.
    fn leaves(&mut self, telling: bool) -> Vec<usize> {
        let mut leaves = Vec::new();
        let mut open: Vec<usize> = self.condition.root.into_iter().collect();
        while let Some(node) = open.pop() {
            match self.condition.shape(node) {
                Shape::And(left, right) => self.sides([left, right], Truth::True, telling, &mut open),
                Shape::Or(left, right) => self.sides([left, right], Truth::False, telling, &mut open),
                Shape::Not(operand) => open.push(operand),
                Shape::If(test, yes, no) => match self.of(test) {
                    Truth::True => open.extend([yes, test]),
                    Truth::False => open.extend([no, test]),
                    Truth::Error => open.push(test),
                },
                Shape::Leaf => leaves.push(node),
                Shape::Literal(_) => {}
            }
        }
        leaves
    }

    /// Puts the sides of an `&&` or `||` that count onto `open`; the right one is evaluated when the left is `on`.
    fn sides(&mut self, [left, right]: [usize; 2], on: Truth, telling: bool, open: &mut Vec<usize>) {
        if self.of(left) != on {
            open.push(left);
        } else if telling && self.of(right) != on {
            open.push(right);
        } else {
            open.extend([right, left]);
        }
    }
}
