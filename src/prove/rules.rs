//! The rules that guardrails written as annotations stand for. Where one is broken, reports name the rule.

use crate::finding::Level;
use crate::rule::{Basis, Precision, Rule};

macro_rules! proved_rule {
    ($name:ident, $id:literal, $summary:literal) => {
        #[doc = $summary]
        static $name: Rule = Rule {
            id: $id,
            summary: $summary,
            level: Some(Level::Error),
            basis: Basis::Symbolic,
            precision: Precision::Exact,
            opens: true,
            configurable: false,
            since: "0.1.0",
            page: include_str!(concat!("../../docs/rules/", $id, ".md")),
        };
    };
}

proved_rule!(GRANT_NEVER_EXPIRES, "grant-never-expires", "a policy works on after the end that it says it has");
proved_rule!(
    SENSITIVE_WITHOUT_GUARD,
    "sensitive-without-guard",
    "a sensitive action is allowed without what its schema demands"
);

/// The rules that guardrails stand for.
pub static RULES: &[&Rule] = &[&GRANT_NEVER_EXPIRES, &SENSITIVE_WITHOUT_GUARD];

/// The id of the rule that guardrails of `kind` stand for; none for those that speak for themselves.
pub(super) fn rule_of(kind: &str) -> Option<&'static str> {
    match kind {
        "expires" | "temporary" => Some(GRANT_NEVER_EXPIRES.id),
        "sensitive" => Some(SENSITIVE_WITHOUT_GUARD.id),
        _ => None,
    }
}
