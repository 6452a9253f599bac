//! The lint rules, and what is asked about them by id.

use super::rule::LintRule;
use super::{housekeeping, proofs, rules};
use crate::rule::Rule;

/// Every lint rule, those over text first.
pub fn lint_rules() -> impl Iterator<Item = &'static LintRule> {
    rules::ALL.iter().chain(proofs::ALL).copied()
}

/// The lint rule called `id`.
#[must_use]
pub fn lint_rule(id: &str) -> Option<&'static LintRule> {
    lint_rules().find(|rule| rule.meta.id == id)
}

/// The metadata of everything that lies here: the lint rules and what keeps suppressions tidy.
pub fn metadata() -> impl Iterator<Item = &'static Rule> {
    lint_rules().map(|rule| &rule.meta).chain(housekeeping::RULES.iter().copied())
}
