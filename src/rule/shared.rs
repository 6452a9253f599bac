//! Rules that more than one engine reports.

use super::catalogue::{Basis, Precision, Rule};
use crate::finding::Level;

/// A policy that matches nothing: lint proves it, and the validator sees some such policies by their types alone.
pub const NEVER_MATCHES: Rule = Rule {
    id: "never-matches",
    summary: "no request can match a policy",
    level: Some(Level::Error),
    basis: Basis::Symbolic,
    precision: Precision::Exact,
    opens: true,
    configurable: true,
    since: "0.1.0",
    page: include_str!("../../docs/rules/never-matches.md"),
};
