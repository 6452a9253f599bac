//! GitLab's Code Quality report and JUnit XML, held to the rules of those who read them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::Path;

use polcheck::finding::{FailOn, Finding, Level};
use polcheck::outcome::changes::Weakened;
use polcheck::outcome::{Notice, NoticeKind, Outcome, Status};
use polcheck::report::{FORMATS, Options};
use polcheck::text::{Location, SourceFile, is_deceptive};
use serde_json::Value;

use crate::common::xml::{Element, junit_faults, parse};
use crate::report_common::diff::{diff, example, file, hostile_diff, line};
use crate::report_common::*;
use crate::{common, report_common};

fn issues(outcome: &Outcome) -> Vec<Value> {
    let text = render("gitlab", outcome, &PLAIN);
    assert_eq!(gitlab::faults(&text), [""; 0], "{text}");
    serde_json::from_str(&text).unwrap()
}

fn junit(outcome: &Outcome) -> Element {
    let text = render("junit", outcome, &PLAIN);
    let root = parse(&text).unwrap_or_else(|why| panic!("{why}: {text}"));
    assert_eq!(junit_faults(&root), [""; 0], "{text}");
    let bad: usize = ["failures", "errors"].iter().map(|name| root.attribute(name).parse::<usize>().unwrap()).sum();
    assert_eq!(bad > 0, outcome.exit_code() != 0, "a run that does not exit 0 shows why:\n{text}");
    root
}

#[test]
fn gitlab_lines_are_those_of_the_text() {
    let (outcome, texts) = awkward();
    let issues = issues(&outcome);
    assert_eq!(issues.len(), 5);
    for (issue, text) in issues.iter().zip(texts) {
        assert_eq!(issue["location"]["path"], "policies/ä b.cedar");
        let lines = &issue["location"]["lines"];
        let (begin, end) = (number(lines, "/begin") as usize, number(lines, "/end") as usize);
        let shown: Vec<&str> = AWKWARD.split('\n').skip(begin - 1).take(end - begin + 1).collect();
        assert!(shown.join("\n").contains(&text), "{text:?} in {shown:?}");
        assert_eq!(end - begin, text.matches('\n').count());
    }
    assert_eq!(issues[4]["check_name"], "row-failed");
    assert_eq!(issues[4]["description"].as_str().unwrap().split("; ").next(), Some("tests/a.yaml#r: expected deny"));
}

#[test]
fn gitlab_shows_changes_and_what_is_not_known() {
    let mut comparison = example();
    comparison.weakened =
        vec![Weakened::new("gate_removed", "a gate is gone".to_owned(), line(&file("polcheck.toml"), 7))];
    let mut outcome = diff(comparison);
    outcome.notices.push(Notice::new(NoticeKind::QuestionOpen, "a pattern is too long".to_owned()));
    let said: Vec<_> = issues(&outcome)
        .iter()
        .map(|issue| {
            format!(
                "{} {} {}:{}",
                issue["severity"], issue["check_name"], issue["location"]["path"], issue["location"]["lines"]["begin"]
            )
            .replace('"', "")
        })
        .collect();
    let expected = [
        "critical inconclusive .:1",
        "critical permission-gained policies/export.cedar:4",
        "minor rule-weakened polcheck.toml:7",
        "info permission-gained policies/support.cedar:4",
        "info permission-lost policies/pay.cedar:2",
    ];
    assert_eq!(said, expected);
    assert_eq!(render("gitlab", &report_common::outcome(Vec::new(), Vec::new()), &PLAIN), "[]\n");
    let mut nothing = report_common::outcome(Vec::new(), Vec::new());
    nothing.checked_something = false;
    assert_eq!(issues(&nothing)[0]["check_name"], "nothing-checked");
}

#[test]
fn junit_has_a_suite_for_each_table_and_a_case_for_each_row() {
    let table = SourceFile::new("tests/a b.yaml", "- one\n- two\n");
    let other = SourceFile::new("tests/z.json", "[]");
    let mut rows = vec![
        failing_row("tests/a b.yaml#one", at(&table, "one"), "expected deny, got allow"),
        failing_row("tests/a b.yaml#two", at(&table, "two"), "the request does not fit the schema"),
        failing_row("tests/a b.yaml#three", at(&table, "two"), ""),
        failing_row("tests/a b.yaml#four", at(&table, "two"), ""),
        failing_row("tests/a b.yaml#one", at(&table, "one"), "again"),
        failing_row("tests/z.json", at(&other, "[]"), ""),
    ];
    rows[1].status = Status::Error;
    rows[1].got = None;
    rows[2].status = Status::Skip;
    rows[2].skip_reason = Some("waits for the tenant attribute".to_owned());
    (rows[3].status, rows[5].status) = (Status::Pass, Status::Pass);
    let root = junit(&outcome(Vec::new(), rows));
    let suites: Vec<_> = root.children.iter().map(|suite| suite.attribute("name")).collect();
    assert_eq!(suites, ["tests/a b.yaml", "tests/z.json"]);
    let cases = &root.children[0].children;
    let names: Vec<_> = cases.iter().map(|case| (case.attribute("name"), case.attribute("line"))).collect();
    assert_eq!(names, [("one", "1"), ("two", "2"), ("three", "2"), ("four", "2"), ("one (2)", "1")]);
    assert!(cases.iter().all(|case| case.attribute("classname") == "tests/a b.yaml"));
    let failure = &cases[0].children[0];
    assert_eq!((failure.name.as_str(), failure.attribute("type")), ("failure", "row-failed"));
    let lines = [
        "expected deny, got allow",
        "request: principal User::\"alice\", action Action::\"view\", resource Doc::\"d\"",
        "expected: deny",
        "got: allow",
        "decided by permit policies/a.cedar#view-own at tests/a b.yaml:1:3",
        "policies/b.cedar#x fails: expected deny, got allow",
        "at tests/a b.yaml:1:3",
    ];
    assert_eq!(failure.text.lines().collect::<Vec<_>>(), lines);
    assert_eq!(cases[1].children[0].name, "error");
    assert_eq!(cases[2].children[0].attribute("message"), "waits for the tenant attribute");
    assert_eq!(root.children[1].children[0].attribute("name"), "tests/z.json");
}

#[test]
fn junit_shows_whatever_fails_the_run() {
    let file = SourceFile::new("a.cedar", "needle");
    let finding = |level, n: usize| Finding::new("unknown-attribute", level, at(&file, "needle"), format!("m{n}"));
    let mut findings = vec![finding(Level::Error, 1), finding(Level::Warning, 2), finding(Level::Note, 3)];
    Finding::finish(&mut findings);
    let mut outcome = outcome(findings, Vec::new());
    for (fail_on, count) in [(FailOn::Error, "1"), (FailOn::Warning, "2"), (FailOn::Note, "3"), (FailOn::Never, "0")] {
        outcome.fail_on = fail_on;
        assert_eq!(junit(&outcome).attribute("failures"), count, "{fail_on:?}");
    }
    outcome.notices.push(Notice::new(NoticeKind::QuestionOpen, "a bound was hit".to_owned()));
    let root = junit(&outcome);
    assert_eq!((root.children[0].attribute("name"), root.attribute("errors")), ("polcheck check", "1"));
    assert_eq!(junit(&diff(example())).attribute("failures"), "1", "the change that a gate refuses");
    // Neither rows nor anything wrong: a document all the same.
    assert_eq!(junit(&report_common::outcome(Vec::new(), Vec::new())).attribute("tests"), "0");
    let mut nothing = report_common::outcome(Vec::new(), Vec::new());
    nothing.checked_something = false;
    assert_eq!(junit(&nothing).attribute("errors"), "1");
}

#[test]
fn a_table_that_cannot_be_read_is_an_error_in_its_suite() {
    let dir = tempfile::TempDir::new().unwrap();
    let files = [
        ("p.cedar", "permit(principal, action, resource);"),
        ("tests/broken_test.json", "[{ \"request\": "),
        ("tests/whole_test.json", "[]"),
    ];
    common::write(dir.path(), &files);
    for fail_on in ["error", "never"] {
        let run = common::run(dir.path(), &["test", "--report", "junit", "--fail-on", fail_on]);
        let root = parse(&run.stdout).unwrap();
        assert_eq!(junit_faults(&root), [""; 0]);
        let suite = root.children.iter().find(|suite| suite.attribute("name") == "tests/broken_test.json").unwrap();
        assert_eq!(
            (suite.attribute("errors"), suite.children[0].children[0].attribute("type")),
            ("1", "test-mismatch")
        );
    }
}

#[test]
fn hostile_text_is_only_text() {
    let mut hostile = hostile();
    hostile.findings.push(Finding::new("unknown-attribute", Level::Error, Location::of_path(HOSTILE), HOSTILE));
    hostile.findings[2].fingerprint = "f".to_owned();
    for outcome in [hostile, hostile_diff()] {
        for format in ["gitlab", "junit"] {
            let text = render(format, &outcome, &PLAIN);
            assert!(text.chars().all(|c| c == '\n' || !is_deceptive(c)), "{text:?}");
            assert!(runner_commands(&text).is_empty(), "{:?}", runner_commands(&text));
            assert!(!text.contains("]]>") || format == "gitlab");
        }
        assert!(!issues(&outcome).is_empty());
        let root = junit(&outcome);
        let mut said = Vec::new();
        texts(&root, &mut said);
        assert!(said.iter().any(|text| text.contains("<script>alert(1)</script>")), "it comes back as text");
    }
}

fn texts(element: &Element, into: &mut Vec<String>) {
    into.extend(element.attributes.values().chain([&element.text]).cloned());
    element.children.iter().for_each(|child| texts(child, into));
}

#[test]
fn options_change_no_machine_format() {
    for outcome in [awkward().0, hostile(), diff(example())] {
        for format in ["gitlab", "junit", "sarif", "json"] {
            let loud = Options {
                width: 40,
                color: true,
                verbose: true,
                quiet: false,
                statistics: false,
                link_base: None,
                terminal: false,
            };
            let quiet = Options { quiet: true, ..PLAIN };
            assert_eq!(render(format, &outcome, &loud), render(format, &outcome, &quiet), "{format}");
        }
    }
}

#[test]
fn two_runs_are_equal_byte_for_byte_in_every_format() {
    let dir = tempfile::TempDir::new().unwrap();
    let source = Path::new("fixtures/repos/step-up");
    let copy = |from: &Path| {
        let run = std::process::Command::new("cp").arg("-R").arg(from.join(".")).arg(dir.path()).status().unwrap();
        assert!(run.success());
    };
    copy(source);
    common::git(dir.path(), &["init", "-q"]);
    common::git(dir.path(), &["add", "-A"]);
    common::git(dir.path(), &["commit", "-qm", "right"]);
    copy(Path::new("fixtures/repos/step-up-broken"));
    for format in FORMATS {
        for args in [["check", "--against", "HEAD"], ["test", "-j", "1"]] {
            let run = || common::run(dir.path(), &[&args[..], &["--report", format.name]].concat());
            let (first, second) = (run(), run());
            assert_eq!((first.code, first.stderr.as_str()), (1, ""), "{} {args:?}", format.name);
            assert_eq!(first.stdout, second.stdout, "{} {args:?}", format.name);
            let here = dir.path().to_string_lossy();
            assert!(!first.stdout.contains(&*here), "{}: a path of this machine", format.name);
        }
    }
    let run = common::run(dir.path(), &["check", "--against", "HEAD", "--report", "junit"]);
    assert_eq!(junit_faults(&parse(&run.stdout).unwrap()), [""; 0]);
    let run = common::run(dir.path(), &["check", "--against", "HEAD", "--report", "gitlab"]);
    assert_eq!(gitlab::faults(&run.stdout), [""; 0]);
}
