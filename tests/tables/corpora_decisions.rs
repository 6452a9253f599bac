//! Decision rows of real repositories, through the command line.

use serde_json::Value;

use crate::common::{corpora, json, statuses};

/// The rows of `cedar-examples/rows.jsonl`, each run alone as its line says.
#[test]
fn all_56_rows_of_cedar_examples_agree() {
    let Some(dir) = corpora() else { return };
    let dir = dir.join("cedar-examples");
    let lines = std::fs::read_to_string(dir.join("rows.jsonl")).unwrap();
    let mut decisions = [0, 0];
    for line in lines.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let id = row["id"].as_str().unwrap();
        // Ids leave out the folder that the two apps share.
        let places = [format!("{id}.json"), format!("language-in-action/{id}.json")];
        let test = places.iter().find(|path| dir.join(path).is_file()).unwrap();
        let mut args = vec!["test", "--tests", test];
        for path in row["policies"].as_array().unwrap() {
            args.extend(["-p", path.as_str().unwrap()]);
        }
        for (flag, key) in [("-s", "schema"), ("--entities", "entities"), ("-k", "links")] {
            args.extend(row[key].as_str().into_iter().flat_map(|path| [flag, path]));
        }
        let (report, code) = json(&dir, &args);
        assert_eq!((statuses(&report), code), ([1, 0, 0], 0), "{id}: {report:#}");
        assert_eq!(report["tests"][0]["got"]["decision"], row["expect"], "{id}");
        decisions[usize::from(row["expect"] == "deny")] += 1;
    }
    assert_eq!(decisions, [39, 17]);
}

#[test]
fn tiny_sandboxes_tables_pass() {
    let Some(dir) = corpora() else { return };
    let dir = dir.join("cedar-cli-sample-data/tiny_sandboxes");
    let mut rows = 0;
    for number in [1, 2, 3, 4, 6, 7, 9] {
        let sample = dir.join(format!("sample{number}"));
        for schema in ["schema.cedarschema", "schema.cedarschema.json"] {
            let args = ["test", "-p", "policy.cedar", "-s", schema, "--tests", "tests-combined.json"];
            let (report, code) = json(&sample, &args);
            let [pass, fail, error] = statuses(&report);
            assert_eq!((fail, error, code), (0, 0, 0), "sample{number} under {schema}: {report:#}");
            rows += pass;
        }
        let (report, code) = json(&sample, &["test", "-p", "policy.cedar", "--tests", "tests-combined.json"]);
        assert_eq!(code, 0, "sample{number} without a schema: {report:#}");
    }
    assert!(rows > 30, "only {rows} rows ran");
    let named = ["test", "-p", "policy.cedar", "--tests", "tests-named.json"];
    let (report, code) = json(&dir.join("sample1"), &named);
    assert_eq!(code, 0);
    assert_eq!(report["tests"][0]["id"], named_id(&report, "good-test"));
}

fn named_id(report: &Value, name: &str) -> String {
    let path = report["tests"][0]["location"]["path"].as_str().unwrap();
    format!("{path}#{name}")
}

/// Each table that is wrong on purpose, the rows that do not pass, and the reason that is given.
#[test]
fn failing_and_malformed_tables_say_why() {
    let Some(dir) = corpora() else { return };
    let dir = dir.join("cedar-cli-sample-data/tiny_sandboxes");
    let run = |sample: &str, policy: &str, table: &str| {
        json(&dir.join(sample), &["test", "-p", policy, "-s", "schema.cedarschema", "--tests", table])
    };
    let message = |report: &Value, row: usize| report["tests"][row]["message"].as_str().unwrap().to_owned();

    let (report, code) = run("sample1", "policy.cedar", "tests-fail.json");
    assert_eq!((statuses(&report), code), ([1, 2, 0], 1), "{report:#}");
    assert!(message(&report, 0).contains("expected allow, got deny"));
    assert!(message(&report, 0).contains("no policy is called so"));
    assert!(message(&report, 2).contains("expected 1 policy to fail to evaluate, got 0"));

    let (report, code) = run("sample1", "policy.cedar", "tests-missing-reason.json");
    assert_eq!((statuses(&report), code), ([2, 1, 0], 1));
    assert!(message(&report, 0).contains("`missing-policy` to decide, and no policy is called so"));

    let (report, code) = run("sample1", "policy.cedar", "tests-unexpected-error.json");
    assert_eq!(code, 1);
    assert!(message(&report, 2).contains("fail to evaluate"));

    let (report, code) = run("sample2", "policy.cedar", "tests-unexpected-error.json");
    assert_eq!(code, 1, "{report:#}");

    let (report, code) = run("sample1", "policy.cedar", "tests-format-error.json");
    // The second row leaves its entities out, which is allowed here, so it runs.
    assert_eq!((statuses(&report), code), ([0, 1, 2], 1), "{report:#}");
    assert!(message(&report, 0).contains("`request` is missing"));
    assert!(message(&report, 2).contains("`decision` is \"allow\" or \"deny\""));

    let (report, code) = run("sample1", "policy.cedar", "tests-format-error2.json");
    assert_eq!(code, 1);
    assert_eq!(report["findings"][0]["rule"], "test-mismatch");

    let (report, code) = run("sample10", "policy.cedar", "tests-error.json");
    assert_eq!(code, 1, "{report:#}");

    let (report, code) = run("sample11", "valid_policy.cedar", "test-schema-error.json");
    assert_eq!((statuses(&report), code), ([0, 0, 1], 1), "{report:#}");
    assert!(message(&report, 0).contains("does not fit the schema"), "{report:#}");
}

#[test]
fn all_299_integration_requests_agree() {
    let Some(dir) = corpora() else { return };
    let (report, code) = json(&dir, &["test", "--tests", "cedar-integration-tests"]);
    let [pass, fail, error] = statuses(&report);
    assert_eq!((pass, fail, error, code), (299, 0, 0, 0));
    // Every one of them states decision, reasons and errors, so that passing means that all three agree.
    for row in report["tests"].as_array().unwrap() {
        assert!(row["expected"]["reason"].is_array() && row["expected"]["errors"].is_u64(), "{row:#}");
        assert_eq!(
            row["expected"]["errors"].as_u64().unwrap() as usize,
            row["got"]["errors"].as_array().unwrap().len()
        );
    }
}
