//! What Cedar's own validator says of real repositories, through the command line.

use std::path::Path;

use crate::common::{self, CEDAR_EXAMPLES, corpora, json, rules};

fn valid(dir: &Path, policies: &str, schema: &str) {
    let (report, code) = json(dir, &["validate", "-p", policies, "-s", schema]);
    assert_eq!((rules(&report), code), (vec![], 0), "{policies} under {schema}");
    assert!(report["summary"]["policies"].as_u64().unwrap() + report["summary"]["templates"].as_u64().unwrap() > 0);
}

#[test]
fn every_cedar_example_is_valid_under_its_own_schema() {
    let Some(dir) = corpora() else { return };
    for (policies, schema) in CEDAR_EXAMPLES {
        valid(&dir.join("cedar-examples"), policies, schema);
    }
}

#[test]
fn sandboxes_k8s_and_petstore_are_valid() {
    let Some(dir) = corpora() else { return };
    for number in 1..=3 {
        let schema = "sandbox_a/schema.cedarschema";
        valid(&dir.join("cedar-cli-sample-data"), &format!("sandbox_a/policies_{number}.cedar"), schema);
    }
    for number in 4..=6 {
        let schema = "sandbox_b/schema.cedarschema.json";
        valid(&dir.join("cedar-cli-sample-data"), &format!("sandbox_b/policies_{number}.cedar"), schema);
    }
    valid(&dir.join("k8s"), "policies", "k8s-authorization.cedarschema");
    valid(&dir.join("k8s"), "policies", "k8s-authorization.cedarschema.json");
    valid(&dir.join("authorization-for-expressjs/petstore"), "policies", "v4.cedarschema.json");
}

#[test]
fn what_is_invalid_on_purpose_is_an_error_at_its_place() {
    let Some(dir) = corpora() else { return };
    let (report, code) = json(
        &dir.join("cedar-cli-sample-data/sandbox_a"),
        &["validate", "-p", "policies_1_bad.cedar", "-s", "schema.cedarschema"],
    );
    assert_eq!(code, 1);
    let unrecognized = report["findings"].as_array().unwrap().iter().find(|f| f["rule"] == "unrecognized-entity-type");
    let unrecognized = unrecognized.unwrap();
    assert_eq!(unrecognized["level"], "error");
    assert!(unrecognized["message"].as_str().unwrap().contains("UsrGroup"));

    let (report, code) = json(
        &dir.join("cedar-cli-sample-data/sandbox_b"),
        &["validate", "-p", "policies_5_bad.cedar", "-s", "schema.cedarschema"],
    );
    assert_eq!(code, 1);
    assert_eq!(report["findings"][0]["rule"], "unsafe-optional-attribute");
    assert!(report["findings"][0]["message"].as_str().unwrap().contains("owner"));

    let (report, code) = json(&dir.join("vscode-cedar/testdata"), &["validate", "unrecognized"]);
    assert_eq!(code, 1);
    assert!(rules(&report).contains(&"unrecognized-entity-type"), "{report:#}");
    assert!(rules(&report).contains(&"unrecognized-action"), "{report:#}");
}

#[test]
fn impossible_policies_are_warnings_only() {
    let Some(dir) = corpora() else { return };
    let sandbox = dir.join("cedar-cli-sample-data/sandbox_c");
    let (report, code) = json(&sandbox, &["validate", "-p", "policies_edited.cedar", "-s", "schema.cedarschema"]);
    assert_eq!((rules(&report), code), (vec!["never-matches"], 0));
    let (_, code) = json(
        &sandbox,
        &["validate", "-p", "policies_edited.cedar", "-s", "schema.cedarschema", "--fail-on", "warning"],
    );
    assert_eq!(code, 1);
    let (report, code) = json(&dir.join("vscode-cedar/testdata"), &["validate", "impossible"]);
    assert_eq!((rules(&report), code), (vec!["never-matches"], 0));
}

#[test]
fn what_does_not_parse_is_a_syntax_error() {
    let Some(dir) = corpora() else { return };
    for file in [
        "vscode-cedar/testdata/context/commonTypes.cedar",
        "vscode-cedar/testdata/triple/entities.cedar",
        "pgrest-lambda/lint-fixtures/e003-violation.cedar",
        "cdk-verified-permissions/test-policies/invalidPolicy1.cedar",
    ] {
        let (report, code) = json(&dir, &["validate", "-p", file]);
        assert_eq!(code, 1, "{file}");
        assert!(rules(&report).contains(&"syntax-error"), "{file}: {report:#}");
    }
}

#[test]
fn entities_that_do_not_fit_are_named_one_by_one() {
    let Some(dir) = corpora() else { return };
    let args = ["validate", "-p", "policies.cedar", "-s", "policies.cedarschema", "--entities", "entities.json"];
    let (report, code) = json(&dir.join("cedar-examples/github_example"), &args);
    assert_eq!(code, 1);
    let findings = report["findings"].as_array().unwrap();
    assert!(findings.iter().all(|finding| finding["rule"] == "entity-mismatch"));
    let named = |finding: &&serde_json::Value| {
        finding["message"].as_str().unwrap().contains("`Organization`")
            && finding["location"]["path"].as_str().unwrap().ends_with("entities.json")
    };
    assert_eq!(findings.iter().filter(named).count(), findings.len(), "{report:#}");
}

/// Whatever else the corpora hold, two runs agree byte for byte and every place lies in its file.
#[test]
fn every_place_is_in_its_file_and_runs_repeat() {
    let Some(dir) = corpora() else { return };
    for folder in
        ["cedar-examples", "vscode-cedar", "pgrest-lambda", "cdk-verified-permissions", "cedar-cli-sample-data"]
    {
        let args = ["check", folder, "--report", "json", "-v"];
        let (first, second) = (common::run(&dir, &args), common::run(&dir, &args));
        assert_eq!(first.stdout, second.stdout, "{folder}");
        let report: serde_json::Value = serde_json::from_str(&first.stdout).unwrap();
        for finding in report["findings"].as_array().unwrap() {
            let location = &finding["location"];
            let path = location["path"].as_str().unwrap();
            let Ok(text) = std::fs::read_to_string(dir.join(path)) else { continue };
            let offset = location["offset"].as_u64().unwrap() as usize;
            let length = location["length"].as_u64().unwrap() as usize;
            assert!(text.get(offset..offset + length).is_some(), "{finding:#}");
            let before = &text[..offset];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap().chars().count() + 1;
            assert_eq!(location["start"]["line"], line, "{finding:#}");
            assert_eq!(location["start"]["column"], column, "{finding:#}");
        }
    }
}
