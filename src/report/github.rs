//! `--report github`: findings and failing rows as workflow commands, which GitHub shows as annotations.
//!
//! Commands and their escapes: docs.github.com, "Workflow commands for GitHub Actions", and the runner's
//! `ActionCommand.cs`. The runner obeys a line that starts with `::`, spaces before it aside.

use std::fmt::Write as _;

use crate::finding::{Finding, Level};
use crate::outcome::{Outcome, TestResult, Verdict};
use crate::report::verdict::{counted, verdict_line};
use crate::report::{Format, Options, select};
use crate::text::{Location, inline};

/// The format.
pub(super) static FORMAT: Format =
    Format { name: "github", about: "annotations of a GitHub Actions run, ten per level at most", render };

/// GitHub shows ten annotations of each level per step and drops the rest without a word.
const PER_LEVEL: usize = 10;
/// GitHub cuts longer messages.
const LONGEST: usize = 4000;

/// One annotation.
struct Annotation<'a> {
    level: Level,
    location: Option<&'a Location>,
    title: String,
    message: String,
}

/// Worst first: errors, then failing rows and whatever else fails the run, then warnings, then notes.
fn render(outcome: &Outcome, options: &Options) -> String {
    let selection = select::findings(outcome, options);
    let (errors, milder): (Vec<&Finding>, Vec<&Finding>) =
        selection.findings.iter().partition(|finding| finding.level == Level::Error);
    let all = (errors.into_iter().map(of_finding))
        .chain(select::bad_rows(outcome).map(of_row))
        .chain(outcome.inconclusive.iter().map(|why| of_run("inconclusive", inline(why).into_owned())))
        .chain((outcome.verdict() == Verdict::NothingChecked).then(|| of_run("nothing checked", verdict_line(outcome))))
        .chain(milder.into_iter().map(of_finding));
    let (mut out, mut shown, mut dropped) = (String::new(), [0_usize; 3], 0_usize);
    for annotation in all {
        let [errors, warnings, notes] = &mut shown;
        let count = match annotation.level {
            Level::Error => errors,
            Level::Warning => warnings,
            Level::Note => notes,
        };
        if *count == PER_LEVEL {
            dropped += 1;
        } else {
            *count += 1;
            annotation.write(&mut out);
        }
    }
    if dropped > 0 {
        let are = if dropped == 1 { "is" } else { "are" };
        out.push_str(&format!(
            "polcheck: {} more {are} not shown as annotations, of which GitHub shows ten per level; the log has them all\n",
            counted(dropped, "problem", "problems"),
        ));
    }
    out
}

fn of_finding(finding: &Finding) -> Annotation<'_> {
    let mut message = inline(&finding.message).into_owned();
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nhelp: {}", inline(help)));
    }
    Annotation { level: finding.level, location: Some(&finding.location), title: finding.rule.to_owned(), message }
}

fn of_row(row: &TestResult) -> Annotation<'_> {
    let mut message = inline(&row.id).into_owned();
    for part in [&row.message, &row.help].into_iter().flatten() {
        message.push_str(&format!("\n{}", inline(part)));
    }
    let title = if row.status == crate::outcome::Status::Fail { "row failed" } else { "row could not run" };
    Annotation { level: Level::Error, location: Some(&row.location), title: title.to_owned(), message }
}

fn of_run(title: &str, message: String) -> Annotation<'static> {
    Annotation { level: Level::Error, location: None, title: title.to_owned(), message }
}

impl Annotation<'_> {
    fn write(&self, out: &mut String) {
        out.push_str(match self.level {
            Level::Error => "::error ",
            Level::Warning => "::warning ",
            Level::Note => "::notice ",
        });
        if let Some(location) = self.location {
            write_place(out, location);
        }
        let message: String = self.message.chars().take(LONGEST).collect();
        let cut = if message.len() < self.message.len() { " ..." } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(out, "title={}::{}{cut}", property(&format!("polcheck: {}", self.title)), data(&message));
    }
}

/// Lines and columns are 1-based and the end is the last character's. GitHub takes columns only within one line.
fn write_place(out: &mut String, location: &Location) {
    let _ = write!(out, "file={},", property(location.path()));
    if location.file.text().is_empty() {
        return;
    }
    let covered = location.text().trim_end_matches(['\r', '\n']).len();
    let (start, end) = (location.start(), location.file.position(location.span.start + covered));
    let _ = write!(out, "line={},endLine={},", start.line, end.line);
    if start.line == end.line {
        let last = end.column.saturating_sub(1).max(start.column);
        let _ = write!(out, "col={},endColumn={last},", start.column);
    }
}

/// The text after `::`; newlines of ours become `%0A`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property's value, from untrusted text.
fn property(text: &str) -> String {
    data(&inline(text)).replace(':', "%3A").replace(',', "%2C")
}
