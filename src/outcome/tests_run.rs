//! The result of one row of a decision table.

use serde::Serialize;
use serde_json::value::RawValue;

use super::explanation::Explanation;
use super::policy_ref::PolicyRef;
use crate::text::Location;

/// What an authorizer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// Permitted.
    Allow,
    /// Refused.
    Deny,
}

impl Decision {
    /// `allow` or `deny`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
        }
    }

    /// `allowed` or `denied`.
    #[must_use]
    pub fn past(self) -> &'static str {
        match self {
            Self::Allow => "allowed",
            Self::Deny => "denied",
        }
    }
}

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything that the row states is so.
    Pass,
    /// The row ran and something is not as stated.
    Fail,
    /// The row could not be run.
    Error,
    /// The row asks not to be run.
    Skip,
}

impl Status {
    /// The word that reports use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Error => "error",
            Self::Skip => "skip",
        }
    }
}

/// What a row states. What it leaves open is `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The decision.
    pub decision: Decision,
    /// The determining policies as the row names them.
    pub reason: Option<Vec<String>>,
    /// How many policies fail to evaluate.
    pub errors: Option<usize>,
    /// Everyone who is allowed, sorted; then the decision is about each of them, and nobody else is.
    pub who: Option<Vec<String>>,
}

/// A policy that failed to evaluate, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError {
    /// The policy.
    pub policy: PolicyRef,
    /// Cedar's own words.
    pub message: String,
}

/// What the authorizer answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    /// The decision.
    pub decision: Decision,
    /// The determining policies, sorted by name.
    pub reason: Vec<PolicyRef>,
    /// The policies that failed to evaluate, sorted by name.
    pub errors: Vec<PolicyError>,
}

/// A request in Cedar's request JSON.
#[derive(Debug, Clone, Serialize)]
pub struct RowRequest {
    /// The principal, in Cedar syntax.
    pub principal: String,
    /// The action, in Cedar syntax.
    pub action: String,
    /// The resource, in Cedar syntax.
    pub resource: String,
    /// The context, as the row writes it.
    pub context: Box<RawValue>,
}

impl PartialEq for RowRequest {
    fn eq(&self, other: &Self) -> bool {
        let key = |request: &Self| {
            (request.principal.clone(), request.action.clone(), request.resource.clone(), request.context.to_string())
        };
        key(self) == key(other)
    }
}

/// One reason why a row could not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// Where: a cell of the row, or the row.
    pub location: Location,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl TestResult {
    /// Whether the row failed or could not run.
    #[must_use]
    pub fn is_bad(&self) -> bool {
        matches!(self.status, Status::Fail | Status::Error)
    }
}

/// One row, run.
#[derive(Debug, Clone, PartialEq)]
pub struct TestResult {
    /// `path#name`.
    pub id: String,
    /// The store that it ran against.
    pub store: Option<String>,
    /// Where the row stands.
    pub location: Location,
    /// How it ended.
    pub status: Status,
    /// The request, where it could be read.
    pub request: Option<RowRequest>,
    /// What the row states, where it could be read.
    pub expected: Option<Expected>,
    /// What came out, where it ran.
    pub got: Option<Got>,
    /// Why it failed or could not run: one plain sentence per mismatch.
    pub message: Option<String>,
    /// What to do about an error.
    pub help: Option<String>,
    /// Why it could not run, one by one, each at its place.
    pub faults: Vec<RowFault>,
    /// What it shows besides, and does not fail for: a sentence each.
    pub notes: Vec<String>,
    /// The entities that it means to exist nowhere, in Cedar syntax.
    pub unknown: Vec<String>,
    /// Why it was skipped.
    pub skip_reason: Option<String>,
    /// Of a row that failed: which policies made it so and what stood in the way of others, the most telling first.
    pub explanations: Vec<Explanation>,
    /// Of a row that failed or could not run: whether it does neither in the revision that the run compares with;
    /// `None` where there is none.
    pub new: Option<bool>,
}
