//! The rule that the rows of tables can break and run all the same.

use crate::finding::Level;
use crate::rule::{Basis, Precision, Rule};

/// An entity of a row that exists nowhere.
pub(super) static UNKNOWN_IN_ROW: Rule = Rule {
    id: "unknown-in-row",
    summary: "a row of a decision table names an entity that exists nowhere",
    level: Some(Level::Warning),
    basis: Basis::Text,
    precision: Precision::High,
    opens: false,
    configurable: true,
    since: "0.1.0",
    page: include_str!("../../docs/rules/unknown-in-row.md"),
};

/// Two rows that ask the same.
pub(super) static SAME_REQUEST_ROWS: Rule = Rule {
    id: "same-request-rows",
    summary: "two rows of a decision table ask the same, or contradict each other",
    level: Some(Level::Error),
    basis: Basis::Text,
    precision: Precision::Exact,
    opens: false,
    configurable: true,
    since: "0.1.0",
    page: include_str!("../../docs/rules/same-request-rows.md"),
};

/// All rules of this module.
pub static RULES: &[&Rule] = &[&UNKNOWN_IN_ROW, &SAME_REQUEST_ROWS];
