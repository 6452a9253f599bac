//! `--report github`: findings, failing rows, broken guardrails and changes of permissions as workflow commands, which
//! GitHub shows as annotations.
//!
//! Commands and their escapes: docs.github.com, "Workflow commands for GitHub Actions", and the runner's
//! `ActionCommand.cs`. The runner obeys a line that starts with `::`, spaces before it aside.

use std::fmt::Write as _;

use crate::finding::{Finding, Level};
use crate::outcome::changes::{Direction, Ruling, Weakened};
use crate::outcome::{GuardrailResult, Notice, Outcome, TestResult, Verdict};
use crate::report::alerts::details_of;
use crate::report::changes::{self, Change, View, ruling_of};
use crate::report::counted::counted;
use crate::report::verdict::{not_validated, verdict_line};
use crate::report::{Format, Options, coverage, evidence, guardrails, mutation, replay, select};
use crate::text::{Location, inline};

/// The format.
pub(super) static FORMAT: Format = Format {
    name: "github",
    about: "annotations of a GitHub Actions run, ten per level at most",
    every_row: false,
    render,
};

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

/// Worst first: errors, then failing rows, broken guardrails, refused changes and whatever else fails the run, then
/// warnings, then notes, then changes that no gate refuses.
fn render(outcome: &Outcome, options: &Options) -> String {
    let selection = select::findings(outcome, options);
    // Of those that say the same, the first of each has precedence.
    let firsts = selection.groups.iter().map(|group| group.first);
    let others = selection.groups.iter().flat_map(|group| group.others.iter().copied());
    let (errors, milder): (Vec<&Finding>, Vec<&Finding>) =
        firsts.chain(others).partition(|finding| finding.level == Level::Error);
    let changes = outcome.comparison.as_ref().map(|comparison| View::of(comparison).changes).unwrap_or_default();
    let (refused, free): (Vec<_>, Vec<_>) = changes.iter().partition(|change| change.refused);
    let below_floor = outcome.coverage.as_ref().and_then(coverage::below_floor);
    let unnoticed = outcome.mutation.as_ref().and_then(mutation::missed_floor);
    let recorded = outcome.replayed.as_ref().and_then(replay::refused);
    let weakened = outcome.comparison.iter().flat_map(changes::weakened);
    let all = (errors.into_iter().map(of_finding))
        .chain(outcome.bad_rows().map(of_row))
        .chain(outcome.guardrails.results.iter().filter(|one| one.status.fails()).map(of_guardrail))
        .chain(refused.into_iter().map(of_change))
        .chain(outcome.inconclusive().map(of_notice))
        .chain((outcome.verdict() == Verdict::NothingChecked).then(|| of_run("nothing checked", verdict_line(outcome))))
        .chain(recorded.map(|sentence| of_run("recorded decisions", sentence)))
        .chain(below_floor.map(|sentence| of_run("coverage", inline(&sentence).into_owned())))
        .chain(unnoticed.map(|sentence| of_run("mutation", inline(&sentence).into_owned())))
        .chain(weakened.map(of_weakened))
        .chain(milder.into_iter().map(of_finding))
        .chain(
            not_validated(outcome)
                .map(|_| Annotation { level: Level::Note, ..of_run("not validated", verdict_line(outcome)) }),
        )
        .chain(free.into_iter().filter(|_| !options.quiet).map(of_change));
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
            counted(dropped, "remark", "remarks"),
        ));
    }
    out
}

fn of_finding(finding: &Finding) -> Annotation<'_> {
    let mut message = inline(&finding.message).into_owned();
    if let Some(help) = &finding.help {
        message.push_str(&format!("\nhelp: {}", inline(help)));
    }
    if let Some(shown) = &finding.evidence {
        message.push_str(&format!("\nfor example: {}", inline(&evidence::sentence(shown))));
    }
    Annotation { level: finding.level, location: Some(&finding.location), title: finding.rule.to_owned(), message }
}

fn of_row(row: &TestResult) -> Annotation<'_> {
    let mut message = inline(&row.id).into_owned();
    let explanation = row.explanations.first().map(|explanation| &explanation.sentence);
    for part in [row.message.as_ref(), row.help.as_ref(), explanation].into_iter().flatten() {
        message.push_str(&format!("\n{}", inline(part)));
    }
    let title = if row.status == crate::outcome::Status::Fail { "row failed" } else { "row could not run" };
    let location = if let [fault] = row.faults.as_slice() { &fault.location } else { &row.location };
    Annotation { level: Level::Error, location: Some(location), title: title.to_owned(), message }
}

/// Shown at the policy that lets something slip through.
fn of_guardrail(one: &GuardrailResult) -> Annotation<'_> {
    let mut lines = vec![guardrails::verdict(one)];
    lines.extend(guardrails::details(one));
    let shown = one.slips.first().into_iter().flat_map(guardrails::evidences);
    lines.extend(shown.map(|shown| format!("for example: {}", evidence::sentence(shown))));
    let lines: Vec<_> = lines.iter().map(|line| inline(line)).collect();
    let location = one.at_fault.first().map_or(&one.location, |cause| &cause.location);
    let title = format!("guardrail {}", guardrails::status(one.status));
    Annotation { level: Level::Error, location: Some(location), title, message: lines.join("\n") }
}

/// Shown at the line that brings the change about.
fn of_change<'a>(change: &Change<'a>) -> Annotation<'a> {
    let mut lines = vec![change.sentence.plain()];
    lines.extend(details_of(change).map(|phrase| phrase.plain()));
    lines.extend(change.store.map(|store| format!("in store {store}")));
    if let Some(effect) = change.effects().next() {
        lines.push(format!("for example: {}", evidence::sentence(&effect.witness.evidence)));
    }
    let lines: Vec<_> = lines.iter().map(|line| inline(line)).collect();
    let title = match (change.group.direction, change.refused) {
        (Direction::Gained, true) => "access gained, refused",
        (Direction::Gained, false) => "access gained",
        (Direction::Lost, true) => "access lost, refused",
        (Direction::Lost, false) => "access lost",
    };
    let level = if change.refused { Level::Error } else { Level::Note };
    Annotation { level, location: change.anchor(), title: title.to_owned(), message: lines.join("\n") }
}

fn of_weakened(weakened: &Weakened) -> Annotation<'_> {
    let mut message = inline(&weakened.what).into_owned();
    message.extend(ruling_of(weakened).map(|ruling| format!("\n{}", inline(&ruling))));
    let refused = weakened.ruling == Ruling::Refused;
    let (level, title) =
        if refused { (Level::Error, "rule weakened, refused") } else { (Level::Warning, "rule weakened") };
    Annotation { level, location: Some(&weakened.location), title: title.to_owned(), message }
}

fn of_run(title: &str, message: String) -> Annotation<'static> {
    Annotation { level: Level::Error, location: None, title: title.to_owned(), message }
}

fn of_notice(notice: &Notice) -> Annotation<'_> {
    let message = inline(&notice.message).into_owned();
    Annotation { location: notice.location.as_ref(), ..of_run("inconclusive", message) }
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
    if !location.has_lines() {
        return;
    }
    let shown = location.shown();
    let covered = shown.text().trim_end_matches(['\r', '\n']).len();
    let (start, end) = (shown.start(), shown.file.position(shown.span.start + covered));
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
