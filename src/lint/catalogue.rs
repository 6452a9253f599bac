//! The one list of lint rules.

use super::context::LintRule;
use super::{housekeeping, rules};
use crate::rule::Rule;

/// Every rule that [`super::run`] knows, by id.
pub static LINT_RULES: &[&LintRule] = &[
    &rules::duplicate_id::RULE,
    &rules::near_miss_name::RULE,
    &rules::placeholder::RULE,
    &rules::type_error_in_condition::RULE,
    &rules::wildcard_in_entity_id::RULE,
];

/// The metadata of everything that lies here: the lint rules and what keeps suppressions tidy.
pub fn metadata() -> impl Iterator<Item = &'static Rule> {
    LINT_RULES.iter().map(|rule| &rule.meta).chain(housekeeping::RULES.iter().copied())
}
