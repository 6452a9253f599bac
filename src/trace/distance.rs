//! What would have to differ for a condition to come out otherwise: of an `&&` that is to hold all operands that do
//! not, of an `||` the cheapest side.

use super::condition::Shape;
use super::truth::Truth;
use super::values::Values;

/// More than any number of operands: a literal does not differ.
const NEVER: u32 = 1 << 20;

/// For a node: how many operands have to differ for it to hold, and for it not to hold.
#[derive(Debug, Clone, Copy)]
struct Cost {
    hold: u32,
    fail: u32,
}

/// Operands that would have to differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    /// Each operand and what it would have to be, in the order of evaluation.
    pub(super) operands: Vec<(usize, bool)>,
    /// Whether no change of operands is enough, since a literal stands in the way.
    pub(super) never: bool,
}

/// The fewest operands that would have to differ for the condition to hold. Operands that Cedar skips are evaluated
/// too, for a condition that is otherwise as good as met is not near when what comes after fails.
pub(super) fn to_hold(values: &mut Values<'_, '_>) -> Change {
    let Some(root) = values.condition.root else { return Change { operands: Vec::new(), never: false } };
    let costs = costs(values);
    let cost = |node: usize| costs.get(node).copied().unwrap_or(Cost { hold: 0, fail: 0 });
    let never = cost(root).hold >= NEVER;
    let mut operands = Vec::new();
    let mut open = vec![(root, true)];
    while let Some((node, wanted)) = open.pop() {
        match values.condition.shape(node) {
            Shape::And(left, right) if wanted => open.extend([(right, true), (left, true)]),
            Shape::Or(left, right) if !wanted => open.extend([(right, false), (left, false)]),
            Shape::And(left, right) if cost(left).fail < cost(left).hold + cost(right).fail => open.push((left, false)),
            Shape::And(left, right) => open.extend([(right, false), (left, true)]),
            Shape::Or(left, right) if cost(left).hold <= cost(left).fail + cost(right).hold => open.push((left, true)),
            Shape::Or(left, right) => open.extend([(right, true), (left, false)]),
            Shape::Not(operand) => open.push((operand, !wanted)),
            Shape::If(test, yes, no) => {
                let branch = |node: usize| if wanted { cost(node).hold } else { cost(node).fail };
                if cost(test).hold + branch(yes) <= cost(test).fail + branch(no) {
                    open.extend([(yes, wanted), (test, true)]);
                } else {
                    open.extend([(no, wanted), (test, false)]);
                }
            }
            Shape::Leaf if values.of(node) != Truth::of(wanted) => operands.push((node, wanted)),
            Shape::Leaf | Shape::Literal(_) => {}
        }
    }
    Change { operands, never }
}

fn costs(values: &mut Values<'_, '_>) -> Vec<Cost> {
    let mut costs: Vec<Cost> = Vec::with_capacity(values.condition.nodes.len());
    for node in 0..values.condition.nodes.len() {
        let below = |at: usize| costs.get(at).copied().unwrap_or(Cost { hold: 0, fail: 0 });
        let cost = match values.condition.shape(node) {
            Shape::And(left, right) => {
                let (left, right) = (below(left), below(right));
                Cost { hold: left.hold + right.hold, fail: left.fail.min(left.hold + right.fail) }
            }
            Shape::Or(left, right) => {
                let (left, right) = (below(left), below(right));
                Cost { hold: left.hold.min(left.fail + right.hold), fail: left.fail + right.fail }
            }
            Shape::Not(operand) => Cost { hold: below(operand).fail, fail: below(operand).hold },
            Shape::If(test, yes, no) => {
                let (test, yes, no) = (below(test), below(yes), below(no));
                Cost {
                    hold: (test.hold + yes.hold).min(test.fail + no.hold),
                    fail: (test.hold + yes.fail).min(test.fail + no.fail),
                }
            }
            Shape::Literal(true) => Cost { hold: 0, fail: NEVER },
            Shape::Literal(false) => Cost { hold: NEVER, fail: 0 },
            Shape::Leaf => match values.of(node) {
                Truth::True => Cost { hold: 0, fail: 1 },
                Truth::False => Cost { hold: 1, fail: 0 },
                Truth::Error => Cost { hold: 1, fail: 1 },
            },
        };
        costs.push(Cost { hold: cost.hold.min(NEVER), fail: cost.fail.min(NEVER) });
    }
    costs
}
