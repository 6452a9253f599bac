//! SARIF: checked with its JSON schema and by GitHub's rules, and parsed back against the source text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::collections::HashSet;
use std::path::Path;

use polcheck::finding::{Finding, Level};
use polcheck::outcome::Outcome;
use polcheck::outcome::changes::{Direction, Ruling, Weakened};
use polcheck::outcome::{Notice, NoticeKind};
use polcheck::text::{Location, SourceFile, Span};
use serde_json::{Value, json};

use crate::common;
use crate::report_common::diff::*;
use crate::report_common::*;

/// The log of `outcome`, after the schema and GitHub's rules have been held to it.
fn log(outcome: &Outcome) -> Value {
    let log: Value = serde_json::from_str(&render("sarif", outcome, &PLAIN)).unwrap();
    hold_to_the_rules(&log);
    log
}

fn hold_to_the_rules(log: &Value) {
    // The published pattern of languages has a stray `]`, which only lenient regular expressions take; we write no
    // language.
    let schema = include_str!("../schemas/sarif-2.1.0-rtm.5.json").replace("{2}]?$", "{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(log).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut broken = log.clone();
    broken["runs"][0]["columnKind"] = "bytes".into();
    assert!(!validator.is_valid(&broken), "the schema is in force");
    github(log);
}

/// GitHub's page "SARIF support for code scanning": what is required, and how much of it.
fn github(log: &Value) {
    let text = |value: &Value, pointer: &str| {
        let text = value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        assert!(!text.is_empty(), "{pointer} in {value}");
        text
    };
    assert_eq!((log["version"].as_str(), log["runs"].as_array().unwrap().len()), (Some("2.1.0"), 1));
    text(log, "/$schema");
    let run = &log["runs"][0];
    assert!(text(run, "/automationDetails/id").ends_with('/'), "the category is what comes before the last `/`");
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let mut ids = HashSet::new();
    for rule in rules {
        assert!(rules.len() <= 25_000 && ids.insert(text(rule, "/id")), "{rule}");
        for part in ["/shortDescription/text", "/fullDescription/text"] {
            assert!(text(rule, part).chars().count() <= 1024, "{rule}");
        }
        text(rule, "/help/markdown");
        let plain = text(rule, "/help/text");
        for line in plain.lines().filter(|line| !line.starts_with("    ")) {
            let marked = line.starts_with(['#', '|']) || ["`", "**", "]("].iter().any(|mark| line.contains(mark));
            assert!(!marked, "{line}");
        }
        let properties = &rule["properties"];
        assert!(["very-high", "high", "medium", "low"].contains(&properties["precision"].as_str().unwrap()));
        let problem = properties["problem.severity"].as_str().unwrap();
        assert!(["error", "warning", "recommendation"].contains(&problem));
        let tags: Vec<&str> = properties["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
        assert!(tags.len() <= 10 && tags.iter().collect::<HashSet<_>>().len() == tags.len());
        let score = properties.get("security-severity").map(|score| score.as_str().unwrap().parse::<f64>().unwrap());
        assert_eq!(score.is_some(), tags.contains(&"security"), "{rule}");
        assert!(score.is_none_or(|score| score > 0.0 && score <= 10.0), "{rule}");
    }
    let results = run["results"].as_array().unwrap();
    assert!(results.len() <= 25_000);
    let mut prints = HashSet::new();
    let mut own = HashSet::new();
    for result in results {
        let rule = text(result, "/ruleId");
        assert!(result["ruleIndex"].as_u64().is_none_or(|index| rules[index as usize]["id"] == *rule), "{result}");
        assert!(["error", "warning", "note"].contains(&&*text(result, "/level")));
        text(result, "/message/text");
        assert_eq!(result["locations"].as_array().unwrap().len(), 1);
        let related = result.get("relatedLocations").map(|all| all.as_array().unwrap().clone()).unwrap_or_default();
        assert!(related.len() < 100);
        for place in related.iter().chain([&result["locations"][0]]) {
            let place = &place["physicalLocation"];
            let uri = text(place, "/artifactLocation/uri");
            assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte)), "{uri}");
            assert!(!uri.starts_with('/') && place["artifactLocation"]["uriBaseId"] == "%SRCROOT%");
            let side = |line: &str, column: &str| {
                (number(&place["region"], &format!("/{line}")), number(&place["region"], &format!("/{column}")))
            };
            let (start, end) = (side("startLine", "startColumn"), side("endLine", "endColumn"));
            assert!(start.0 >= 1 && start.1 >= 1 && end > start, "{place}");
        }
        assert!(own.insert(text(result, "/partialFingerprints/polcheck~1v1")), "{result}");
        if let Some(print) = result["partialFingerprints"].get("primaryLocationLineHash") {
            let path = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            assert!(prints.insert((rule, path.to_string(), print.to_string())), "two results are one alert: {result}");
        }
    }
}

fn results(log: &Value) -> &Vec<Value> {
    log["runs"][0]["results"].as_array().unwrap()
}

fn notifications(log: &Value) -> Vec<(&str, &str)> {
    let all = log["runs"][0]["invocations"][0]["toolExecutionNotifications"].as_array();
    let text = |one: &'_ Value, pointer: &str| one.pointer(pointer).unwrap().as_str().unwrap().to_owned();
    let all = all.into_iter().flatten().map(|one| (text(one, "/level"), text(one, "/message/text")));
    all.map(|(level, text)| (&*level.leak(), &*text.leak())).collect()
}

#[test]
fn every_region_marks_the_text_it_is_about() {
    let (mut outcome, texts) = awkward();
    outcome.notices.push(Notice::new(NoticeKind::NoSchema, "no schema".to_owned()));
    let log = log(&outcome);
    assert_eq!(log["runs"][0]["columnKind"], "unicodeCodePoints");
    let found: Vec<&Value> = results(&log).iter().filter(|result| result["ruleId"] == "unknown-attribute").collect();
    assert_eq!(found.len(), 4);
    let marks = |place: &Value, text: &str| {
        assert_eq!(place["artifactLocation"]["uri"], "policies/%C3%A4%20b.cedar");
        let region = &place["region"];
        let (start, end) = (
            (number(region, "/startLine"), number(region, "/startColumn")),
            (number(region, "/endLine"), number(region, "/endColumn")),
        );
        // Columns are the same with and without a byte-order mark; the mark itself is shown as what follows it.
        let text = if text == "\u{feff}" { "/" } else { text };
        assert_eq!(marked(AWKWARD.trim_start_matches('\u{feff}'), start, end), text);
        let (offset, length) = (number(region, "/byteOffset") as usize, number(region, "/byteLength") as usize);
        assert_eq!(&AWKWARD[offset..offset + length], text);
    };
    for (result, text) in found.iter().zip(texts) {
        marks(&result["locations"][0]["physicalLocation"], &text);
        marks(&result["relatedLocations"][0]["physicalLocation"], "action");
        assert!(result["message"]["text"].as_str().unwrap().ends_with("\nsee [here](1): here"));
        assert_eq!(result["partialFingerprints"]["polcheck/v1"].as_str().unwrap().len(), 32);
    }
    let row = results(&log).iter().find(|result| result["ruleId"] == "row-failed").unwrap();
    marks(&row["locations"][0]["physicalLocation"], "needle");
    assert_eq!(row["properties"]["evidence"]["request"]["principal"], "User::\"alice\"");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["id"] == "unknown-attribute").unwrap();
    assert_eq!(rule["fullDescription"]["text"], "Cedar's validator refuses the policy. It would fail at run time.");
    assert_eq!(rule["defaultConfiguration"]["level"], "error");
    let off = rules.iter().find(|rule| rule["id"] == "shadowed-permit").unwrap();
    assert_eq!(off["defaultConfiguration"]["enabled"], false);
    assert_eq!(notifications(&log), [("note", "no schema")]);
}

#[test]
fn places_between_characters_and_without_text_have_four_sides() {
    let file = SourceFile::new("a.cedar", AWKWARD);
    let at = |offset| Location::new(&file, Span::at(offset));
    let places =
        [0, 3, 12, 13, AWKWARD.len()].map(at).into_iter().chain([Location::of_path(""), Location::of_path("x y")]);
    let mut findings: Vec<_> = places
        .enumerate()
        .map(|(n, at)| Finding::new("unknown-attribute", Level::Error, at, format!("m{n}")))
        .collect();
    Finding::finish(&mut findings);
    let log = log(&outcome(findings, Vec::new()));
    assert_eq!(results(&log).len(), 7);
}

#[test]
fn hostile_text_is_valid_and_forms_no_link() {
    for outcome in [hostile(), hostile_diff()] {
        let text = render("sarif", &outcome, &PLAIN);
        assert!(text.chars().all(|c| c == '\n' || !polcheck::text::is_deceptive(c)));
        assert!(runner_commands(&text).is_empty());
        let log = log(&outcome);
        assert!(!results(&log).is_empty());
        for result in results(&log) {
            let message = result["message"]["text"].as_str().unwrap();
            assert!(!message.replace("{{", "").replace("}}", "").contains(['{', '}']), "a placeholder: {message}");
            let ours = (1..10).fold(message.to_owned(), |text, n| text.replace(&format!("\nsee [here]({n}): "), "\n"));
            assert!(!ours.contains("]("), "{message}");
            assert!(message.chars().all(|c| c == '\n' || !polcheck::text::is_deceptive(c)), "{message:?}");
        }
    }
    log(&outcome(Vec::new(), Vec::new()));
}

#[test]
fn changes_stand_at_the_line_that_brings_them_about() {
    let mut comparison = example();
    comparison.weakened =
        vec![Weakened::new("gate_removed", "the gate on refunds is gone".to_owned(), line(&file("polcheck.toml"), 7))];
    let log = log(&diff(comparison));
    let said: Vec<_> = results(&log)
        .iter()
        .map(|result| {
            let place = &result["locations"][0]["physicalLocation"];
            let uri = place["artifactLocation"]["uri"].as_str().unwrap();
            (
                result["level"].as_str().unwrap(),
                result["ruleId"].as_str().unwrap(),
                uri,
                number(place, "/region/startLine"),
            )
        })
        .collect();
    let expected = [
        ("error", "permission-gained", "policies/export.cedar", 4),
        ("warning", "rule-weakened", "polcheck.toml", 7),
        ("note", "permission-gained", "policies/support.cedar", 4),
        ("note", "permission-lost", "policies/pay.cedar", 2),
    ];
    assert_eq!(said, expected);
    let refused = &results(&log)[0];
    let message = refused["message"]["text"].as_str().unwrap();
    assert!(message.contains("\nrefused by the gate\nfor every such request\nfor example: principal User::\"alice\""));
    assert_eq!(refused["properties"]["evidence"]["request"]["resource"]["id"], "c1");
    assert_eq!(log["runs"][0]["automationDetails"]["id"], "polcheck/diff/");
}

#[test]
fn a_change_without_a_policy_to_blame_is_no_less_an_alert() {
    let kind = change(
        environment("User", "audit", "Log"),
        polcheck::outcome::changes::Status::Yes,
        polcheck::outcome::changes::Status::No,
    );
    let mut effect = effect(0, "true");
    effect.ruling = Ruling::Refused;
    let groups = vec![group(Direction::Gained, vec![], vec![effect])];
    let log = log(&diff(compared(vec![store("s", vec![kind], groups)])));
    let place = &results(&log)[0]["locations"][0]["physicalLocation"];
    assert_eq!(
        (place["artifactLocation"]["uri"].as_str(), results(&log)[0]["level"].as_str()),
        (Some("."), Some("error"))
    );
}

#[test]
fn what_is_suppressed_is_kept_and_opens_no_alert() {
    let file = SourceFile::new("a.cedar", "needle");
    let mut outcome = outcome(Vec::new(), Vec::new());
    let finding = Finding::new("unknown-attribute", Level::Error, at(&file, "needle"), "wrong");
    outcome.suppressed = vec![(finding, "until the pilot ends".to_owned())];
    let log = log(&outcome);
    assert_eq!(results(&log).len(), 0);
    assert_eq!(notifications(&log), [("none", "suppressed (until the pilot ends): wrong")]);
    let one = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(one["associatedRule"]["id"], "unknown-attribute");
    assert_eq!(one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "a.cedar");
}

#[test]
fn what_is_not_known_is_said() {
    let mut outcome = outcome(Vec::new(), Vec::new());
    outcome.notices.push(Notice::new(NoticeKind::QuestionOpen, "a bound was hit".to_owned()));
    assert_eq!(notifications(&log(&outcome)), [("error", "a bound was hit")]);
    outcome.notices.clear();
    outcome.checked_something = false;
    assert_eq!(notifications(&log(&outcome)), [("error", "nothing was checked")]);
}

#[test]
fn too_many_results_are_cut_at_the_mildest_and_counted() {
    let file = SourceFile::new("a.cedar", "needle");
    let finding = |level, n| Finding::new("unknown-attribute", level, at(&file, "needle"), format!("m{n}"));
    let mut findings: Vec<_> =
        (0..25_100).map(|n| finding(if n % 10 == 0 { Level::Note } else { Level::Warning }, n)).collect();
    findings.push(finding(Level::Error, 30_000));
    Finding::finish(&mut findings);
    let log: Value = serde_json::from_str(&render("sarif", &outcome(findings, Vec::new()), &PLAIN)).unwrap();
    github(&log);
    let results = results(&log);
    assert_eq!((results.len(), results[0]["level"].as_str()), (25_000, Some("error")));
    assert!(results.iter().skip(1).take(22_590).all(|result| result["level"] == "warning"));
    let said = notifications(&log);
    assert!(said[0].0 == "error" && said[0].1.starts_with("101 results are left out here"), "{said:?}");
    assert_eq!(said[1], ("warning", "code scanning shows the first 5000 of these 25000 results"));
}

#[test]
fn long_results_are_cut_by_their_length() {
    let file = SourceFile::new("a.cedar", "needle");
    let long = "wörd ".repeat(2_000);
    let findings =
        (0..8_000).map(|n| Finding::new("unknown-attribute", Level::Error, at(&file, "needle"), format!("{n} {long}")));
    let mut findings: Vec<_> = findings.collect();
    Finding::finish(&mut findings);
    let text = render("sarif", &outcome(findings, Vec::new()), &PLAIN);
    assert!(text.len() < 40 * 1024 * 1024, "{}", text.len());
    let log: Value = serde_json::from_str(&text).unwrap();
    let left = 8_000 - results(&log).len();
    assert!(left > 100 && notifications(&log)[0].1.starts_with(&format!("{left} results are left out here")), "{left}");
}

#[test]
fn a_rule_about_security_is_scored_by_its_worst_result() {
    let score = |level: Option<Level>| {
        let file = SourceFile::new("a.cedar", "needle");
        let found = level.map(|level| Finding::new("never-matches", level, at(&file, "needle"), "m"));
        let mut outcome = outcome(found.into_iter().collect(), Vec::new());
        outcome.catalogue = polcheck::rule::Catalogue::new([&polcheck::rule::NEVER_MATCHES]);
        Finding::finish(&mut outcome.findings);
        let log = log(&outcome);
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap().clone();
        rules.iter().find(|rule| rule["id"] == "never-matches").unwrap()["properties"]["security-severity"].clone()
    };
    assert_eq!(
        [score(None), score(Some(Level::Error)), score(Some(Level::Note))],
        [json!("8.0"), json!("8.0"), json!("3.0")]
    );
}

/// A URI reference without its percent-encoding.
fn decoded(uri: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = uri.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next().unwrap(), rest.next().unwrap()];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn results_of_odd_files_lead_back_to_their_text() {
    let dir = tempfile::TempDir::new().unwrap();
    let odd = "\u{feff}// \u{1F600}\r\npermit (\r\n\tprincipal == User::\"\u{1F469}\u{200d}\u{1F680}e\u{301}\", action, resource)\r\nwhen { \"\u{1F600}\" + 1 };\r\n";
    let files = [
        ("s.cedarschema", "entity User; action view appliesTo { principal: User, resource: User };"),
        ("a b/#1?x=%20&ä.cedar", odd),
        ("[x](y)/c.cedar", "\u{feff}permit(principal, action, resource) when { principal.gone };"),
        ("broken\\d.cedar", "\u{feff}\tpermit(principal, action resource);\r\n"),
    ];
    common::write(dir.path(), &files);
    let run = common::run(dir.path(), &["check", "--report", "sarif"]);
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    hold_to_the_rules(&log);
    let mut paths = HashSet::new();
    for result in results(&log) {
        let place = &result["locations"][0]["physicalLocation"];
        let path = decoded(place["artifactLocation"]["uri"].as_str().unwrap());
        let text = std::fs::read_to_string(dir.path().join(&path)).unwrap();
        let region = &place["region"];
        let (start, end) = (
            (number(region, "/startLine"), number(region, "/startColumn")),
            (number(region, "/endLine"), number(region, "/endColumn")),
        );
        let (offset, length) = (number(region, "/byteOffset") as usize, number(region, "/byteLength") as usize);
        let covered = &text[offset..offset + length];
        assert_eq!(marked(text.trim_start_matches('\u{feff}'), start, end), covered);
        assert!(!covered.is_empty() && !covered.contains('\u{feff}'), "{result}");
        paths.insert(path);
    }
    assert!(files[1..].iter().all(|(path, _)| paths.contains(*path)), "{paths:?}");
}

#[test]
fn the_rules_of_the_program_are_fit_for_code_scanning() {
    let run = common::run(Path::new("."), &["check", "fixtures/repos/step-up-broken", "--report", "sarif"]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let log: Value = serde_json::from_str(&run.stdout).unwrap();
    hold_to_the_rules(&log);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    let scored = rules.iter().filter(|rule| rule["properties"].get("security-severity").is_some());
    // As many as the mapping names: a rule that is renamed must not fall out of it.
    assert_eq!(scored.count(), 23);
    for rule in rules {
        let (_, page) = rule["helpUri"].as_str().unwrap().split_once("/docs/").unwrap();
        assert!(Path::new("docs").join(page).is_file(), "{page}");
    }
    for result in results(&log) {
        let path = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let region = &result["locations"][0]["physicalLocation"]["region"];
        let (start, end) = (
            (number(region, "/startLine"), number(region, "/startColumn")),
            (number(region, "/endLine"), number(region, "/endColumn")),
        );
        let (offset, length) = (number(region, "/byteOffset") as usize, number(region, "/byteLength") as usize);
        assert_eq!(marked(&text, start, end), text[offset..offset + length]);
    }
    assert_eq!(results(&log).iter().filter(|result| result["ruleId"] == "row-failed").count(), 12);
}
