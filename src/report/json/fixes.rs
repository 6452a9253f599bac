//! How findings can be mended, and what became of that.

use serde::Serialize;

use super::location::{LocationOut, location};
use crate::finding::Fix;
use crate::outcome::{FixResult, FixStatus};

#[derive(Serialize)]
pub(super) struct FixOut<'a> {
    what: &'a str,
    changes: Option<&'a str>,
    edits: Vec<EditOut<'a>>,
}

#[derive(Serialize)]
struct EditOut<'a> {
    location: LocationOut<'a>,
    text: &'a str,
}

#[derive(Serialize)]
pub(super) struct FixResultOut<'a> {
    rule: &'a str,
    path: &'a str,
    policy: Option<&'a str>,
    what: &'a str,
    changes: Option<&'a str>,
    status: &'static str,
    why: Option<&'a str>,
}

/// The edits that mend a finding.
pub(super) fn fix(fix: &Fix) -> FixOut<'_> {
    FixOut {
        what: &fix.what,
        changes: fix.changes.as_deref(),
        edits: fix.edits.iter().map(|edit| EditOut { location: location(&edit.location), text: &edit.text }).collect(),
    }
}

/// What became of one.
pub(super) fn result(fix: &FixResult) -> FixResultOut<'_> {
    FixResultOut {
        rule: fix.rule,
        path: &fix.path,
        policy: fix.policy.as_deref(),
        what: &fix.what,
        changes: fix.changes.as_deref(),
        status: fix.status.as_str(),
        why: match &fix.status {
            FixStatus::Refused(why) => Some(why),
            FixStatus::Applied | FixStatus::Shown => None,
        },
    }
}
