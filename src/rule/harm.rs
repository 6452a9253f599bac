//! Which rules are about security, and how bad that is: the one owner of the mapping to the scores of code scanning.

use super::Rule;
use crate::finding::Level;

/// Rules that find requests which are, or may be, allowed although nobody meant it: permits that reach too far, and forbids that do
/// not hold. What fails to evaluate counts, because Cedar skips a policy that fails, and a forbid that is skipped forbids nothing.
/// Rules about what is denied too much, said twice or written badly are not about security.
const OPENS: &[&str] = &[
    "confusable-text",
    "forbid-can-error",
    "near-miss-name",
    "never-matches",
    "over-broad",
    "placeholder",
    "type-error-in-condition",
    "unconditional-permit",
    "unexpected-type",
    "unsafe-attribute-access",
    "unsafe-optional-attribute",
    "unsafe-tag-access",
    "wildcard-in-entity-id",
];

impl Rule {
    /// The score of findings of this rule that have `level`, on the scale of CVSS as code scanning takes it (`security-severity`:
    /// from 7.0 on high, from 4.0 on medium, below that low); none for a rule that is not about security.
    #[must_use]
    pub fn security_severity(&self, level: Level) -> Option<&'static str> {
        OPENS.contains(&self.id).then_some(match level {
            Level::Error => "8.0",
            Level::Warning => "5.5",
            Level::Note => "3.0",
        })
    }
}
