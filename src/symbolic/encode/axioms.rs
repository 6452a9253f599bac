//! Axioms that tests switch off one by one, to see that their absence is noticed.

/// Which axioms are said; all of them by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[doc(hidden)]
pub struct Axioms {
    /// Members of members are members.
    pub transitivity: bool,
    /// Nothing is a member of itself.
    pub acyclicity: bool,
    /// Equal entities have equal attributes, tags and ancestors.
    pub congruence: bool,
    /// Sets with the same elements are equal, and others are not.
    pub extensionality: bool,
    /// Arithmetic that does not fit is an error.
    pub overflow: bool,
    /// Strings match patterns as strings do.
    pub patterns: bool,
}

impl Default for Axioms {
    fn default() -> Self {
        Self {
            transitivity: true,
            acyclicity: true,
            congruence: true,
            extensionality: true,
            overflow: true,
            patterns: true,
        }
    }
}
