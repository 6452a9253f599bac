//! The human report: what it shows, that its positions are right and that untrusted text does nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use polcheck::finding::{Environment, Finding, Level};
use polcheck::outcome::{FailOn, Notice, NoticeKind, Status};
use polcheck::report::{FORMATS, Options, find, verdict_line};
use polcheck::text::{Location, SourceFile, Span};
use unicode_width::UnicodeWidthStr;

use crate::report_common::*;

const COLOR: Options = Options { color: true, ..PLAIN };
const VERBOSE: Options = Options { verbose: true, ..PLAIN };
const QUIET: Options = Options { quiet: true, ..PLAIN };

#[test]
fn formats_are_found_by_name() {
    assert_eq!(
        FORMATS.iter().map(|format| format.name).collect::<Vec<_>>(),
        ["human", "json", "github", "gitlab", "junit", "markdown", "sarif", "csv"]
    );
    assert!(find("xml").is_none());
}

#[test]
fn the_mark_stands_under_the_text_and_the_place_is_right() {
    // No emoji before the mark: terminals disagree on the width of joined ones.
    let text = AWKWARD.replace("\u{1F469}\u{200d}\u{1F680} ", "");
    let file = SourceFile::new("a.cedar", text.as_str());
    let place = at(&file, "needle");
    let label = place.label();
    let out =
        render("human", &outcome(vec![Finding::new("unknown-attribute", Level::Error, place, "m")], vec![]), &PLAIN);
    assert!(out.contains(&format!("[{label}]")), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    let source = lines.iter().position(|line| line.contains("needle")).unwrap();
    let (before, _) = lines[source].split_once("needle").unwrap();
    let (blank, mark) = lines[source + 1].split_at(lines[source + 1].find('─').unwrap());
    assert_eq!(blank.width(), before.width(), "{out}");
    assert_eq!(mark.trim_end(), "─".repeat(6));
    assert_eq!(lines[source].split_whitespace().next(), label.split(':').nth(1));
}

#[test]
fn related_places_near_are_marked_and_others_listed() {
    let file =
        SourceFile::new("a.cedar", "permit(principal, action, resource);\n\nforbid(principal, action, resource);\n");
    let other = SourceFile::new("b.cedar", "\n  x");
    let finding = Finding::new("shadowed-permit", Level::Warning, at(&file, "forbid"), "never applies")
        .related(at(&file, "permit"), "covered by this one", None)
        .related(at(&other, "x"), "and by this", None)
        .help("remove it");
    let out = render("human", &outcome(vec![finding], vec![]), &PLAIN);
    assert!(out.contains("── covered by this one"), "{out}");
    assert!(out.contains("  also: b.cedar:2:3: and by this\n") && out.contains("  help: remove it\n"), "{out}");
    assert!(out.contains("⚠ warning[shadowed-permit]: never applies\n"), "{out}");
    assert!(out.ends_with("polcheck check: passes with 1 warning (2 stores, 34 policies, 3 templates)\n"), "{out}");
}

#[test]
fn notes_and_environments_are_folded_until_asked_for() {
    let file = SourceFile::new("a.cedar", "needle");
    let mut note = Finding::new("shadowed-permit", Level::Note, at(&file, "needle"), "a note");
    let environment =
        |action: &str| Environment { principal: "User".into(), action: action.into(), resource: "Doc".into() };
    note.environments = vec![environment("Action::\"a\""), environment("Action::\"b\"")];
    let mut outcome = outcome(vec![note], vec![]);
    let out = render("human", &outcome, &PLAIN);
    assert_eq!(out, "polcheck check: clean; 1 note hidden (-v shows them) (2 stores, 34 policies, 3 templates)\n");
    let out = render("human", &outcome, &VERBOSE);
    assert!(
        out.contains("in 2 request environments\n    principal User, action Action::\"a\", resource Doc\n"),
        "{out}"
    );
    outcome.fail_on = FailOn::Note;
    for options in [PLAIN, QUIET] {
        assert!(render("human", &outcome, &options).contains("a note"), "what fails the run is never hidden");
    }
}

#[test]
fn rows_say_what_was_expected_and_what_decided() {
    let file = SourceFile::new("tests/a.yaml", "tests:\n  - needle");
    let bad = failing_row("tests/a.yaml#support", at(&file, "needle"), "got allow, not deny");
    let mut good = bad.clone();
    (good.status, good.id) = (Status::Pass, "tests/a.yaml#fine".to_owned());
    let mut outcome = outcome(vec![], vec![good, bad]);
    outcome
        .notices
        .push(Notice::new(NoticeKind::NoSchema, "store payments has no schema: types were not checked".to_owned()));
    let out = render("human", &outcome, &PLAIN);
    for part in [
        "× row failed: support",
        "at tests/a.yaml:2:5 in store payments",
        "expected: deny, decided by a, no policy failing to evaluate",
        "decided by permit policies/a.cedar#view-own (tests/a.yaml:2:5)",
        "not checked: store payments has no schema",
        "polcheck check: 1 of 2 rows passed, 1 failed (2 stores, 34 policies, 3 templates, 2 rows)",
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    assert!(!out.contains("#fine") && render("human", &outcome, &VERBOSE).contains("✓ tests/a.yaml#fine"));
    assert!(!render("human", &outcome, &QUIET).contains("not checked"));
    assert!(verdict_line(&outcome).lines().count() == 1);
}

#[test]
fn hostile_text_does_nothing_on_a_terminal_or_in_a_log() {
    for width in [40, 80, 120] {
        for options in [PLAIN, COLOR, VERBOSE, Options { verbose: true, ..COLOR }, QUIET] {
            let out = render("human", &hostile(), &Options { width, ..options });
            assert!(runner_commands(&out).is_empty(), "{:?}", runner_commands(&out));
            let mut rest = out.as_str();
            let mut plain = String::new();
            while let Some((before, after)) = rest.split_once("\u{1b}[") {
                let (code, after) = after.split_once('m').unwrap();
                assert!(options.color && code.bytes().all(|b| b.is_ascii_digit() || b == b';'), "{code:?}");
                plain.push_str(before);
                rest = after;
            }
            plain.push_str(rest);
            assert!(plain.chars().all(|c| c == '\n' || !polcheck::text::is_deceptive(c)), "{plain:?}");
        }
    }
}

#[test]
fn our_own_lines_fit_where_words_allow() {
    let file = SourceFile::new("a.cedar", "needle");
    let words = "some words that go on and on ".repeat(12);
    let finding = Finding::new("unknown-attribute", Level::Error, at(&file, "needle"), &*words).help(&*words);
    let mut outcome = outcome(vec![finding], vec![failing_row("t#r", at(&file, "needle"), &words)]);
    outcome.notices.push(Notice::new(NoticeKind::NoSchema, words.clone()));
    for width in [80, 120] {
        let out = render("human", &outcome, &Options { width, ..VERBOSE });
        let lines: Vec<&str> = out.lines().collect();
        assert!(lines[..lines.len() - 1].iter().all(|line| line.width() <= width), "{out}");
    }
}

#[test]
fn odd_places_are_drawn_without_fuss() {
    let long = format!("permit {} needle {}\n", "x".repeat(5000), "ä".repeat(5000));
    let texts = ["", "x", "\n", "\r\n", "\u{feff}", "a\rb", "\u{1F600}", long.as_str(), AWKWARD];
    for text in texts {
        let file = SourceFile::new("a.cedar", text);
        let ends = [0, 1, 2, 3, 7, text.len() / 2, text.len().saturating_sub(1), text.len(), text.len() + 9];
        let mut findings = Vec::new();
        for start in ends {
            for end in ends {
                let place = |a, b| Location::new(&file, Span::new(a, b));
                findings.push(
                    Finding::new("unknown-attribute", Level::Error, place(start, end), "m")
                        .related(place(end, start), "r", None)
                        .related(place(0, text.len()), "all", None),
                );
            }
        }
        let all = outcome(findings, vec![]);
        for format in FORMATS {
            let out = (format.render)(&all, &COLOR);
            assert!(out.len() < 400_000, "{} of {} bytes", format.name, out.len());
        }
    }
}

#[test]
fn thousands_of_findings_in_one_file_take_no_quadratic_time() {
    let text = "permit(principal, action, resource);\n".repeat(5000);
    let file = SourceFile::new("a.cedar", text.as_str());
    let place = |n: usize| Location::new(&file, Span::new(n * 37, n * 37 + 6));
    let findings = (0..5000).map(|n| Finding::new("unknown-attribute", Level::Error, place(n), "m")).collect();
    let started = std::time::Instant::now();
    let all = outcome(findings, vec![]);
    let out = render("human", &all, &VERBOSE);
    assert!(out.contains("[a.cedar:5000:1]"));
    // Unless everything is asked for, one cause is said once.
    let out = render("human", &all, &PLAIN);
    assert_eq!(out.matches("error[unknown-attribute]").count(), 1);
    let words = out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("the same in 4999 more places: a.cedar:2:1, ") && words.contains("... (-v lists them)"),
        "{out}"
    );
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// The kind: much of one thing. Ten causes of a rule are shown, and what more there is is named.
#[test]
fn a_rule_with_many_causes_is_cut_short_and_its_files_are_named() {
    let findings = (0..25).map(|n| {
        let file = SourceFile::new(format!("f{:02}.cedar", n), "needle");
        Finding::new("unknown-attribute", Level::Error, at(&file, "needle"), format!("cause {n}"))
    });
    let all = outcome(findings.collect(), vec![]);
    let out = render("human", &all, &PLAIN);
    assert_eq!(out.matches("error[unknown-attribute]:").count(), 10, "{out}");
    let words = out.replace("\n", " ").split_whitespace().collect::<Vec<_>>().join(" ");
    let rest = "and 15 more of error[unknown-attribute], in f10.cedar, f11.cedar, f12.cedar, f13.cedar, f14.cedar and 10 \
                other files (-v shows them)";
    assert!(words.contains(rest), "{words}");
    assert_eq!(render("human", &all, &VERBOSE).matches("error[unknown-attribute]:").count(), 25);
    let statistics = render("human", &all, &Options { statistics: true, ..PLAIN });
    assert!(statistics.contains("  error    unknown-attribute     25 in 25 files\n"), "{statistics}");
    assert!(!statistics.contains("cause 1"), "{statistics}");
}
