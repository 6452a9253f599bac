//! Policies that other parts of an outcome speak of.

use crate::text::Location;

/// A policy by full name, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRef {
    /// Full name, `path#id`.
    pub name: String,
    /// `permit` or `forbid`.
    pub effect: &'static str,
    /// Where it stands.
    pub location: Location,
}
