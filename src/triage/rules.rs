//! The rules about suppressions themselves.

use crate::finding::Level;
use crate::rule::{Basis, Precision, Rule};

macro_rules! suppression_rule {
    ($visible:vis $name:ident, $id:literal, $summary:literal) => {
        #[doc = $summary]
        $visible static $name: Rule = Rule {
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

suppression_rule!(pub UNUSED_SUPPRESSION, "unused-suppression", "a suppression suppresses nothing");
suppression_rule!(pub(super) EXPIRED_SUPPRESSION, "expired-suppression", "the date of a suppression has passed");
suppression_rule!(pub(super) SUPPRESSION_WITHOUT_REASON, "suppression-without-reason", "a suppression does not say why");
suppression_rule!(pub(super) UNKNOWN_RULE, "unknown-rule", "a suppression names a rule that does not exist");

/// The rules of this module. A finding of theirs cannot itself be suppressed.
pub static RULES: &[&Rule] = &[&UNUSED_SUPPRESSION, &EXPIRED_SUPPRESSION, &SUPPRESSION_WITHOUT_REASON, &UNKNOWN_RULE];
