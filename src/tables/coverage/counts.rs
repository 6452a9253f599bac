//! Counts of what rows exercise, for each policy and each part of a condition.

/// How many rows do what to a policy.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OfPolicy {
    pub(super) in_scope: usize,
    pub(super) satisfied: usize,
    pub(super) determining: usize,
    pub(super) errors: usize,
    pub(super) decides: usize,
}

/// How many evaluations of a part of a condition come to what.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct OfNode {
    pub(super) trues: usize,
    pub(super) falses: usize,
    pub(super) errors: usize,
    pub(super) decides: usize,
}

/// What some rows exercise.
#[derive(Debug, Default)]
pub(in crate::tables) struct Counts {
    pub(super) policies: Vec<OfPolicy>,
    pub(super) nodes: Vec<OfNode>,
}

impl Counts {
    /// No rows, for so many policies and parts of conditions.
    pub(super) fn none(policies: usize, nodes: usize) -> Self {
        Self { policies: vec![OfPolicy::default(); policies], nodes: vec![OfNode::default(); nodes] }
    }

    /// Adds the rows of `more`, which counts the same policies.
    pub(super) fn add(&mut self, more: &Self) {
        for (sum, more) in self.policies.iter_mut().zip(&more.policies) {
            sum.in_scope += more.in_scope;
            sum.satisfied += more.satisfied;
            sum.determining += more.determining;
            sum.errors += more.errors;
            sum.decides += more.decides;
        }
        for (sum, more) in self.nodes.iter_mut().zip(&more.nodes) {
            sum.trues += more.trues;
            sum.falses += more.falses;
            sum.errors += more.errors;
            sum.decides += more.decides;
        }
    }
}
