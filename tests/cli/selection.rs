//! A path selects what is reported, never what is loaded; and no clean run hides that something was not validated.

use std::path::Path;

use crate::common::{git, json, rules, run, statuses, write};
use serde_json::Value;
use tempfile::TempDir;

const SCHEMA: &str = "entity User; entity Doc { tenant?: String };\n\
    action view, edit appliesTo { principal: User, resource: Doc, context: { mfa: Bool } };\n";
const GOOD: &str = "@id(\"view\")\npermit (principal, action == Action::\"view\", resource) when { context.mfa };\n";
/// Wrong only by the schema, which says that `tenant` may be absent.
const BAD: &str =
    "@id(\"edit\")\nforbid (principal, action == Action::\"edit\", resource) when { resource.tenant == \"x\" };\n";
const ROWS: &str = "tests:\n  - name: one\n    principal: 'User::\"alice\"'\n    action: view\n    resource: 'Doc::\"d\"'\n    \
    context: { mfa: true }\n    expect: allow\n";

/// A repository whose schema, entities and tables lie in folders of their own; with or without git.
fn repository(schema: &str, with_git: bool) -> TempDir {
    let dir = TempDir::new().unwrap();
    let entities = r#"[{"uid":{"type":"User","id":"alice"},"attrs":{},"parents":[]},
        {"uid":{"type":"Doc","id":"d"},"attrs":{},"parents":[]}]"#;
    write(
        dir.path(),
        &[
            (schema, SCHEMA),
            ("policies/good.cedar", GOOD),
            ("policies/bad.cedar", BAD),
            ("entities.json", entities),
            ("tests/one_test.yaml", ROWS),
            ("tests/plain.yaml", &ROWS.replace("one", "plain")),
            ("docs/readme.md", "nothing\n"),
        ],
    );
    if with_git {
        git(dir.path(), &["init", "-q"]);
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-qm", "one"]);
    }
    dir
}

const FOLDERS: [&str; 4] =
    ["schema/app.cedarschema", "schemas/app.cedarschema", "cedarschema/app.cedarschema", "app.cedarschema"];

#[test]
fn every_way_to_name_a_path_keeps_the_schema() {
    for schema in FOLDERS {
        for with_git in [true, false] {
            let dir = repository(schema, with_git);
            let policies = dir.path().join("policies");
            for command in ["check", "validate"] {
                let found = |dir: &Path, args: &[&str]| {
                    let (report, code) = json(dir, args);
                    (rules(&report).into_iter().map(str::to_owned).collect::<Vec<_>>(), code)
                };
                let wrong = (vec!["unsafe-optional-attribute".to_owned()], 1);
                let absolute = policies.join("bad.cedar");
                for args in [
                    &[command][..],
                    &[command, "."],
                    &[command, "policies"],
                    &[command, "policies/"],
                    &[command, "./policies/bad.cedar"],
                    &[command, absolute.to_str().unwrap()],
                    &["-C", "policies", command],
                    &[command, "-C", "policies"],
                    &[command, "-C", "policies", "bad.cedar"],
                    &[command, "policies/bad.cedar", "policies/good.cedar"],
                ] {
                    let (got, code) = found(dir.path(), args);
                    assert!(got.contains(&wrong.0[0]), "{schema} {with_git} {args:?}: {got:?}");
                    assert_eq!(code, 1, "{schema} {with_git} {args:?}");
                }
                assert_eq!(found(&policies, &[command, "bad.cedar"]).1, 1, "{schema} {with_git} {command} from inside");
                assert_eq!(found(&policies, &[command]).1, 1, "{schema} {with_git} {command} from inside");
                assert_eq!(
                    found(&policies, &[command, "../policies"]).1,
                    1,
                    "{schema} {with_git} {command} from inside"
                );
                // What was not asked for is not reported.
                let (report, code) = json(dir.path(), &[command, "policies/good.cedar"]);
                assert_eq!((rules(&report), code), (vec![], 0), "{schema} {with_git} {command}");
                assert_eq!(report["summary"]["policies"], 1, "{schema} {with_git} {command}");
                assert!(report["summary"]["not_validated"].is_null());
            }
        }
    }
}

#[test]
fn rules_that_need_all_policies_have_them_whatever_is_asked_for() {
    let dir = repository("app.cedarschema", true);
    let covered = "@id(\"again\")\npermit (principal, action == Action::\"view\", resource) when { context.mfa && context.mfa == true };\n";
    write(dir.path(), &[("policies/bad.cedar", covered)]);
    let shadowed = |path: &str| {
        rules(&json(dir.path(), &["lint", path]).0).iter().filter(|rule| **rule == "shadowed-permit").count()
    };
    assert_eq!(shadowed("policies/bad.cedar") + shadowed("policies/good.cedar"), 2, "each is involved");
    assert_eq!(shadowed("docs"), 0);
}

#[test]
fn what_a_path_hangs_on_is_reported_with_it() {
    let dir = repository("schemas/app.cedarschema", true);
    write(dir.path(), &[("schemas/app.cedarschema", "entity User; entity")]);
    // Neither can be validated then, and the schema is why.
    for path in ["policies", "policies/good.cedar", "schemas", "tests/one_test.yaml"] {
        let (report, code) = json(dir.path(), &["check", path]);
        assert_eq!((rules(&report)[0], code), ("schema-error", 1), "{path}");
    }
    let (report, code) = json(dir.path(), &["check", "policies", "--fail-on", "never"]);
    assert_eq!((code, report["summary"]["not_validated"].to_string().as_str()), (0, "[\".\"]"));
    // A file beside that does not load leaves a gap, which is said.
    let dir = repository("schemas/app.cedarschema", true);
    write(dir.path(), &[("policies/bad.cedar", "permit (")]);
    let (report, code) = json(dir.path(), &["check", "policies/good.cedar"]);
    assert_eq!((rules(&report), code), (vec![], 0));
    assert!(report["gaps"].to_string().contains("policies/bad.cedar"), "{}", report["gaps"]);
}

#[test]
fn tables_are_chosen_by_path_and_run_over_the_store() {
    for with_git in [true, false] {
        let dir = repository("schemas/app.cedarschema", with_git);
        for args in [
            &["test", "tests/one_test.yaml"][..],
            &["test", "tests/plain.yaml"],
            &["test", "tests"],
            &["test", "--tests", "tests/plain.yaml"],
            &["test", "--tests", "tests/one_test.yaml"],
            &["test", "-C", "tests"],
            &["check", "tests"],
        ] {
            let (report, code) = json(dir.path(), args);
            assert_eq!((statuses(&report), code), ([1, 0, 0], 0), "{with_git} {args:?}");
            assert_eq!(report["summary"]["policies"], 2, "{with_git} {args:?}");
        }
        // The rows run over the policies: without the one that allows it, the row fails.
        write(dir.path(), &[("policies/good.cedar", "")]);
        let (report, code) = json(dir.path(), &["test", "--tests", "tests/plain.yaml"]);
        assert_eq!((statuses(&report), code), ([0, 1, 0], 1));
        // A path without a table runs none, and says so.
        let (report, code) = json(dir.path(), &["test", "policies"]);
        assert_eq!(code, 3);
        assert!(report["gaps"].to_string().contains("`policies`, which is no decision table"), "{}", report["gaps"]);
    }
}

#[test]
fn a_table_named_by_hand_needs_one_store() {
    let dir = TempDir::new().unwrap();
    for name in ["a", "b"] {
        write(dir.path(), &[(&format!("{name}/app.cedarschema"), SCHEMA), (&format!("{name}/p.cedar"), GOOD)]);
    }
    write(dir.path(), &[("rows.yaml", ROWS), ("a/rows.yaml", ROWS)]);
    let (report, code) = json(dir.path(), &["test", "--tests", "rows.yaml"]);
    assert_eq!((rules(&report), code), (vec!["test-mismatch"], 1));
    assert!(report["findings"][0]["message"].as_str().unwrap().contains("`a`, `b`"), "{}", report["findings"]);
    assert_eq!(json(dir.path(), &["test", "--tests", "rows.yaml", "--store", "b"]).1, 0);
    assert_eq!(json(dir.path(), &["test", "--tests", "a/rows.yaml"]).1, 0);
    // Files named one by one need their policies.
    let refused = run(dir.path(), &["test", "--tests", "rows.yaml", "-s", "a/app.cedarschema"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("-p"), "{}", refused.stderr);
}

#[test]
fn a_path_that_holds_nothing_is_said() {
    let dir = repository("app.cedarschema", true);
    for (args, code) in
        [(&["check", "docs"][..], 3), (&["check", "docs", "policies/good.cedar"], 0), (&["lint", "docs/readme.md"], 3)]
    {
        let (report, got) = json(dir.path(), args);
        assert_eq!(got, code, "{args:?}");
        assert!(report["gaps"].to_string().contains("`docs"), "{args:?} {}", report["gaps"]);
    }
    write(dir.path(), &[("polcheck.toml", "exclude = [\"policies/bad.cedar\"]\n")]);
    let (report, code) = json(dir.path(), &["check", "policies/bad.cedar"]);
    assert_eq!(code, 3);
    assert!(report["gaps"].to_string().contains("leaves out"), "{}", report["gaps"]);
    assert_eq!(run(dir.path(), &["check", "nowhere"]).code, 2);
}

#[test]
fn a_comparison_reads_both_sides_whole_and_keeps_the_stores_of_its_paths() {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    for name in ["a", "b"] {
        write(
            dir.path(),
            &[(&format!("{name}/schemas/app.cedarschema"), SCHEMA), (&format!("{name}/policies/p.cedar"), GOOD)],
        );
    }
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    write(dir.path(), &[("a/policies/new.cedar", "permit (principal, action == Action::\"edit\", resource);\n")]);
    let stores = |report: &Value| -> Vec<String> {
        let mut names: Vec<_> = report["changes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|change| change["store"].as_str().unwrap().to_owned())
            .collect();
        names.dedup();
        names
    };
    // A file that only one side has selects its store on both: what the other policies allowed before is not gained.
    for paths in [&["a"][..], &["a/policies"], &["a/policies/new.cedar"], &["a/policies/p.cedar"]] {
        let (report, code) = crate::common::diff(dir.path(), &[&["HEAD", "--deny", "gained", "--"], paths].concat());
        assert_eq!((stores(&report), code), (vec!["a".to_owned()], 1), "{paths:?}");
        let gained: Vec<_> =
            report["changes"].as_array().unwrap().iter().filter(|change| change["gained"]["status"] == "yes").collect();
        assert_eq!(gained.len(), 1, "{paths:?}");
        assert_eq!(gained[0]["environment"]["action"], "Action::\"edit\"");
        let (report, _) = json(dir.path(), &[&["check", "--against", "HEAD"], paths].concat());
        assert_eq!(stores(&report), ["a"], "{paths:?}");
    }
    let (report, code) = crate::common::diff(dir.path(), &["HEAD", "--deny", "gained", "--", "b"]);
    assert_eq!((stores(&report), code), (vec!["b".to_owned()], 0));
}

#[test]
fn a_store_without_a_schema_is_never_just_clean() {
    let bare = TempDir::new().unwrap();
    write(bare.path(), &[("p.cedar", GOOD)]);
    let mixed = repository("app.cedarschema", false);
    write(mixed.path(), &[("policies/bad.cedar", GOOD.replace("view", "edit").as_str())]);
    let apart = TempDir::new().unwrap();
    std::fs::rename(mixed.path(), apart.path().join("one")).unwrap();
    write(apart.path(), &[("legacy/p.cedar", "permit (principal == Old::User::\"a\", action, resource);")]);
    for (dir, told) in [(bare.path(), "clean, not validated"), (apart.path(), "clean, not validated: legacy")] {
        for command in ["check", "validate", "lint"] {
            let (report, code) = json(dir, &[command]);
            assert_eq!(code, 0, "{command}");
            assert!(report["headline"].as_str().unwrap().contains(told), "{command}: {}", report["headline"]);
            assert_eq!(report["summary"]["not_validated"].as_array().unwrap().len(), 1, "{command}");
            for format in ["human", "markdown", "junit", "gitlab", "github", "sarif"] {
                let shown = run(dir, &[command, "--report", format]).stdout;
                assert!(shown.contains("not validated"), "{command} {format}: {shown}");
            }
            for format in ["human", "markdown"] {
                let shown = run(dir, &[command, "--report", format]).stdout;
                assert!(shown.contains(told), "{command} {format}: {shown}");
            }
        }
    }
    let validated = run(apart.path(), &["check", "one"]).stdout;
    assert!(
        validated.contains("polcheck check: clean; 1 of 1 row passed") && !validated.contains("not validated"),
        "{validated}"
    );
}
