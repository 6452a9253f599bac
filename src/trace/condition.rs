//! The condition of a policy as a tree of operands.

use std::ops::Range;

use super::term::Term;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `left && right`, by index.
    And(usize, usize),
    /// `left || right`, by index.
    Or(usize, usize),
    /// `!operand`, or an `unless` clause.
    Not(usize),
    /// `if test then yes else no`, by index.
    If(usize, usize, usize),
    /// Anything else: an operand that is evaluated as a whole.
    Leaf,
    /// `true` or `false` as written.
    Literal(bool),
}

/// A condition inside of an operand, such as `a` in `(if a then 1 else 2) == 1`, and the operand with something in its
/// place.
#[derive(Debug, Clone)]
pub(super) struct Inner {
    /// The condition's node.
    pub(super) node: usize,
    pub(super) with_true: Term,
    pub(super) with_false: Term,
    /// With what fails as nothing else does.
    pub(super) with_probe: Term,
}

/// An operand of a condition, or several put together.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it is.
    pub shape: Shape,
    pub(super) term: Term,
    /// Conditions inside of an operand, in the order of evaluation.
    pub(super) inner: Vec<Inner>,
}

impl Node {
    /// Where it stands in the policy's text, when Cedar kept the place.
    #[must_use]
    pub fn span(&self) -> Option<Range<usize>> {
        self.term.span()
    }

    /// As written, on one line; as Cedar would write it where there is no text.
    #[must_use]
    pub fn text(&self) -> String {
        self.term.text()
    }
}

/// A `when` or `unless` clause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// Its node; for `unless`, what stands in the braces.
    pub node: usize,
    /// Whether it is an `unless`.
    pub unless: bool,
}

/// A condition: nodes in the order of evaluation, each after those below it.
#[derive(Debug, Clone, Default)]
pub struct Condition {
    pub(super) nodes: Vec<Node>,
    pub(super) root: Option<usize>,
    pub(super) clauses: Vec<Clause>,
}

impl Condition {
    /// All nodes.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The whole of it, if there are clauses.
    pub(super) fn root(&self) -> Option<&Term> {
        self.root.and_then(|root| self.nodes.get(root)).map(|node| &node.term)
    }

    /// The clauses. A policy from JSON has one, whatever it was made from.
    #[must_use]
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// What `node` is; a literal that nothing hangs on for an index that there is not.
    #[must_use]
    pub fn shape(&self, node: usize) -> Shape {
        self.nodes.get(node).map_or(Shape::Literal(true), |node| node.shape)
    }
}
