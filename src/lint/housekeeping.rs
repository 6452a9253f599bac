//! The rules about suppressions themselves; the code that finds them is in `finding`, which knows no rules.

use crate::finding::Level;
use crate::finding::suppression::{EXPIRED, RuleState, UNKNOWN, UNUSED};
use crate::rule::{Basis, Catalogue, Precision, Rule};

macro_rules! housekeeping_rule {
    ($name:ident, $id:expr, $page:literal, $summary:literal) => {
        static $name: Rule = Rule {
            id: $id,
            summary: $summary,
            level: Some(Level::Warning),
            basis: Basis::Housekeeping,
            precision: Precision::Exact,
            opens: false,
            configurable: true,
            since: "0.1.0",
            page: include_str!(concat!("../../docs/rules/", $page, ".md")),
        };
    };
}

housekeeping_rule!(UNUSED_SUPPRESSION, UNUSED, "unused-suppression", "a suppression suppresses nothing");
housekeeping_rule!(EXPIRED_SUPPRESSION, EXPIRED, "expired-suppression", "the date of a suppression has passed");
housekeeping_rule!(UNKNOWN_RULE, UNKNOWN, "unknown-rule", "a suppression names a rule that does not exist");

/// The rules of this module.
pub static RULES: &[&Rule] = &[&UNUSED_SUPPRESSION, &EXPIRED_SUPPRESSION, &UNKNOWN_RULE];

/// What suppressions need to know of every rule of `catalogue`. `ran` says whether an engine's rule (by id) ran; a
/// suppression of one that did not is not called unused.
#[must_use]
pub fn rule_states(catalogue: &Catalogue, ran: &dyn Fn(&Rule) -> bool) -> Vec<RuleState> {
    let state = |rule: &'static Rule| RuleState { id: rule.id, suppressible: suppressible(rule), ran: ran(rule) };
    catalogue.iter().map(state).collect()
}

/// A finding about a suppression cannot itself be suppressed, and neither can what Cedar refuses.
fn suppressible(rule: &Rule) -> bool {
    rule.configurable && !RULES.iter().any(|own| own.id == rule.id)
}
