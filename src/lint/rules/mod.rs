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
    duplicate_id
    near_miss_name
    placeholder
    type_error_in_condition
    wildcard_in_entity_id
}
