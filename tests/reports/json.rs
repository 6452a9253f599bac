//! JSON, parsed back and compared with the source text.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use serde_json::Value;

use crate::report_common::*;

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
        "polcheck format command now outcome exit headline summary findings suppressed tests guardrails notices inconclusive_reasons gaps left_out"
    );
    assert_eq!((json["polcheck"].as_str(), json["format"].as_u64()), (Some(env!("CARGO_PKG_VERSION")), Some(1)));
    assert_eq!((json["outcome"].as_str(), json["exit"].as_u64()), (Some("findings"), Some(1)));
    assert_eq!(json["summary"]["findings"], serde_json::json!({ "error": 4, "warning": 0, "note": 0 }));
    assert_eq!(json["summary"]["tests"], serde_json::json!({ "pass": 0, "fail": 1, "error": 0, "skip": 0 }));
    let finding = "rule level message help store policy location count related environments evidence fingerprint";
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
