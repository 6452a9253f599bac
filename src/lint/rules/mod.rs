//! One file per rule, metadata and code together, and the one list of them.

use super::context::LintRule;

mod near_miss_typo;
mod placeholder_text;
mod type_error_shape;

/// Declares the modules of rules and lists them, so that a rule is named once.
macro_rules! lint_rules {
    ($($rule:ident)*) => {
        $(mod $rule;)*

        /// Every rule that [`super::run`] knows, by id.
        pub static LINT_RULES: &[&LintRule] = &[$(&$rule::RULE),*];
    };
}

lint_rules! {
    conflicting_rules
    denies_everything
    duplicate_id
    forbid_can_error
    near_miss_name
    never_matches
    over_broad
    overridden_permit
    placeholder
    shadowed_forbid
    shadowed_permit
    type_error_in_condition
    unconditional_forbid
    unconditional_permit
    wildcard_in_entity_id
}
