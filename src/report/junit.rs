//! `--report junit`: JUnit XML, a suite for each file and a case for each row of a decision table and each
//! guardrail.
//!
//! Whatever else fails the run is a case as well, in the suite of its file, so that a run that does not exit 0 has a
//! failure or an error. Times, dates and ids of runs are left out: two runs are equal byte for byte.

use std::collections::{BTreeMap, HashSet};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::alerts::{self, Alert, broken_rule};
use super::verdict::{not_validated, verdict_line};
use crate::finding::Level;
use crate::outcome::{
    GuardrailResult, GuardrailStatus, Mutation, NoticeKind, Outcome, RowRequest, Status, Survivor, TestResult, Verdict,
};
use crate::report::{Format, Options, coverage, evidence, guardrails, mutation};
use crate::rule::Basis;
use crate::text::{Location, inline};

/// The format.
pub(super) static FORMAT: Format = Format {
    name: "junit",
    about: "JUnit XML: rows of decision tables, and whatever fails the run",
    every_row: true,
    render,
};

/// Longer names are cut, in characters.
const LONGEST_NAME: usize = 1_000;

/// A case before it has a suite.
struct Case<'a> {
    name: String,
    place: &'a Location,
    status: TestCaseStatus,
}

/// Rows in the order of their tables, then what else fails the run. Options change nothing.
fn render(outcome: &Outcome, _options: &Options) -> String {
    let alerts = alerts::of(outcome);
    let run = alerts::repository();
    let mut by_path: BTreeMap<&str, Vec<Case<'_>>> = BTreeMap::new();
    let rows = outcome.tests.iter().map(|row| of_row(outcome, row));
    let rows = rows.chain(outcome.guardrails.results.iter().map(of_guardrail));
    let failing = alerts.iter().filter(|alert| fails(outcome, alert)).map(|alert| of_alert(outcome, alert));
    let groups = outcome.mutation.iter().flat_map(|mutated| {
        mutation::by_policy(mutated).into_iter().map(move |(first, all)| of_mutated(mutated, first, &all))
    });
    for case in rows.chain(failing).chain(groups) {
        by_path.entry(case.place.path()).or_default().push(case);
    }
    let mut report = Report::new("polcheck");
    let open = outcome
        .inconclusive()
        // Guardrails have cases of their own.
        .filter(|notice| notice.kind != NoticeKind::GuardrailUnproved)
        .map(|notice| of_run("inconclusive", &notice.message, notice.location.as_ref().unwrap_or(&run)));
    let floor = [
        ("coverage", outcome.coverage.as_ref().and_then(coverage::missed_floor)),
        ("mutation", outcome.mutation.as_ref().and_then(mutation::missed_floor)),
    ];
    let floor = floor.iter().filter_map(|(name, missed)| Some(failed(name, missed.as_deref()?, &run)));
    let floor: Vec<_> = floor.collect();
    let nothing = outcome.verdict() == Verdict::NothingChecked;
    let nothing = nothing.then(|| of_run("nothing was checked", &verdict_line(outcome), &run));
    let bare = not_validated(outcome).map(|_| skipped("not validated", &verdict_line(outcome), &run));
    let of_run: Vec<_> = open.chain(floor).chain(nothing).chain(bare).collect();
    if !of_run.is_empty() {
        report.add_test_suite(suite(&format!("polcheck {}", outcome.command), of_run));
    }
    for (path, cases) in by_path {
        report.add_test_suite(suite(&clean(path), cases));
    }
    // Writing to memory cannot fail; if it did, the text says so and is no XML.
    report.to_string().unwrap_or_else(|error| format!("the report cannot be written: {error}\n"))
}

/// Whether the alert fails the run and is no row: those have their cases. A table that cannot be read counts whatever
/// the level that fails the run, because the rows in it are missing.
fn fails(outcome: &Outcome, alert: &Alert<'_>) -> bool {
    match outcome.catalogue.get(alert.rule) {
        Some(rule) => {
            let housekeeping = rule.basis == Basis::Housekeeping && alert.level == Level::Error;
            alert.counts && (outcome.fail_on.reached_by(alert.level) || housekeeping)
        }
        None => alert.level == Level::Error && alerts::is_change(alert.rule),
    }
}

/// A suite whose cases have names that no other case of the suite has: GitLab drops the second of a name.
fn suite(name: &str, cases: Vec<Case<'_>>) -> TestSuite {
    let mut suite = TestSuite::new(name);
    let mut taken = HashSet::new();
    for Case { name: wanted, place, status } in cases {
        // A row may be called by nothing but white space.
        let wanted = if wanted.trim().is_empty() { "(no name)".to_owned() } else { wanted };
        let mut unique = wanted.clone();
        let mut count = 1;
        while !taken.insert(unique.clone()) {
            count += 1;
            unique = format!("{wanted} ({count})");
        }
        let mut case = TestCase::new(unique, status);
        case.set_classname(name);
        case.extra.insert("file".into(), clean(place.path()).into());
        if place.has_lines() {
            case.extra.insert("line".into(), place.start().line.to_string().into());
        }
        suite.add_test_case(case);
    }
    suite
}

fn of_row<'a>(outcome: &Outcome, row: &'a TestResult) -> Case<'a> {
    let name = row.id.strip_prefix(row.location.path()).and_then(|rest| rest.strip_prefix('#')).unwrap_or(&row.id);
    let message = row.message.as_deref().map(clean);
    let status = match row.status {
        Status::Fail | Status::Error if !outcome.counts_row(row) => {
            let mut status = TestCaseStatus::skipped();
            let why = message.unwrap_or_default();
            status.set_message(format!("the revision compared with fails here as well: {why}"));
            status
        }
        Status::Pass => TestCaseStatus::success(),
        Status::Skip => {
            let mut status = TestCaseStatus::skipped();
            if let Some(reason) = &row.skip_reason {
                status.set_message(clean(reason));
            }
            status
        }
        Status::Fail => {
            let message = message.unwrap_or_else(|| "the row failed".to_owned());
            unsuccessful(NonSuccessKind::Failure, "row-failed", message, about(row))
        }
        Status::Error => {
            let message = message.unwrap_or_else(|| "the row could not run".to_owned());
            unsuccessful(NonSuccessKind::Error, "row-error", message, about(row))
        }
    };
    Case { name: cut(&clean(name)), place: &row.location, status }
}

/// A guardrail, whether it holds or not.
fn of_guardrail(one: &GuardrailResult) -> Case<'_> {
    let message = clean(&guardrails::verdict(one));
    let more = || {
        let shown = one.slips.first().into_iter().flat_map(guardrails::evidences);
        let examples = shown.map(|shown| format!("for example: {}", evidence::sentence(shown)));
        guardrails::details(one).into_iter().chain(examples).collect()
    };
    let status = match one.status {
        GuardrailStatus::Holds => TestCaseStatus::success(),
        GuardrailStatus::Broken | GuardrailStatus::Vacuous => {
            unsuccessful(NonSuccessKind::Failure, broken_rule(one), message, more())
        }
        GuardrailStatus::Unknown | GuardrailStatus::NotCovered => {
            unsuccessful(NonSuccessKind::Error, "inconclusive", message, more())
        }
    };
    Case { name: cut(&clean(&format!("guardrail {}", one.id))), place: &one.location, status }
}

/// The message stands in the text too: GitLab shows the text alone, Jenkins both.
fn unsuccessful(kind: NonSuccessKind, ty: &str, message: String, more: Vec<String>) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    let lines: Vec<String> = std::iter::once(message.clone()).chain(more.iter().map(|line| clean(line))).collect();
    status.set_description(lines.join("\n")).set_message(message).set_type(ty);
    status
}

fn about(row: &TestResult) -> Vec<String> {
    let mut lines: Vec<String> = row.help.iter().map(|help| format!("help: {help}")).collect();
    if let Some(RowRequest { principal, action, resource, context }) = &row.request {
        lines.push(format!("request: principal {principal}, action {action}, resource {resource}"));
        let context: serde_json::Value = serde_json::from_str(context.get()).unwrap_or_default();
        lines.extend(evidence::context(&context).map(|context| format!("context: {context}")));
    }
    lines.extend(row.expected.as_ref().map(|expected| format!("expected: {}", expected.decision.as_str())));
    if let Some(got) = &row.got {
        lines.push(format!("got: {}", got.decision.as_str()));
        let decided = got.reason.iter();
        lines.extend(decided.map(|by| format!("decided by {} {} at {}", by.effect, by.name, by.location.label())));
        let failed = got.errors.iter();
        lines.extend(failed.map(|error| format!("{} fails: {}", error.policy.name, error.message)));
    }
    for explanation in &row.explanations {
        lines.push(format!("why: {}", explanation.sentence));
        lines.extend(explanation.marks.iter().map(|mark| format!("  at {}: {}", mark.location.label(), mark.text)));
    }
    lines.push(format!("at {}", row.location.label()));
    lines
}

/// A finding or a change. What is wrong with the files themselves is an error, what they say is a failure.
fn of_alert<'a>(outcome: &Outcome, alert: &'a Alert<'_>) -> Case<'a> {
    let housekeeping = outcome.catalogue.get(alert.rule).is_some_and(|rule| rule.basis == Basis::Housekeeping);
    let kind = if housekeeping { NonSuccessKind::Error } else { NonSuccessKind::Failure };
    let mut more = alert.details.clone();
    more.push(format!("at {}", alert.location.label()));
    let about = alert.policy.unwrap_or(&alert.message);
    Case {
        name: cut(&clean(&format!("{}: {about}", alert.rule))),
        place: &alert.location,
        status: unsuccessful(kind, alert.rule, clean(&alert.message), more),
    }
}

fn of_run<'a>(name: &str, why: &str, place: &'a Location) -> Case<'a> {
    let status = unsuccessful(NonSuccessKind::Error, "inconclusive", clean(why), Vec::new());
    Case { name: name.to_owned(), place, status }
}

fn failed<'a>(name: &str, why: &str, place: &'a Location) -> Case<'a> {
    let status = unsuccessful(NonSuccessKind::Failure, name, clean(why), Vec::new());
    Case { name: format!("{name} below the floor"), place, status }
}

/// The small changes of a policy that no row notices: a failure where the run fails for them.
fn of_mutated<'a>(mutated: &Mutation, first: &'a Survivor, survivors: &[&Survivor]) -> Case<'a> {
    let line = |one: &&Survivor| format!("{}: {}", mutation::change(one), mutation::remedy(mutated, one, true));
    let lines: Vec<String> = survivors.iter().map(line).map(|line| clean(&line)).collect();
    let message = clean(&format!("no row notices when `{}` reads otherwise", first.policy.name));
    let status = if mutated.below_floor() {
        unsuccessful(NonSuccessKind::Failure, "mutation", message, lines)
    } else {
        let mut status = TestCaseStatus::skipped();
        status.set_message(format!("{message}: {}", lines.join("; ")));
        status
    };
    Case {
        name: cut(&clean(&format!("small changes of {}", first.policy.name))),
        place: &first.policy.location,
        status,
    }
}

fn skipped<'a>(name: &str, why: &str, place: &'a Location) -> Case<'a> {
    let mut status = TestCaseStatus::skipped();
    status.set_message(clean(why));
    Case { name: name.to_owned(), place, status }
}

/// Untrusted text on one line, of characters that XML has (section 2.2 of its standard), and with no command of a CI
/// runner.
fn clean(text: &str) -> String {
    let nonsense = |c: char| matches!(c, '\u{fffe}' | '\u{ffff}');
    let shown = inline(text).replace("##[", "##\\u{5b}");
    if !shown.contains(nonsense) {
        return shown;
    }
    shown.chars().map(|c| if nonsense(c) { format!("\\u{{{:x}}}", u32::from(c)) } else { c.to_string() }).collect()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_NAME) {
        Some((at, _)) => format!("{} ...", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
