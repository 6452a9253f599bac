//! What says something of a type, and where.

use cedar_policy::PolicyId;

/// One statement about a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Where it is said: `file#policy`, or the store's entities.
    pub(super) place: String,
    /// What is said: a phrase such as "compared with a number".
    pub(super) what: &'static str,
    /// The policy by store and key, if it is one.
    pub(super) policy: Option<(usize, PolicyId)>,
}

impl Evidence {
    /// The phrase and the place.
    pub(super) fn text(&self) -> String {
        format!("{} in {}", self.what, self.place)
    }
}
