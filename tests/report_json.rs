//! JSON and SARIF, parsed back and compared with the source text; SARIF also with its schema.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

mod report_common;

use polcheck::finding::{Finding, Level};
use polcheck::text::SourceFile;
use report_common::*;
use serde_json::Value;

/// The text that 1-based lines and columns (code points, end exclusive) mark, found without the library's own counting.
fn marked(text: &str, (start_line, start_column): (u64, u64), (end_line, end_column): (u64, u64)) -> String {
    let mut out = String::new();
    let (mut line, mut column) = (1, 1);
    for c in text.chars() {
        if (line, column) >= (start_line, start_column) && (line, column) < (end_line, end_column) {
            out.push(c);
        }
        (line, column) = if c == '\n' { (line + 1, 1) } else { (line, column + 1) };
    }
    out
}

fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or_else(|| panic!("{pointer} in {value}"))
}

const SPANS: [&str; 4] = ["needle", "\u{feff}", "e\u{301}\", \u{1F469}", "permit (\r\n\tprincipal"];

fn awkward() -> (polcheck::outcome::Outcome, Vec<String>) {
    let file = SourceFile::new("policies/ä b.cedar", AWKWARD);
    let mut findings: Vec<_> = (SPANS.iter())
        .map(|needle| {
            Finding::new("unknown-attribute", Level::Error, at(&file, needle), "m").related(
                at(&file, "action"),
                "here",
                None,
            )
        })
        .collect();
    Finding::finish(&mut findings);
    let texts = findings.iter().map(|finding| finding.location.text().to_owned()).collect();
    let row = failing_row("tests/a.yaml#r", at(&file, "needle"), "expected deny");
    (outcome(findings, vec![row]), texts)
}

#[test]
fn json_positions_mark_the_text_they_are_about() {
    let (outcome, texts) = awkward();
    let json: Value = serde_json::from_str(&render("json", &outcome, &PLAIN)).unwrap();
    let mut places: Vec<(&Value, &str)> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| &f["location"])
        .zip(texts.iter().map(String::as_str))
        .collect();
    places.push((&json["findings"][0]["related"][0]["location"], "action"));
    places.push((&json["tests"][0]["location"], "needle"));
    assert_eq!(places.len(), 6);
    for (place, text) in places {
        let line_column =
            |end: &str| (number(place, &format!("/{end}/line")), number(place, &format!("/{end}/column")));
        assert_eq!(marked(AWKWARD, line_column("start"), line_column("end")), text);
        let (offset, length) = (number(place, "/offset") as usize, number(place, "/length") as usize);
        assert_eq!(&AWKWARD[offset..offset + length], text);
    }
}

#[test]
fn json_has_the_promised_shape() {
    let (outcome, _) = awkward();
    let text = render("json", &outcome, &PLAIN);
    assert!(text.ends_with("}\n"));
    assert_eq!(text, render("json", &outcome.clone(), &PLAIN));
    let json: Value = serde_json::from_str(&text).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>().join(" ");
    assert_eq!(
        keys(&json),
        "polcheck format command now outcome exit summary findings suppressed tests inconclusive_reasons gaps left_out"
    );
    assert_eq!((json["polcheck"].as_str(), json["format"].as_u64()), (Some(env!("CARGO_PKG_VERSION")), Some(1)));
    assert_eq!((json["outcome"].as_str(), json["exit"].as_u64()), (Some("findings"), Some(1)));
    assert_eq!(json["summary"]["findings"], serde_json::json!({ "error": 4, "warning": 0, "note": 0 }));
    assert_eq!(json["summary"]["tests"], serde_json::json!({ "pass": 0, "fail": 1, "error": 0, "skip": 0 }));
    let finding = "rule level message help store policy location related environments evidence fingerprint";
    assert_eq!(keys(&json["findings"][0]), finding);
    assert_eq!(keys(&json["findings"][0]["location"]), "path start end offset length");
    assert_eq!(json["tests"][0]["got"]["reason"], serde_json::json!(["policies/a.cedar#view-own"]));
    assert_eq!(json["tests"][0]["got"]["errors"][0]["policy"], "policies/b.cedar#x");
    assert_eq!(json["tests"][0]["expected"], serde_json::json!({ "decision": "deny", "reason": ["a"], "errors": 0 }));
}

#[test]
fn hostile_text_comes_back_from_json_unchanged_and_is_nowhere_raw() {
    let text = render("json", &hostile(), &PLAIN);
    assert!(text.chars().all(|c| c == '\n' || !polcheck::text::is_deceptive(c)));
    assert!(runner_commands(&text).is_empty());
    let json: Value = serde_json::from_str(&text).unwrap();
    for pointer in [
        "/findings/0/message",
        "/findings/0/location/path",
        "/tests/0/id",
        "/gaps/0",
        "/left_out/0/why",
        "/tests/0/got/errors/0/message",
    ] {
        assert_eq!(json.pointer(pointer).and_then(Value::as_str), Some(HOSTILE), "{pointer}");
    }
}

fn valid_sarif(outcome: &polcheck::outcome::Outcome) -> Value {
    let log: Value = serde_json::from_str(&render("sarif", outcome, &PLAIN)).unwrap();
    // The published pattern of languages has a stray `]`, which only lenient regular expressions take; we write no language.
    let schema = include_str!("schemas/sarif-2.1.0-rtm.5.json").replace("{2}]?$", "{2}$");
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let validator = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&log).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    let mut broken = log.clone();
    broken["runs"][0]["columnKind"] = "bytes".into();
    assert!(!validator.is_valid(&broken), "the schema is in force");
    log
}

#[test]
fn sarif_fits_its_schema_and_marks_the_text() {
    let (mut outcome, texts) = awkward();
    outcome.gaps.push("no schema".to_owned());
    let log = valid_sarif(&outcome);
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["results"].as_array().unwrap().len(), 4);
    for (result, text) in run["results"].as_array().unwrap().iter().zip(texts) {
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "policies/%C3%A4%20b.cedar");
        let region = &place["region"];
        let (start, end) = (
            (number(region, "/startLine"), number(region, "/startColumn")),
            (number(region, "/endLine"), number(region, "/endColumn")),
        );
        assert_eq!(marked(AWKWARD, start, end), text);
        let (offset, length) = (number(region, "/byteOffset") as usize, number(region, "/byteLength") as usize);
        assert_eq!(&AWKWARD[offset..offset + length], text);
        let rule = &run["tool"]["driver"]["rules"][number(result, "/ruleIndex") as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert_eq!(result["partialFingerprints"]["polcheck/v1"].as_str().unwrap().len(), 32);
    }
    let rule = &run["tool"]["driver"]["rules"][1];
    assert_eq!(rule["fullDescription"]["text"], "Cedar's validator refuses the policy. It would fail at run time.");
    assert_eq!(rule["defaultConfiguration"]["level"], "error");
    assert_eq!(run["tool"]["driver"]["rules"][0]["defaultConfiguration"]["enabled"], false);
}

#[test]
fn hostile_text_in_sarif_is_valid_and_forms_no_link() {
    let log = valid_sarif(&hostile());
    let result = &log["runs"][0]["results"][0];
    assert_eq!(result["message"]["text"], HOSTILE.replace("](", "] ("));
    let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
    assert!(uri.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~/%".contains(&byte)), "{uri}");
    valid_sarif(&outcome(Vec::new(), Vec::new()));
}
