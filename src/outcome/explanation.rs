//! Why a failing row came out as it did.

use super::policy_ref::PolicyRef;
use crate::text::Location;

/// A place in a policy and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// The operand, or the part of the scope.
    pub location: Location,
    /// What it came to, a phrase.
    pub text: String,
}

/// What one policy had to do with the decision, or would have needed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The policy; none for what is said of all.
    pub policy: Option<PolicyRef>,
    /// In words.
    pub sentence: String,
    /// Operands and parts of the scope that the sentence is about, in the order of evaluation.
    pub marks: Vec<Mark>,
}
