//! Policies that belong together, by their paths.

/// Policies that belong together.
#[derive(Debug, Clone, Default)]
pub(super) struct Group<'p> {
    /// The folder that they lie in; a file, of a copy that stands beside what it is a copy of.
    pub(super) root: String,
    /// The schemas that rule this folder.
    pub(super) schemas: Vec<&'p str>,
    pub(super) policies: Vec<&'p str>,
    /// The folder of examples or tests that this lies in; empty where it lies in none.
    pub(super) apart: &'p str,
    /// Whether it is a copy of what lies elsewhere.
    pub(super) copy: bool,
}
