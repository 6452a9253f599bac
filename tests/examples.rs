//! The example repositories show what their README files say.

mod common;

use std::path::Path;

use common::{json, rules, statuses};

#[test]
fn step_up_is_clean() {
    let (report, code) = json(Path::new("."), &["check", "fixtures/repos/step-up"]);
    assert_eq!((rules(&report), statuses(&report), code), (vec![], [76, 0, 0], 0));
    assert_eq!(report["gaps"], serde_json::json!([]));
    let (report, _) = json(Path::new("fixtures/repos/step-up"), &["check", "-v", "--level", "1"]);
    assert_eq!((rules(&report), &report["left_out"]), (vec![], &serde_json::json!([])));
}

#[test]
fn its_broken_twin_shows_the_harm() {
    let (report, code) = json(Path::new("."), &["check", "fixtures/repos/step-up-broken"]);
    assert_eq!((rules(&report), code), (vec!["shadowed-permit", "near-miss-name", "forbid-can-error"], 1));
    assert_eq!(statuses(&report), [64, 12, 0]);
    let harm = "payment details stay closed without a second factor";
    let row =
        report["tests"].as_array().unwrap().iter().find(|row| row["id"].as_str().unwrap().ends_with(harm)).unwrap();
    assert_eq!((&row["expected"]["decision"], &row["got"]["decision"]), (&"deny".into(), &"allow".into()));
    assert!(row["got"]["reason"][0].as_str().unwrap().ends_with("#support-reads-customers"));
}

#[test]
fn the_readme_gives_the_commands_that_ci_runs() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let ci = std::fs::read_to_string(".ci/run").unwrap();
    assert!(readme.contains("cargo run --release -- check fixtures/repos/step-up\n"));
    assert!(readme.contains("\ncargo test --locked\n") && ci.contains("\ncargo test --locked\n"));
}
