//! The metadata of the lint rules.

use super::housekeeping;
use super::rules::LINT_RULES;
use crate::rule::Rule;

/// The metadata of everything that lies here: the lint rules and what keeps suppressions tidy.
pub fn metadata() -> impl Iterator<Item = &'static Rule> {
    LINT_RULES.iter().map(|rule| &rule.meta).chain(housekeeping::RULES.iter().copied())
}
