//! The rules that configuration itself can break.

use crate::finding::Level;
use crate::rule::{Basis, Precision, Rule};

/// A mistake in `polcheck.toml`.
pub(super) static CONFIGURATION: Rule = Rule {
    id: "configuration",
    summary: "polcheck.toml says something that polcheck cannot follow",
    level: Some(Level::Error),
    basis: Basis::Housekeeping,
    precision: Precision::Exact,
    opens: false,
    configurable: false,
    since: "0.1.0",
    page: include_str!("../../docs/rules/configuration.md"),
};

/// All rules of this module.
pub static RULES: &[&Rule] = &[&CONFIGURATION];
