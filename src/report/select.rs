//! What a report for people shows and in which order. JSON, SARIF and the like show every finding and do not ask here.

use crate::finding::{Finding, Level};
use crate::outcome::Outcome;
use crate::report::Options;
use crate::report::counted::counted;
use crate::text::inline;

/// The findings to show, worst level first and otherwise in the outcome's order, and how many notes are kept back.
pub(super) struct Selection<'a> {
    pub(super) findings: Vec<&'a Finding>,
    pub(super) hidden_notes: usize,
}

/// Chooses what `options` ask for. A finding that fails the run is never kept back.
pub(super) fn findings<'a>(outcome: &'a Outcome, options: &Options) -> Selection<'a> {
    let fails = |finding: &Finding| {
        outcome.fails(finding) || (outcome.misconfigured && finding.level == Level::Error && outcome.counts(finding))
    };
    let shown = |finding: &Finding| !options.quiet && (options.verbose || shown_by_default(outcome, finding));
    let wanted = |finding: &&Finding| fails(finding) || (outcome.counts(finding) && shown(finding));
    let mut findings: Vec<&Finding> = outcome.findings.iter().filter(wanted).collect();
    findings.sort_by_key(|finding| finding.level);
    let shown_notes = findings.iter().filter(|finding| finding.level == Level::Note).count();
    let [.., notes] = outcome.count_of(&|finding| outcome.counts(finding)).findings;
    Selection { findings, hidden_notes: notes - shown_notes }
}

/// Notes only when they were asked for.
fn shown_by_default(outcome: &Outcome, finding: &Finding) -> bool {
    finding.level != Level::Note || outcome.demanded.contains(&finding.rule)
}

/// What is not shown because the revision compared with has it as well: `5 errors, 2 warnings and 1 row that fails are
/// in main as well`.
pub(super) fn older(outcome: &Outcome) -> Option<String> {
    let [errors, warnings, notes] = outcome.count_of(&|finding| !outcome.counts(finding)).findings;
    let rows = outcome.tests.iter().filter(|row| row.is_bad() && !outcome.counts_row(row)).count();
    let mut parts = Vec::new();
    for (count, one, many) in [
        (errors, "error", "errors"),
        (warnings, "warning", "warnings"),
        (notes, "note", "notes"),
        (rows, "row that fails", "rows that fail"),
    ] {
        if count > 0 {
            parts.push(counted(count, one, many));
        }
    }
    let last = parts.pop()?;
    let list = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
    let base = outcome.comparison.as_ref().map_or("the base", |comparison| comparison.old.label.as_str());
    let are = if errors + warnings + notes + rows == 1 { "is" } else { "are" };
    Some(format!("{list} {are} in {} as well (--all shows them)", inline(base)))
}
