//! GitHub's annotations and the job summary, read as GitHub reads them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::collections::HashMap;

use polcheck::finding::{Finding, Level};
use polcheck::outcome::changes::Weakened;
use polcheck::outcome::{Notice, NoticeKind};
use polcheck::report::{Options, summary_markdown};
use polcheck::text::SourceFile;

use crate::report_common::*;

/// A command as the runner parses it.
fn parse(line: &str) -> (String, HashMap<String, String>, String) {
    let (info, data) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (name, properties) = info.split_once(' ').unwrap();
    let undo = |text: &str| {
        [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")]
            .iter()
            .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    };
    let properties = properties.split(',').map(|pair| pair.split_once('=').unwrap());
    (name.to_owned(), properties.map(|(key, value)| (key.to_owned(), undo(value))).collect(), undo(data))
}

#[test]
fn positions_are_inclusive_and_only_within_one_line() {
    let file = SourceFile::new("a,b:c%.cedar", AWKWARD);
    let spans = ["needle", "permit (\r\n\tprincipal", "// first\r\n"];
    let findings = spans
        .iter()
        .map(|needle| Finding::new("unknown-attribute", Level::Error, at(&file, needle), "50% off\nnow"))
        .collect();
    let text = render("github", &outcome(findings, Vec::new()), &PLAIN);
    let lines: Vec<_> = text.lines().map(parse).collect();
    let (name, properties, message) = &lines[0];
    assert_eq!((name.as_str(), message.as_str()), ("error", "50% off\\nnow"));
    assert_eq!(properties["file"], "a,b:c%.cedar");
    assert_eq!((properties["line"].as_str(), properties["endLine"].as_str()), ("3", "3"));
    let (from, to): (usize, usize) = (properties["col"].parse().unwrap(), properties["endColumn"].parse().unwrap());
    let line: Vec<char> = AWKWARD.split('\n').nth(2).unwrap().chars().collect();
    assert_eq!(line[from - 1..to].iter().collect::<String>(), "needle");
    let multi = &lines[1].1;
    assert_eq!((multi["line"].as_str(), multi["endLine"].as_str()), ("2", "3"));
    assert!(!multi.contains_key("col") && !multi.contains_key("endColumn"));
    let whole_line = &lines[2].1;
    assert_eq!(
        (whole_line["endLine"].as_str(), whole_line["col"].as_str(), whole_line["endColumn"].as_str()),
        ("1", "2", "9")
    );
}

#[test]
fn ten_per_level_and_the_rest_is_counted() {
    let file = SourceFile::new("a.cedar", "needle");
    let finding = |level| Finding::new("unknown-attribute", level, at(&file, "needle"), "m");
    let mut findings = vec![finding(Level::Note)];
    findings.extend((0..12).map(|_| finding(Level::Warning)));
    findings.extend((0..8).map(|_| finding(Level::Error)));
    let rows = (0..3).map(|n| failing_row(&format!("t#{n}"), at(&file, "needle"), "no")).collect();
    let outcome = outcome(findings, rows);
    let text = render("github", &outcome, &PLAIN);
    let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!((count("::error "), count("::warning "), count("::notice ")), (10, 10, 0));
    assert!(text.lines().last().unwrap().starts_with("polcheck: 3 remarks more are not shown"), "{text}");
    assert!(text.starts_with("::error "));
    let verbose = render("github", &outcome, &Options { verbose: true, ..PLAIN });
    assert!(verbose.contains("::notice "));
}

#[test]
fn what_fails_without_a_finding_is_annotated() {
    let mut outcome = outcome(Vec::new(), Vec::new());
    assert_eq!(render("github", &outcome, &PLAIN), "");
    outcome.notices.push(Notice::new(NoticeKind::QuestionOpen, "a bound was hit".to_owned()));
    assert_eq!(render("github", &outcome, &PLAIN), "::error title=polcheck%3A inconclusive::a bound was hit\n");
}

#[test]
fn hostile_text_starts_no_command() {
    let text = render("github", &hostile(), &Options { verbose: true, ..PLAIN });
    assert!(text.chars().all(|c| c == '\n' || !polcheck::text::is_deceptive(c)));
    let expected = [
        "::error file=",
        "::error file=",
        "::error file=",
        "::error file=",
        "::error title=",
        "::error title=",
        "::warning file=",
    ];
    assert_eq!(text.lines().count(), expected.len(), "{text}");
    for (line, start) in text.lines().zip(expected) {
        assert!(line.starts_with(start), "{line}");
        let (_, properties, data) = parse(line);
        assert!(
            properties
                .keys()
                .all(|key| ["file", "line", "endLine", "col", "endColumn", "title"].contains(&key.as_str()))
        );
        assert!(data.contains("%0A::error::z"), "a percent sign of the text stays one: {data}");
    }
}

#[test]
fn hostile_text_is_only_text_in_markdown() {
    for verbose in [false, true] {
        let text = summary_markdown(&hostile(), &Options { verbose, ..PLAIN });
        assert!(text.chars().all(|c| c == '\n' || !polcheck::text::is_deceptive(c)));
        let ours = ["<!-- -->", "<code>", "</code>", "<br>", "<details>", "</details>", "<summary>", "</summary>"];
        let bare = ours.iter().fold(outside_spans(&text), |text, tag| text.replace(tag, ""));
        assert!(!bare.contains('<') && !bare.contains('>'), "{bare}");
        for table in [("| Guardrail", 4), ("| Level", 5), ("| Row", 6)] {
            let lines =
                text.lines().skip_while(|line| !line.starts_with(table.0)).take_while(|line| line.starts_with('|'));
            let lines: Vec<_> = lines.collect();
            assert!(lines.len() >= 3);
            assert!(lines.iter().all(|line| line.matches('|').count() == table.1), "{lines:?}");
        }
        for sign in ["@", "`", "[", "]", "\\", "_", "#", "://", "*"] {
            assert!(!without_references(&outside_spans(&text)).contains(sign), "{sign} in {text}");
        }
        assert!(runner_commands(&text).is_empty());
    }
}

/// `text` without its character references, our headline's `###` and our own emphasis.
fn without_references(text: &str) -> String {
    let text = [
        "&amp;",
        "&lt;",
        "&gt;",
        "<br>*",
        "### ❌",
        "**Inconclusive**",
        "**Not checked**",
        "**Coverage**",
        "*<details>",
    ]
    .iter()
    .fold(text.to_owned(), |text, ours| text.replace(ours, ""))
    .replace("* |\n", " |\n");
    let mut parts = text.split("&#");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let (number, rest) = part.split_once(';').unwrap();
        assert!(number.bytes().all(|byte| byte.is_ascii_digit()), "{number}");
        out + rest
    })
}

#[test]
fn a_huge_summary_is_cut_and_says_so() {
    let file = SourceFile::new("a.cedar", "needle");
    let findings =
        (0..3000).map(|_| Finding::new("unknown-attribute", Level::Error, at(&file, "needle"), "*".repeat(900)));
    let rows = (0..500).map(|n| failing_row(&format!("t#{n}"), at(&file, "needle"), &format!("no {n}"))).collect();
    let mut outcome = outcome(findings.collect(), rows);
    outcome.notices.push(Notice::new(NoticeKind::QuestionOpen, "a bound was hit".to_owned()));
    let text = summary_markdown(&outcome, &Options { verbose: true, ..PLAIN });
    assert!(text.chars().count() < 65_000 && text.len() > 45_000, "{}", text.len());
    let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    let (findings, rows) = (count("| error"), count("| `t#"));
    assert!(findings > 5 && text.contains(&format!("{} findings are not shown here", 3000 - findings)), "{findings}");
    assert!(rows > 20 && text.contains(&format!("{} failing rows are not shown here", 500 - rows)), "{rows}");
    assert_eq!(count("- **Inconclusive**: a bound was hit"), 1, "what is not known has its room");
}

#[test]
fn the_first_line_says_how_it_ended() {
    let first = |outcome: &polcheck::outcome::Outcome, options: &Options| {
        let text = summary_markdown(outcome, options);
        (text.lines().next().unwrap().split(" (").next().unwrap().to_owned(), text)
    };
    let mut outcome = outcome(Vec::new(), Vec::new());
    assert_eq!(first(&outcome, &PLAIN).0, "### ✅ polcheck check: clean");
    outcome.notices.push(Notice::new(NoticeKind::QuestionOpen, "a bound was hit".to_owned()));
    let quiet = Options { quiet: true, ..PLAIN };
    for options in [PLAIN, quiet] {
        let (headline, text) = first(&outcome, &options);
        assert_eq!(headline, "### ⚠️ polcheck check: inconclusive: 1 question could not be decided");
        assert!(text.contains("- **Inconclusive**: a bound was hit\n"), "{text}");
    }
    let file = SourceFile::new("a.cedar", "needle");
    outcome.tests.push(failing_row("t#1", at(&file, "needle"), "no"));
    assert!(first(&outcome, &quiet).0.starts_with("### ❌ polcheck check: 0 of 1 row passed, 1 failed; inconclusive"));
    outcome.tests.clear();
    outcome.notices.clear();
    outcome.checked_something = false;
    assert_eq!(first(&outcome, &PLAIN).0, "### ⚠️ polcheck check: nothing was checked");
    let mut weaker = diff::compared(Vec::new());
    assert!(first(&diff::diff(weaker.clone()), &PLAIN).0.starts_with("### ✅"));
    let (kind, location) = ("gate_removed", diff::line(&diff::file("polcheck.toml"), 1));
    weaker.weakened.push(Weakened::new(kind, "a gate is gone", location));
    assert_eq!(first(&diff::diff(weaker), &PLAIN).0, "### 🔎 polcheck diff: 1 rule weakened");
    let mut changed = diff::example();
    changed.stores[0].groups.remove(1);
    assert!(first(&diff::diff(changed), &PLAIN).0.starts_with("### 🔎 polcheck diff: access gained and lost"));
    assert!(first(&diff::diff(diff::example()), &PLAIN).0.starts_with("### ❌ polcheck diff: 1 change refused"));
}
