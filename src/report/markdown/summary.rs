//! The page: the verdict, what a comparison found, findings, failing rows, and what could not be checked.

use super::changes;
use super::escape::{cell, code};
use crate::finding::Finding;
use crate::outcome::{Outcome, TestResult};
use crate::report::verdict::{self, counted};
use crate::report::{Options, coverage, select};
use crate::text::Location;

/// GitHub refuses a job summary above 1 MiB; what follows the tables must still fit.
const LONGEST: usize = 880 * 1024;
/// GitHub refuses a comment above 65,536 characters, and a comparison is there to be posted as one.
const LONGEST_COMMENT: usize = 64_000;
/// What a comparison leaves to findings, rows and remarks, where there are any.
const RESERVED: usize = 12_000;

/// The job summary of `outcome` in Markdown: the verdict, what a comparison found, findings, failing rows, and what could not
/// be checked. It stays below 900 KiB, and below 65,000 characters when revisions were compared, so that it can be a comment on a
/// pull request; when something had to be left out, a sentence says how much.
#[must_use]
pub fn summary_markdown(outcome: &Outcome, options: &Options) -> String {
    let selection = select::findings(outcome, options);
    let limit = if outcome.comparison.is_some() { LONGEST_COMMENT } else { LONGEST };
    let head = format!("### {}\n", cell(&verdict::with_hidden_notes(outcome, selection.hidden_notes)));
    let mut out = Summary { text: head, limit };
    if let Some(comparison) = &outcome.comparison {
        let more = !selection.findings.is_empty() || select::bad_rows(outcome).next().is_some();
        let reserved = if more { RESERVED } else { 0 };
        let room = limit.saturating_sub(out.text.len() + reserved);
        out.text.push_str(&changes::section(comparison, options, room));
    }
    out.table(
        "\n| Level | Rule | Where | What |\n|---|---|---|---|\n",
        selection.findings.iter().map(|finding| finding_row(finding)),
        ("finding is", "findings are"),
    );
    out.table(
        "\n| Row | Where | Expected | Got | Why |\n|---|---|---|---|---|\n",
        select::bad_rows(outcome).map(test_row),
        ("failing row is", "failing rows are"),
    );
    if let Some(measured) = outcome.coverage.as_ref().filter(|_| !options.quiet) {
        out.table(
            "\n",
            std::iter::once(format!("- **Coverage**: {}\n", cell(&coverage::figure(measured)))),
            ("line is", ""),
        );
    }
    if !options.quiet {
        let undecided = outcome.inconclusive.iter().map(|why| format!("- **Inconclusive**: {}\n", cell(why)));
        let unchecked = outcome.gaps.iter().map(|gap| format!("- **Not checked**: {}\n", cell(gap)));
        let left_out = outcome.left_out.iter().filter(|_| options.verbose);
        let left_out = left_out.map(|file| format!("- Left out: {}: {}\n", code(&file.path), cell(&file.why)));
        out.table("\n", undecided.chain(unchecked).chain(left_out), ("remark is", "remarks are"));
    }
    out.text
}

struct Summary {
    text: String,
    limit: usize,
}

impl Summary {
    /// Appends `head` and as many `rows` as fit, and says how many do not. Nothing when there is no row.
    fn table(&mut self, head: &str, rows: impl Iterator<Item = String>, (one, many): (&str, &str)) {
        let (mut started, mut dropped) = (false, 0);
        for row in rows {
            let head = if started { "" } else { head };
            if dropped > 0 || self.text.len() + head.len() + row.len() > self.limit {
                dropped += 1;
                continue;
            }
            self.text.push_str(head);
            self.text.push_str(&row);
            started = true;
        }
        if dropped > 0 {
            self.text.push_str(&format!("\n{} not shown here for lack of room.\n", counted(dropped, one, many)));
        }
    }
}

fn finding_row(finding: &Finding) -> String {
    let mut what = cell(&finding.message);
    if let Some(help) = &finding.help {
        what.push_str(&format!("<br>*{}*", cell(help)));
    }
    let (level, rule, at) = (finding.level.as_str(), code(finding.rule), place(&finding.location));
    format!("| {level} | {rule} | {at} | {what} |\n")
}

fn test_row(row: &TestResult) -> String {
    let expected = row.expected.as_ref().map_or("", |expected| expected.decision.as_str());
    let mut got = row.got.as_ref().map_or(row.status.as_str(), |got| got.decision.as_str()).to_owned();
    for policy in row.got.iter().flat_map(|got| &got.reason).take(10) {
        got.push_str(&format!("<br>{} {}", policy.effect, code(&policy.name)));
    }
    let lesson = row.lesson.first().map(|lesson| &lesson.sentence);
    let why = [row.message.as_ref(), row.help.as_ref(), lesson].into_iter().flatten();
    let why: Vec<String> = why.map(|text| cell(text)).collect();
    let (id, at) = (code(&row.id), place(&row.location));
    format!("| {id} | {at} | {expected} | {got} | {} |\n", why.join("<br>"))
}

/// A place; only the path where there is no text to point into.
fn place(location: &Location) -> String {
    if location.file.text().is_empty() { code(location.path()) } else { code(&location.label()) }
}
