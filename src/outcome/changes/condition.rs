//! For whom an effect holds, in clauses.

use std::sync::Arc;

use crate::text::Location;

/// For whom an effect holds: for the requests for which `when` holds, one of `where_allowed` does if there is any, and
/// none of the others does. All are Cedar expressions over `principal`, `resource` and `context`; one that errors does
/// not hold.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Condition {
    /// What the changed policies say; `true` when every request is concerned.
    pub when: String,
    /// Of a forbid: the permits that allow what it refuses; none where every request of `when` is allowed.
    pub where_allowed: Vec<Clause>,
    /// Permits that allow it all the same: before what is gained, afterwards what is lost.
    pub unless_allowed: Vec<Clause>,
    /// Forbids that refuse it all the same.
    pub unless_refused: Vec<Clause>,
    /// What the exceptions leave of a value, where that is little.
    pub left: Option<Left>,
    /// Whether nothing else was allowed before, or is now: everything that anybody can do is concerned.
    pub everything: bool,
    /// Whether all of these requests change their decision, and the effect has no others; otherwise it has no others.
    pub exact: bool,
}

/// What exceptions leave of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// The value, as a Cedar expression.
    pub of: String,
    /// What it may still be.
    pub what: LeftOver,
}

/// What a value may still be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeftOver {
    /// These literals, as Cedar expressions, of those that it may be; none where it is none of those that the policies
    /// name.
    Literals(Vec<String>),
    /// No number below the first nor above the second, which both are left; without an end where there is none.
    Range(Option<i64>, Option<i64>),
}

/// Another policy that has a part in whom an effect concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The policy by full name.
    pub policy: String,
    /// Where it stands, on the side on which it decides.
    pub location: Location,
    /// Whether the other side has no such policy.
    pub alone: bool,
    /// When it matches, of the requests for which `when` holds.
    pub condition: Arc<str>,
    /// Of an exception that is a negation: what holds of those requests that are no exception.
    pub opposite: Option<Arc<str>>,
}

impl Condition {
    /// The clauses as one expression.
    #[must_use]
    pub fn text(&self) -> String {
        let any = |all: &[Clause]| {
            let all: Vec<String> = all.iter().map(|clause| between(&clause.condition)).collect();
            all.join(" || ")
        };
        let mut parts = Vec::new();
        if self.when != "true" {
            parts.push(between(&self.when));
        }
        if !self.where_allowed.is_empty() {
            parts.push(format!("({})", any(&self.where_allowed)));
        }
        let others = self.unless_allowed.iter().chain(&self.unless_refused);
        parts.extend(others.map(|clause| format!("!({})", clause.condition)));
        match parts.as_slice() {
            [] => "true".to_owned(),
            // Nothing stands beside it.
            [_] if self.when != "true" && self.where_allowed.is_empty() => self.when.clone(),
            _ => parts.join(" && "),
        }
    }
}

/// The expression between parentheses, if it may bind less tightly than `&&`.
fn between(text: &str) -> String {
    if text.contains("||") || text.starts_with("if ") { format!("({text})") } else { text.to_owned() }
}
