//! The rules that reading a repository can break.

use crate::finding::Level;
use crate::rule::{Basis, Precision, Rule};

macro_rules! reading_rule {
    ($name:ident, $id:literal, $basis:ident, $summary:literal) => {
        #[doc = $summary]
        pub(crate) static $name: Rule = Rule {
            id: $id,
            summary: $summary,
            level: Some(Level::Error),
            basis: Basis::$basis,
            precision: Precision::Exact,
            opens: false,
            configurable: false,
            since: "0.1.0",
            page: include_str!(concat!("../../docs/rules/", $id, ".md")),
        };
    };
}

reading_rule!(UNREADABLE_FILE, "unreadable-file", Housekeeping, "a Cedar file cannot be read");
reading_rule!(SYNTAX_ERROR, "syntax-error", Validator, "a policy is not Cedar");
reading_rule!(TOO_DEEP, "too-deep", Housekeeping, "a policy is nested or chained beyond what is analysed");
reading_rule!(SCHEMA_ERROR, "schema-error", Validator, "a schema does not parse or does not resolve");
reading_rule!(SCHEMA_CONFLICT, "schema-conflict", Housekeeping, "which schema holds cannot be told");
reading_rule!(
    TRANSLATION_DIFFERS,
    "translation-differs",
    Housekeeping,
    "policies in JSON differ from those in Cedar syntax beside them"
);
reading_rule!(ENTITY_MISMATCH, "entity-mismatch", Validator, "entities are malformed or do not fit the schema");
reading_rule!(LINK_ERROR, "link-error", Validator, "a template link does not fit its template");
reading_rule!(GUARDRAIL_ERROR, "guardrail-error", Housekeeping, "a guardrail cannot be used");
reading_rule!(TEST_MISMATCH, "test-mismatch", Housekeeping, "a decision table is malformed");

macro_rules! idle_rule {
    ($name:ident, $id:literal, $summary:literal) => {
        #[doc = $summary]
        pub(crate) static $name: Rule = Rule {
            id: $id,
            summary: $summary,
            level: Some(Level::Warning),
            basis: Basis::Housekeeping,
            precision: Precision::Exact,
            opens: false,
            configurable: true,
            since: "0.1.0",
            page: include_str!(concat!("../../docs/rules/", $id, ".md")),
        };
    };
}

idle_rule!(UNUSED_SCHEMA, "unused-schema", "a schema governs no policies");
idle_rule!(UNUSED_TABLE, "unused-table", "a decision table belongs to no store, so its rows do not run");
idle_rule!(UNUSED_ENTITIES, "unused-entities", "an entity file belongs to no store");
idle_rule!(MISNAMED_SCHEMA, "misnamed-schema", "a schema stands under the name of policies");

/// All rules of this module.
pub static RULES: &[&Rule] = &[
    &UNUSED_SCHEMA,
    &UNUSED_TABLE,
    &UNUSED_ENTITIES,
    &MISNAMED_SCHEMA,
    &UNREADABLE_FILE,
    &SYNTAX_ERROR,
    &TOO_DEEP,
    &SCHEMA_ERROR,
    &SCHEMA_CONFLICT,
    &TRANSLATION_DIFFERS,
    &ENTITY_MISMATCH,
    &LINK_ERROR,
    &GUARDRAIL_ERROR,
    &TEST_MISMATCH,
];
