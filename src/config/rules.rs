//! The rules that configuration itself can break.

use crate::finding::Level;
use crate::rule::{Basis, Precision, Rule};

/// A mistake in `polcheck.toml`.
pub static CONFIGURATION: Rule = Rule {
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

/// Configuration that has no effect.
pub static UNUSED_CONFIGURATION: Rule = Rule {
    id: "unused-configuration",
    summary: "a path in polcheck.toml matches no file",
    level: Some(Level::Warning),
    basis: Basis::Housekeeping,
    precision: Precision::Exact,
    opens: false,
    configurable: true,
    since: "0.1.0",
    page: include_str!("../../docs/rules/unused-configuration.md"),
};

/// All rules of this module.
pub static RULES: &[&Rule] = &[&CONFIGURATION, &UNUSED_CONFIGURATION];
