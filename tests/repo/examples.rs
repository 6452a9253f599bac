//! The example repositories show what their README files say.

use std::path::Path;

use crate::common::{diff, json, rules, statuses};

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

/// The examples of access that ends, with the rows of each, and how many fail in the twin.
const TEMPORARY: [(&str, usize, usize); 2] = [("just-in-time", 116, 16), ("production-access", 131, 22)];

#[test]
fn access_that_ends_is_clean() {
    for (name, rows, _) in TEMPORARY {
        let (report, code) = json(Path::new("."), &["check", "-v", &format!("fixtures/repos/{name}")]);
        assert_eq!((rules(&report), statuses(&report), code), (vec![], [rows, 0, 0], 0), "{name}");
        for nothing in ["gaps", "left_out", "inconclusive_reasons"] {
            assert_eq!(report[nothing], serde_json::json!([]), "{name}: {nothing}");
        }
    }
}

#[test]
fn twins_in_which_it_does_not_end_say_so_row_by_row() {
    for (name, rows, failing) in TEMPORARY {
        let broken = format!("fixtures/repos/{name}-broken");
        let (report, code) = json(Path::new("."), &["check", &broken]);
        assert_eq!((statuses(&report), code), ([rows - failing, failing, 0], 1), "{name}");
        for row in report["tests"].as_array().unwrap().iter().filter(|row| row["status"] == "fail") {
            // A row that is decided as it should be, and by more policies, needs no more words.
            let other = row["expected"]["decision"] != row["got"]["decision"];
            assert!(!other || !row["explanation"].as_array().unwrap().is_empty(), "{row:#}");
        }
        let (changes, code) =
            diff(Path::new("."), &["--files", &format!("fixtures/repos/{name}"), &broken, "--deny", "gained"]);
        assert_eq!((changes["outcome"].as_str(), code), (Some("changes"), 1), "{name}");
        let relations =
            changes["changes"].as_array().unwrap().iter().map(|change| change["relation"].as_str().unwrap());
        assert!(relations.clone().all(|relation| matches!(relation, "same" | "gained")), "{name}");
        assert!(relations.into_iter().any(|relation| relation == "gained"), "{name}");
    }
}

/// A pull request that goes wrong changes policies, and the tables that catch it are those that were there.
#[test]
fn twins_differ_in_policies_alone() {
    for name in ["step-up", "just-in-time", "production-access"] {
        let files = |twin: &str| {
            let root = Path::new("fixtures/repos").join(format!("{name}{twin}"));
            let mut found = std::collections::BTreeMap::new();
            let mut folders = vec![root.clone()];
            while let Some(folder) = folders.pop() {
                for entry in std::fs::read_dir(folder).unwrap() {
                    let path = entry.unwrap().path();
                    if path.is_dir() {
                        folders.push(path);
                    } else {
                        let inside = path.strip_prefix(&root).unwrap().to_path_buf();
                        found.insert(inside, std::fs::read_to_string(&path).unwrap());
                    }
                }
            }
            found.retain(|path, _| !path.starts_with("policies") && path != Path::new("README.md"));
            found
        };
        assert!(!files("").is_empty());
        assert_eq!(files(""), files("-broken"), "{name}");
    }
}

#[test]
fn the_readme_gives_the_commands_that_ci_runs() {
    let readme = std::fs::read_to_string("README.md").unwrap();
    let ci = std::fs::read_to_string(".ci/run").unwrap();
    assert!(readme.contains("cargo run --release -- check fixtures/repos/step-up\n"));
    assert!(readme.contains("\ncargo test --locked\n") && ci.contains("\ncargo test --locked\n"));
}
