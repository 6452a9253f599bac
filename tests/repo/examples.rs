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

/// Every situation, and what breaks in its twin: the guardrails, and where they are of the comparison with the
/// original.
const SITUATIONS: [(&str, &[&str], &[&str]); 5] = [
    (
        "step-up",
        &[
            "a-small-refund-takes-any-second-factor",
            "payment-data-only-after-a-second-factor",
            "risk-asks-for-a-strong-factor",
        ],
        &["nobody-new-sees-payment-data"],
    ),
    (
        "just-in-time",
        &[
            "every-grant-names-its-end",
            "no-grant-outlives-its-end",
            "no-maintainers-grant-outlives-an-hour",
            "no-operators-grant-outlives-a-working-day",
            "two-people-for-every-grant",
        ],
        &[],
    ),
    (
        "production-access",
        &[
            "break-glass-is-narrow",
            "breaking-the-glass-reads-nothing",
            "broken-glass-closes-after-fifteen-minutes",
            "expires break-glass",
            "no-database-but-a",
            "no-production-access-outlives-thirty-minutes",
            "temporary temporary-reporting",
        ],
        &[],
    ),
    (
        "fine-grained",
        &[
            "no-tenant-reaches-another",
            "nobody-sends-more-than-their-limit",
            "sensitive transfer",
            "the-button-shows-what-the-call-does",
            "the-platform-sees-nothing",
        ],
        &[],
    ),
    (
        "audit",
        &[
            "every-change-is-reversible",
            "every-export-has-a-reason",
            "no-export-outlives-its-case",
            "no-line-goes-before-its-time",
            "no-person-rewrites-the-log",
            "sensitive export",
        ],
        &["nobody-new-rewrites-the-log"],
    ),
];

/// An example as somebody has it who copied it, in a git repository of its own whose branch `change` goes wrong.
fn history(name: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let made = std::process::Command::new("fixtures/repos/history").arg(name).arg(dir.path().join("repo")).status();
    assert!(made.unwrap().success(), "{name}");
    dir
}

/// The guardrails of a report that are not kept, sorted.
fn broken(report: &serde_json::Value) -> Vec<&str> {
    let all = report["guardrails"].as_array().unwrap().iter();
    let mut ids: Vec<&str> =
        all.filter(|one| one["status"] != "holds").map(|one| one["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[test]
fn guardrails_of_the_situations_hold_and_their_twins_break_them() {
    for (name, breaks, gains) in SITUATIONS {
        let dir = history(name);
        let repo = dir.path().join("repo");
        crate::common::git(&repo, &["checkout", "-q", "main"]);
        let (report, code) = json(&repo, &["check", "-v"]);
        assert_eq!((broken(&report), rules(&report), code), (vec![], vec![], 0), "{name}");
        assert!(!report["guardrails"].as_array().unwrap().is_empty(), "{name}");
        assert_eq!(report["summary"]["tests"]["fail"], 0, "{name}");
        crate::common::git(&repo, &["checkout", "-q", "change"]);
        let (report, code) = json(&repo, &["prove"]);
        assert_eq!((broken(&report), code), (breaks.to_vec(), 1), "{name}");
        for one in report["guardrails"].as_array().unwrap().iter().filter(|one| one["status"] == "broken") {
            assert!(one["why"].is_string() || one["kind"] == "sensitive" || one["expansion"].is_string(), "{one:#}");
            assert!(one["witness"]["request"].is_object(), "{one:#}");
        }
        // The same pull request is caught by the comparison, by rows, and by the guardrails at once.
        let (report, code) = json(&repo, &["check", "--against", "main"]);
        let mut all: Vec<&str> = breaks.iter().chain(gains).copied().collect();
        all.sort_unstable();
        assert_eq!((broken(&report), code), (all, 1), "{name}");
        let guardrails = report["guardrails"].as_array().unwrap().iter();
        assert!(guardrails.filter(|one| one["status"] == "broken").all(|one| one["broken_before"] == false), "{name}");
        assert!(report["tests"].as_array().unwrap().iter().any(|row| row["status"] == "fail"), "{name}");
        let gained = |change: &serde_json::Value| ["gained", "both"].contains(&change["relation"].as_str().unwrap());
        assert!(report["changes"].as_array().unwrap().iter().any(gained), "{name}");
    }
}

/// What a README shows of `polcheck prove` is what it says.
#[test]
fn pages_of_examples_show_what_prove_says() {
    for (name, twin) in SITUATIONS.iter().flat_map(|(name, ..)| [(name, ""), (name, "-broken")]) {
        let folder = Path::new("fixtures/repos").join(format!("{name}{twin}"));
        let page = std::fs::read_to_string(folder.join("README.md")).unwrap();
        let block = page.split("```").find(|block| block.contains("\npolcheck prove: ")).unwrap();
        let dir = history(name);
        let repo = dir.path().join("repo");
        crate::common::git(&repo, &["checkout", "-q", if twin.is_empty() { "main" } else { "change" }]);
        let said = crate::common::run(&repo, &["prove"]).stdout;
        let mut lines = said.lines();
        for line in block.lines().filter(|line| !line.is_empty()) {
            assert!(lines.any(|said| said == line), "{name}{twin}: {line}\n{said}");
        }
    }
}

/// Who reads a change the other way round reads what is given back.
#[test]
fn changes_of_the_situations_mirror_each_other() {
    for (name, ..) in SITUATIONS {
        let (good, bad) = (format!("fixtures/repos/{name}"), format!("fixtures/repos/{name}-broken"));
        let relations = |old: &str, new: &str| -> Vec<(String, String)> {
            let (changes, _) = diff(Path::new("."), &["--files", old, new]);
            let text = |change: &serde_json::Value| {
                (change["environment"].to_string(), change["relation"].as_str().unwrap().to_owned())
            };
            changes["changes"].as_array().unwrap().iter().map(text).collect()
        };
        let turned = |(environment, relation): (String, String)| {
            let relation = match relation.as_str() {
                "gained" => "lost",
                "lost" => "gained",
                other => other,
            };
            (environment, relation.to_owned())
        };
        let there: Vec<_> = relations(&good, &bad).into_iter().map(turned).collect();
        assert_eq!(there, relations(&bad, &good), "{name}");
    }
}

/// A pull request that goes wrong changes policies, and the tables that catch it are those that were there.
#[test]
fn twins_differ_in_policies_alone() {
    for name in SITUATIONS.map(|(name, ..)| name) {
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
