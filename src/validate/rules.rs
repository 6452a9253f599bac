//! The kinds of Cedar's validator as rules. What the validator calls an error cannot be turned down; its warnings can.

use cedar_policy::{ValidationError, ValidationWarning};

use crate::finding::Level;
use crate::rule::{self, Basis, Precision, Rule};

macro_rules! validator_rules {
    (@opens) => { false };
    (@opens opens) => { true };
    ($($name:ident, $id:literal, $level:ident $($opens:ident)?, $summary:literal;)*) => {
        $(pub(super) static $name: Rule = Rule {
            id: $id,
            summary: $summary,
            level: Some(Level::$level),
            basis: Basis::Validator,
            precision: Precision::Exact,
            opens: validator_rules!(@opens $($opens)?),
            configurable: matches!(Level::$level, Level::Warning),
            since: "0.1.0",
            page: include_str!(concat!("../../docs/rules/", $id, ".md")),
        };)*
        /// All rules of this module.
        pub static RULES: &[&Rule] = &[$(&$name),*];
    };
}

validator_rules! {
    ENTITY_TYPE, "unrecognized-entity-type", Error, "a policy names an entity type that the schema does not declare";
    ACTION, "unrecognized-action", Error, "a policy names an action that the schema does not declare";
    UNEXPECTED_TYPE, "unexpected-type", Error opens, "an operand has a type that its operator does not take";
    INCOMPATIBLE, "incompatible-types", Error, "two values that must have one type have two";
    ATTRIBUTE, "unsafe-attribute-access", Error opens, "an attribute is read that the schema does not declare";
    OPTIONAL, "unsafe-optional-attribute", Error opens, "an optional attribute is read without `has`";
    TAG, "unsafe-tag-access", Error opens, "a tag is read without `hasTag`";
    NO_TAGS, "no-tags-allowed", Error, "a tag is read of an entity type that has none";
    FUNCTION, "undefined-function", Error, "a function is called that Cedar does not have";
    ARGUMENTS, "wrong-number-of-arguments", Error, "a function is called with too few or too many arguments";
    EXTENSION, "invalid-extension-argument", Error, "a literal is not what its extension function reads";
    EMPTY_SET, "empty-set", Error, "an empty set literal has no type";
    NON_LITERAL, "non-literal-extension-constructor", Error, "an extension value is built from something other than a literal";
    HIERARCHY, "hierarchy-not-respected", Error, "an `in` that the schema's hierarchy rules out";
    ENUM, "invalid-enum-entity", Error, "an entity id that its enumerated type does not list";
    LEVEL, "level-exceeded", Error, "a policy dereferences further than the level allows";
    INCOMPLETE, "incomplete-schema", Error, "the schema leaves names external that the policy needs";
    OTHER, "validator-error", Error, "Cedar's validator refuses the policy";
    NEVER_APPLIES, "never-applies", Warning, "no action, principal type and resource type of the schema fit the scope";
    CONFUSABLE, "confusable-text", Warning opens, "text that is not what it looks like";
}

/// Lint proves it, and has it in the catalogue.
static NEVER_MATCHES: Rule = rule::NEVER_MATCHES;

/// The rule for one of the validator's errors.
pub(super) fn of_error(error: &ValidationError) -> &'static Rule {
    match error {
        ValidationError::UnrecognizedEntityType(_) => &ENTITY_TYPE,
        ValidationError::UnrecognizedActionId(_) => &ACTION,
        ValidationError::UnexpectedType(_) => &UNEXPECTED_TYPE,
        ValidationError::IncompatibleTypes(_) => &INCOMPATIBLE,
        ValidationError::UnsafeAttributeAccess(_) => &ATTRIBUTE,
        ValidationError::UnsafeOptionalAttributeAccess(_) => &OPTIONAL,
        ValidationError::UnsafeTagAccess(_) => &TAG,
        ValidationError::NoTagsAllowed(_) => &NO_TAGS,
        ValidationError::UndefinedFunction(_) => &FUNCTION,
        ValidationError::WrongNumberArguments(_) => &ARGUMENTS,
        ValidationError::FunctionArgumentValidation(_) => &EXTENSION,
        ValidationError::EmptySetForbidden(_) => &EMPTY_SET,
        ValidationError::NonLitExtConstructor(_) => &NON_LITERAL,
        ValidationError::HierarchyNotRespected(_) => &HIERARCHY,
        ValidationError::InvalidEnumEntity(_) => &ENUM,
        ValidationError::EntityDerefLevelViolation(_) => &LEVEL,
        ValidationError::IncompleteSchema(_) => &INCOMPLETE,
        _ => &OTHER,
    }
}

/// Whether `rule` only follows from what the validator says of the same policy.
pub(super) fn follows(rule: &str) -> bool {
    [NEVER_APPLIES.id, NEVER_MATCHES.id].contains(&rule)
}

/// The rule for one of the validator's warnings.
pub(super) fn of_warning(warning: &ValidationWarning) -> &'static Rule {
    match warning {
        ValidationWarning::ImpossiblePolicy(_) => &NEVER_MATCHES,
        ValidationWarning::InvalidActionApplication(_) => &NEVER_APPLIES,
        _ => &CONFUSABLE,
    }
}
