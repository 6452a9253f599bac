//! The lint rules, and what is asked about them by id.

use super::rule::LintRule;
use super::{proofs, rules};
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

/// The metadata of the lint rules.
pub fn metadata() -> impl Iterator<Item = &'static Rule> {
    lint_rules().map(|rule| &rule.meta)
}

/// The rules of the validator that the rule called `id` says more than; none for a rule that is not of lint.
#[must_use]
pub fn stands_for(id: &str) -> &'static [&'static str] {
    lint_rule(id).map_or(&[], |rule| rule.instead_of)
}

/// The rules of the validator that say what the rule called `id` does; none for a rule that is not of lint.
#[must_use]
pub fn yields_to(id: &str) -> &'static [&'static str] {
    lint_rule(id).map_or(&[], |rule| rule.yields_to)
}
