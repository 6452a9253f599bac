//! What a report for people shows and in which order. JSON, SARIF and the like show every finding and do not ask here.

use crate::finding::{Finding, Level};
use crate::outcome::{Outcome, Status, TestResult};
use crate::report::Options;

/// The findings to show, worst level first and otherwise in the outcome's order, and how many notes are kept back.
pub(super) struct Selection<'a> {
    pub(super) findings: Vec<&'a Finding>,
    pub(super) hidden_notes: usize,
}

/// Chooses what `options` ask for. A finding that fails the run is never kept back.
pub(super) fn findings<'a>(outcome: &'a Outcome, options: &Options) -> Selection<'a> {
    let fails = |finding: &Finding| {
        outcome.fail_on.reached_by(finding.level) || (outcome.misconfigured && finding.level == Level::Error)
    };
    let wanted = |finding: &&Finding| {
        fails(finding) || (!options.quiet && (options.verbose || shown_by_default(outcome, finding)))
    };
    let mut findings: Vec<&Finding> = outcome.findings.iter().filter(wanted).collect();
    findings.sort_by_key(|finding| finding.level);
    let shown_notes = findings.iter().filter(|finding| finding.level == Level::Note).count();
    let [.., notes] = outcome.count().findings;
    Selection { findings, hidden_notes: notes - shown_notes }
}

/// Notes only when they were asked for.
fn shown_by_default(outcome: &Outcome, finding: &Finding) -> bool {
    finding.level != Level::Note || outcome.demanded.contains(&finding.rule)
}

/// The rows that failed or could not run, in the outcome's order.
pub(super) fn bad_rows(outcome: &Outcome) -> impl Iterator<Item = &TestResult> {
    outcome.tests.iter().filter(|row| matches!(row.status, Status::Fail | Status::Error))
}
