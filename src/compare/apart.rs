//! What conjuncts say of one value that cannot hold at once: seen from their text alone, without a search.
//!
//! # Why
//!
//! A policy of a dense store stands beside hundreds of others, most of which are for other principals, resources or
//! values. To ask the engine about each takes longer than anybody waits, and to name them all buries those that matter.

use serde_json::Value as Json;

/// What a conjunct says of one value, if it says that alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Says {
    /// The value, as an expression in Cedar's JSON form.
    of: String,
    /// Whether it is the principal or the resource, which both sides have in common, whatever their schemas.
    pub(super) of_request: bool,
    what: What,
}

#[derive(Debug, Clone, PartialEq)]
enum What {
    /// It is one of these.
    OneOf(Vec<Json>),
    /// It is not this.
    Not(Json),
    /// It is a number from the first to the last.
    Between(i64, i64),
    /// It is a truth value, and this one.
    Truth(bool),
}

impl Says {
    /// What the expression says of one value.
    pub(super) fn of(expression: &Json) -> Self {
        Self::told(expression).unwrap_or_else(|| match expression.get("!").and_then(|not| not.get("arg")) {
            Some(inner) => Self::new(inner, What::Truth(false)),
            None => Self::new(expression, What::Truth(true)),
        })
    }

    fn new(of: &Json, what: What) -> Self {
        Self { of: of.to_string(), of_request: is_of_request(of), what }
    }

    fn told(expression: &Json) -> Option<Self> {
        let (operator, sides) = expression.as_object()?.iter().next()?;
        let (left, right) = (sides.get("left")?, sides.get("right")?);
        if operator == "contains" {
            let all = left.get("Set")?.as_array()?;
            let values: Option<Vec<Json>> = all.iter().map(|one| one.get("Value").cloned()).collect();
            return Some(Self::new(right, What::OneOf(values?)));
        }
        let (of, value, turned) = match (left.get("Value"), right.get("Value")) {
            (None, Some(value)) => (left, value, false),
            (Some(value), None) => (right, value, true),
            _ => return None,
        };
        let number = value.as_i64();
        let below = |last: Option<i64>| Some(What::Between(i64::MIN, last?));
        let above = |first: Option<i64>| Some(What::Between(first?, i64::MAX));
        let what = match (operator.as_str(), turned) {
            ("==", _) => Some(What::OneOf(vec![value.clone()])),
            ("!=", _) => Some(What::Not(value.clone())),
            ("<=", false) | (">=", true) => below(number),
            (">=", false) | ("<=", true) => above(number),
            ("<", false) | (">", true) => below(number.and_then(|number| number.checked_sub(1))),
            (">", false) | ("<", true) => above(number.and_then(|number| number.checked_add(1))),
            _ => None,
        };
        Some(Self::new(of, what?))
    }

    /// The values that it lists, one of which this is, if it says that.
    pub(super) fn listed(&self) -> Option<(&str, &[Json])> {
        match &self.what {
            What::OneOf(all) => Some((&self.of, all)),
            What::Not(_) | What::Between(..) | What::Truth(_) => None,
        }
    }

    /// The first and the last number that the value may be, if it says that.
    pub(super) fn between(&self) -> Option<(&str, i64, i64)> {
        match &self.what {
            What::Between(first, last) => Some((&self.of, *first, *last)),
            What::OneOf(_) | What::Not(_) | What::Truth(_) => None,
        }
    }

    /// Whether no value is as both say, so that not both can hold.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        let within = |value: &Json, first: i64, last: i64| {
            value.as_i64().is_some_and(|number| first <= number && number <= last)
        };
        self.of == other.of
            && match (&self.what, &other.what) {
                (What::OneOf(these), What::OneOf(those)) => these.iter().all(|one| !those.contains(one)),
                (What::OneOf(these), What::Not(not)) | (What::Not(not), What::OneOf(these)) => {
                    these.iter().all(|one| one == not)
                }
                (What::OneOf(these), What::Between(first, last)) | (What::Between(first, last), What::OneOf(these)) => {
                    these.iter().all(|one| !within(one, *first, *last))
                }
                (What::OneOf(these), What::Truth(truth)) | (What::Truth(truth), What::OneOf(these)) => {
                    these.iter().all(|one| one.as_bool() != Some(*truth))
                }
                (What::Not(not), What::Truth(truth)) | (What::Truth(truth), What::Not(not)) => {
                    not.as_bool() == Some(*truth)
                }
                (What::Between(first, last), What::Between(start, end)) => last < start || end < first,
                (What::Truth(one), What::Truth(other)) => one != other,
                // Other numbers are left, and a number is no truth value.
                (What::Not(_), What::Not(_) | What::Between(..)) | (What::Between(..), What::Not(_)) => false,
                (What::Truth(_), What::Between(..)) | (What::Between(..), What::Truth(_)) => true,
            }
    }
}

/// The principal or the resource itself.
fn is_of_request(expression: &Json) -> bool {
    matches!(expression.get("Var").and_then(Json::as_str), Some("principal" | "resource"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::{pieces, plainly};
    use cedar_policy::Policy;

    fn says(condition: &str) -> Says {
        let policy: Policy = format!("permit (principal, action, resource) when {{ {condition} }};").parse().unwrap();
        let all = pieces(&policy.to_json().unwrap());
        Says::of(&plainly(all[0].conjuncts().remove(0)))
    }

    #[test]
    fn what_cannot_hold_at_once_is_seen() {
        for (one, other, apart) in [
            ("principal == User::\"a\"", "principal == User::\"b\"", true),
            ("principal == User::\"a\"", "User::\"a\" == principal", false),
            ("principal == User::\"a\"", "resource == User::\"b\"", false),
            ("principal == User::\"a\"", "principal in Team::\"b\"", false),
            ("context.s == \"a\"", "context.s == \"b\" || context.s == \"c\"", true),
            ("context.s == \"a\"", "context.s == \"b\" || context.s == \"a\"", false),
            ("context.s == \"a\"", "context.s != \"a\"", true),
            ("context.s == \"a\"", "context.s != \"b\"", false),
            ("context.n < 5", "context.n >= 5", true),
            ("context.n <= 5", "5 <= context.n", false),
            ("context.n < 5", "5 <= context.n", true),
            ("context.n == 7", "context.n < 7", true),
            ("context.n == 6", "context.n < 7", false),
            ("context.b", "!context.b", true),
            ("context.b", "context.b == false", true),
            ("context.b", "!context.c", false),
            ("context has a", "!(context has a)", true),
            ("context.s like \"a*\"", "context.s like \"b*\"", false),
            ("context.n < -9223372036854775807", "context.n > -9223372036854775808", true),
        ] {
            assert_eq!(says(one).excludes(&says(other)), apart, "{one} / {other}");
            assert_eq!(says(other).excludes(&says(one)), apart, "{other} / {one}");
        }
    }
}
