//! The baseline: what it holds, what it never holds, and what a change to it is.

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{git, json, rules, run, write};

const SCHEMA: &str =
    "entity User; entity Doc { owner?: User };\naction view appliesTo { principal: User, resource: Doc };\n";
const UNSAFE: &str = "@id(\"a\")\npermit (principal, action, resource) when { resource.owner == principal };\n";
const ROW: &str = "tests:\n  - name: wrong\n    principal: 'User::\"ann\"'\n    action: view\n    resource: 'Doc::\"d\"'\n    \
    expect: allow\n    unknown: ['User::\"ann\"', 'Doc::\"d\"']\n";
const CONFIG: &str = "baseline = \"polcheck-baseline.json\"\n";
const NAME: &str = "polcheck-baseline.json";

fn repository(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("a.cedar", UNSAFE)]);
    write(dir.path(), files);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    dir
}

fn counted(report: &Value) -> Vec<&str> {
    let all = report["findings"].as_array().unwrap().iter().filter(|one| one["baselined"] != true);
    all.map(|one| one["rule"].as_str().unwrap()).collect()
}

#[test]
fn only_what_came_after_the_baseline_fails() {
    let dir = repository(&[("polcheck.toml", CONFIG)]);
    // The file that the configuration names is not there yet: said, and not passed over.
    assert_eq!(json(dir.path(), &["check"]).1, 2);
    let written = run(dir.path(), &["baseline"]);
    assert_eq!(written.code, 0, "{}{}", written.stdout, written.stderr);
    assert!(written.stderr.contains("wrote 1 finding to") && written.stderr.contains(NAME), "{}", written.stderr);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((code, rules(&report), counted(&report)), (0, vec!["unsafe-optional-attribute"], vec![]));
    let shown = run(dir.path(), &["check"]).stdout;
    assert!(shown.contains("1 error is in the baseline") && !shown.contains("error["), "{shown}");
    // Written again, it is the same; and moves and words beside the policy change nothing.
    let text = std::fs::read_to_string(dir.path().join(NAME)).unwrap();
    run(dir.path(), &["baseline"]);
    assert_eq!(std::fs::read_to_string(dir.path().join(NAME)).unwrap(), text);
    std::fs::remove_file(dir.path().join("a.cedar")).unwrap();
    write(dir.path(), &[("b/c.cedar", &format!("// words\n{UNSAFE}"))]);
    assert_eq!(json(dir.path(), &["check"]).1, 0);
    // Two where it has one is one too many.
    let twice = format!("{UNSAFE}{}", UNSAFE.replace("\"a\"", "\"b\""));
    write(dir.path(), &[("b/c.cedar", &twice)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((code, counted(&report)), (1, vec!["shadowed-permit", "unsafe-optional-attribute"]));
    // What is mended is told, so that the entry goes.
    write(dir.path(), &[("b/c.cedar", "permit (principal, action, resource) when { resource has owner };\n")]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((code, counted(&report)), (0, vec!["unused-configuration"]));
    assert_eq!(report["findings"][0]["location"]["path"], NAME);
    assert!(report["findings"][0]["location"]["start"]["line"].as_u64().unwrap() > 1);
    // Of a part of the repository it is not known.
    assert_eq!(counted(&json(dir.path(), &["check", "b"]).0), Vec::<&str>::new());
}

#[test]
fn what_a_baseline_never_holds() {
    let broken = "permit (principal, action, resource\n";
    let dir = repository(&[("rows_test.yaml", ROW), ("odd_test.yaml", "tests: 7\n"), ("side/x.cedar", broken)]);
    let done = run(dir.path(), &["baseline", "-o", "old.json"]);
    assert_eq!(done.code, 1, "what still fails fails: {}", done.stdout);
    let text = std::fs::read_to_string(dir.path().join("old.json")).unwrap();
    let written: Value = serde_json::from_str(&text).unwrap();
    let held: Vec<&str> =
        written["findings"].as_array().unwrap().iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert_eq!(held, ["unsafe-optional-attribute"]);
    let (report, code) = json(dir.path(), &["check", "--baseline", "old.json"]);
    let mut left = counted(&report);
    left.sort_unstable();
    assert_eq!((code, left), (1, vec!["syntax-error", "test-mismatch"]));
    // One that is no baseline, or is not there, is a mistake.
    write(dir.path(), &[("old.json", "[]")]);
    assert_eq!(json(dir.path(), &["check", "--baseline", "old.json"]).1, 2);
    let absent = run(dir.path(), &["check", "--baseline", "absent.json"]);
    assert!(absent.code == 2 && absent.stderr.contains("absent.json"), "{}", absent.stderr);
}

#[test]
fn a_part_of_the_repository_keeps_the_rest() {
    let other = UNSAFE.replace("\"a\"", "\"b\"").replace("when {", "when { true &&");
    let dir = repository(&[("polcheck.toml", CONFIG), ("b/b.cedar", &other)]);
    run(dir.path(), &["baseline"]);
    write(dir.path(), &[("a.cedar", "")]);
    run(dir.path(), &["baseline", "a.cedar"]);
    let text = std::fs::read_to_string(dir.path().join(NAME)).unwrap();
    assert!(text.contains("b/b.cedar") && !text.contains("\"a.cedar\""), "{text}");
}

/// In a change its author writes the baseline: the base's counts, and what is added to it weakens.
#[test]
fn a_change_cannot_baseline_itself() {
    let dir = repository(&[("polcheck.toml", CONFIG)]);
    run(dir.path(), &["baseline"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "baseline"]);
    assert_eq!(json(dir.path(), &["check", "--against", "HEAD"]).1, 0);
    let other = UNSAFE.replace("\"a\"", "\"b\"").replace("when {", "when { true &&");
    write(dir.path(), &[("b.cedar", &other)]);
    run(dir.path(), &["baseline"]);
    assert_eq!(json(dir.path(), &["check"]).1, 0, "by itself it would pass");
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!((code, counted(&report)), (1, vec!["shadowed-permit", "unsafe-optional-attribute"]), "{report:#}");
    let weakened = report["weakened"].as_array().unwrap();
    assert!(weakened.iter().any(|one| one["kind"] == "baseline_extended"), "{weakened:?}");
}

/// The kind: runs over a part. None may take the rest out of the file, nor lose what it cannot read.
#[test]
fn a_run_over_a_part_loses_nothing_of_the_file() {
    let other = UNSAFE.replace("\"a\"", "\"b\"").replace("when {", "when { true &&");
    let dir = repository(&[("polcheck.toml", CONFIG), ("b/b.cedar", &other)]);
    run(dir.path(), &["baseline"]);
    let whole = std::fs::read_to_string(dir.path().join(NAME)).unwrap();
    // From a folder below, with no path: the folder is what was asked for.
    assert_eq!(run(&dir.path().join("b"), &["baseline"]).code, 0);
    assert_eq!(std::fs::read_to_string(dir.path().join(NAME)).unwrap(), whole);
    let part = run(dir.path(), &["baseline", "--store", "."]);
    assert!(part.code == 2 && part.stderr.contains("a baseline is of all stores"), "{}", part.stderr);
    write(dir.path(), &[(NAME, "{ cut off")]);
    let broken = run(dir.path(), &["baseline", "b"]);
    assert!(broken.code == 2 && broken.stderr.contains("cannot keep the rest"), "{}", broken.stderr);
    assert_eq!(std::fs::read_to_string(dir.path().join(NAME)).unwrap(), "{ cut off");
}

/// A finding that the base's baseline has, and that reaches further now, is new all the same.
#[test]
fn what_reaches_further_than_the_baseline_is_new() {
    let schema = |page: &str| {
        format!(
            "{SCHEMA}entity Page {{ {page}: User }};\naction read appliesTo {{ principal: User, resource: Page }};\n"
        )
    };
    let dir = repository(&[("polcheck.toml", CONFIG), ("app.cedarschema", &schema("owner"))]);
    run(dir.path(), &["baseline"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "baseline"]);
    assert_eq!(json(dir.path(), &["check", "--against", "HEAD"]).1, 0);
    write(dir.path(), &[("app.cedarschema", &schema("owner?"))]);
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!((code, counted(&report)), (1, vec!["unsafe-optional-attribute"]), "{report:#}");
}
