//! A check against a base fails for what the base does not have: old findings in every place, new ones beside them, and
//! every way in which a change moves, renames, splits and reformats what is old.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{diff, git, json, run, write};

const SCHEMA: &str = "entity User; entity Doc { owner?: User, n: Long };\n\
    action view, edit appliesTo { principal: User, resource: Doc };\n";
/// Refused by the validator.
const UNSAFE: &str = "@id(\"unsafe\")\npermit (principal, action, resource) when { resource.owner == principal };\n";
/// Never true.
const DEAD: &str =
    "@id(\"dead\")\npermit (principal, action, resource)\nwhen { resource.n == 1 && resource.n == 2 };\n";
const GOOD: &str =
    "@id(\"good\")\npermit (principal, action == Action::\"view\", resource) when { resource.n == 3 };\n";
const BROKEN: &str = "permit (principal, action, resource\n";
const ROWS: &str = "tests:\n  - name: wrong\n    principal: 'User::\"ann\"'\n    action: edit\n    resource: 'Doc::\"d\"'\n    \
    expect: allow\n    unknown: ['User::\"ann\"', 'Doc::\"d\"']\n";
const CONFIG: &str = "fail-on = \"warning\"\nexclude = [\"nowhere\"]\n";
const ENTITIES: &str = r#"[{ "uid": { "type": "User", "id": "ann" }, "attrs": { "x": 1 }, "parents": [] }]"#;

/// A repository whose one commit has a finding, or a failing row, in every place that can have one.
fn old() -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(
        dir.path(),
        &[
            ("app.cedarschema", SCHEMA),
            ("unsafe.cedar", UNSAFE),
            ("dead.cedar", DEAD),
            ("good.cedar", GOOD),
            ("other/broken.cedar", BROKEN),
            (
                "suppressed.cedar",
                "// polcheck: ignore[near-miss-name] nothing here\n@id(\"s\")\nforbid (principal, action, resource) when { resource.n == 9 };\n",
            ),
            ("rows_test.yaml", ROWS),
            ("malformed_test.yaml", "tests: 7\n"),
            ("side/lonely.cedarschema", "entity Lonely;\n"),
            ("other/app.cedarschema", &format!("{SCHEMA}entity Other;\n")),
            ("other/good.cedar", GOOD),
            ("other/app.cedarentities.json", ENTITIES),
            ("polcheck.toml", CONFIG),
        ],
    );
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    dir
}

/// What is new: rules and paths of findings, and names of rows.
fn fresh(report: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter().filter(|one| one["new"] == true);
    let mut all: Vec<String> =
        findings.map(|one| format!("{} {}", text(&one["rule"]), text(&one["location"]["path"]))).collect();
    let bad = |row: &&Value| row["new"] == true && (row["status"] == "fail" || row["status"] == "error");
    all.extend(report["tests"].as_array().unwrap().iter().filter(bad).map(|row| text(&row["id"])));
    all.sort();
    all
}

fn check(dir: &Path) -> (Value, i32) {
    json(dir, &["check", "--against", "HEAD"])
}

#[test]
fn what_the_base_has_as_well_fails_nothing_and_is_one_line() {
    let dir = old();
    let (report, _) = check(dir.path());
    let all = report["findings"].as_array().unwrap();
    let rules: std::collections::BTreeSet<&str> = all.iter().map(|one| one["rule"].as_str().unwrap()).collect();
    // What the test is about is there.
    for rule in [
        "unsafe-optional-attribute",
        "never-matches",
        "syntax-error",
        "unused-suppression",
        "test-mismatch",
        "entity-mismatch",
        "unused-schema",
        "unused-configuration",
    ] {
        assert!(rules.contains(rule), "{rule}: {rules:?}");
    }
    assert!(all.iter().all(|one| one["new"] == false), "{report:#}");
    assert_eq!(fresh(&report), Vec::<String>::new());
    let done = run(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!(done.stdout.matches("as well (--all").count(), 1, "{}", done.stdout);
    assert!(!done.stdout.contains("error["), "{}", done.stdout);
    assert!(!done.stdout.contains("row failed"), "{}", done.stdout);
    let all = run(dir.path(), &["check", "--against", "HEAD", "--all"]);
    assert_eq!(all.code, 1);
    assert!(all.stdout.contains("error[syntax-error]") && all.stdout.contains("row failed"), "{}", all.stdout);
    // The other reports agree.
    for (format, absent) in [("github", "::error"), ("markdown", "| error |"), ("junit", "<failure")] {
        let done = run(dir.path(), &["check", "--against", "HEAD", "--report", format]);
        assert!(!done.stdout.contains(absent), "{format}: {}", done.stdout);
    }
    let sarif = run(dir.path(), &["check", "--against", "HEAD", "--report", "sarif"]).stdout;
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    assert!(!results.is_empty() && results.iter().all(|one| one["baselineState"] == "unchanged"), "{sarif:#}");
    // Without a base all of it counts.
    assert_eq!(json(dir.path(), &["check"]).1, 1);
}

/// A change, by what it writes and removes, and what is new then.
struct Change {
    what: &'static str,
    files: Vec<(&'static str, String)>,
    removed: &'static [&'static str],
    new: &'static [&'static str],
}

fn change(
    what: &'static str,
    files: &[(&'static str, &str)],
    removed: &'static [&'static str],
    new: &'static [&'static str],
) -> Change {
    let files = files.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
    Change { what, files, removed, new }
}

#[test]
fn a_check_is_red_exactly_for_what_is_new() {
    let moved = UNSAFE.replace(
        "\npermit (principal, action, resource)",
        "  // a word\n  permit(principal,\n    action,\n    resource)\n",
    );
    let renamed = ROWS.replace("name: wrong", "name: otherwise");
    let stated = ROWS.replace("Doc::\"d\"", "Doc::\"e\"");
    let both = format!("{UNSAFE}{DEAD}{GOOD}");
    let twice = format!("{UNSAFE}{}", UNSAFE.replace("@id(\"unsafe\")", "@id(\"copy\")"));
    let more_actions = SCHEMA.replace("view, edit", "view, edit, share");
    let more_types = format!(
        "{SCHEMA}entity Page {{ owner?: User, n: Long }};\naction read appliesTo {{ principal: User, resource: Page }};\n"
    );
    let more_attributes = SCHEMA.replace("n: Long }", "n: Long, m: Long }");
    let other = UNSAFE.replace("unsafe", "other").replace("resource.owner == principal", "principal == resource.owner");
    let edited = UNSAFE.replace("resource.owner == principal", "resource.n == 5 && resource.owner == principal");
    let two_rows = format!("{ROWS}{}", ROWS.replace("tests:\n", "").replace("wrong", "second").replace("edit", "view"));
    let broken_too = format!("{GOOD}{}", BROKEN.replace("permit", "forbid"));
    let stricter = format!("{CONFIG}[rules]\nunconditional-permit = \"error\"\n");
    for case in [
        change(
            "nothing but a healthy policy",
            &[("more.cedar", &GOOD.replace("good", "more").replace("3", "4"))],
            &[],
            &[],
        ),
        change("reformatted and commented", &[("unsafe.cedar", &moved)], &[], &[]),
        change("moved to another file", &[("a/b.cedar", UNSAFE)], &["unsafe.cedar"], &[]),
        change("three files become one", &[("all.cedar", &both)], &["unsafe.cedar", "dead.cedar", "good.cedar"], &[]),
        change("a broken file is renamed", &[("other/a/b.cedar", BROKEN)], &["other/broken.cedar"], &[]),
        change("a row is renamed", &[("rows_test.yaml", &renamed)], &[], &[]),
        change("a table is moved", &[("t/rows_test.yaml", ROWS)], &["rows_test.yaml"], &[]),
        change("an action is added", &[("app.cedarschema", &more_actions)], &[], &[]),
        change("a type is added, with an action of its own", &[("app.cedarschema", &more_types)], &[], &[]),
        change("an attribute is added", &[("app.cedarschema", &more_attributes)], &[], &[]),
        change("a rule is made stricter where nothing breaks it", &[("polcheck.toml", &stricter)], &[], &[]),
        change(
            "two where the base has one",
            &[("unsafe.cedar", &twice)],
            &[],
            &["shadowed-permit unsafe.cedar", "unsafe-optional-attribute unsafe.cedar"],
        ),
        change(
            "the same in another policy",
            &[("other.cedar", &other)],
            &[],
            &["shadowed-permit unsafe.cedar", "unsafe-optional-attribute other.cedar"],
        ),
        change(
            "the policy is another one now",
            &[("unsafe.cedar", &edited)],
            &[],
            &["redundant-policy suppressed.cedar", "unsafe-optional-attribute unsafe.cedar"],
        ),
        change("one more file is broken", &[("good.cedar", &broken_too)], &[], &["syntax-error good.cedar"]),
        change(
            "a broken file is mended and another one breaks",
            &[("other/broken.cedar", ""), ("good.cedar", &broken_too)],
            &[],
            &["syntax-error good.cedar"],
        ),
        change("one more row fails", &[("rows_test.yaml", &two_rows)], &[], &["rows_test.yaml#second"]),
        change("a row states something else", &[("rows_test.yaml", &stated)], &[], &["rows_test.yaml#wrong"]),
        change(
            "one more schema governs nothing",
            &[("side/b.cedarschema", "entity Other;\n")],
            &[],
            &["unused-schema side/b.cedarschema"],
        ),
        change(
            "a path that names nothing",
            &[("polcheck.toml", &CONFIG.replace("\"nowhere\"", "\"nowhere\", \"nobody\""))],
            &[],
            &["unused-configuration polcheck.toml"],
        ),
    ] {
        let dir = old();
        write(dir.path(), &case.files.iter().map(|(path, text)| (*path, text.as_str())).collect::<Vec<_>>());
        for path in case.removed {
            std::fs::remove_file(dir.path().join(path)).unwrap();
        }
        let (report, code) = check(dir.path());
        assert_eq!(fresh(&report), case.new, "{}", case.what);
        assert_eq!(code == 1, !case.new.is_empty(), "{}: {code}", case.what);
        // Committed, and looked at from the commit, it is the same; and the next change is not red for it.
        git(dir.path(), &["add", "-A"]);
        git(dir.path(), &["commit", "-qm", "two"]);
        assert_eq!(fresh(&json(dir.path(), &["check", "--against", "HEAD~1"]).0), case.new, "{}", case.what);
        assert_eq!(fresh(&check(dir.path()).0), Vec::<String>::new(), "{}", case.what);
        // Of a part of the repository, only what is new there.
        if case.removed.contains(&"dead.cedar") {
            continue;
        }
        let healthy = fresh(&json(dir.path(), &["check", "--against", "HEAD~1", "dead.cedar", "--staged"]).0);
        assert!(healthy.iter().all(|one| case.new.contains(&one.as_str())), "{}: {healthy:?}", case.what);
    }
}

/// A finding that reaches a request environment which both sides have is new; one that only reaches what the head adds
/// belongs to the one that is there.
#[test]
fn a_finding_that_reaches_further_is_new() {
    let schema = |pages: &str, more: &str| {
        format!(
            "entity User; entity Doc {{ n: Long, owner?: User }}; entity Page {pages};\n\
             action view appliesTo {{ principal: User, resource: Doc }};\n\
             action read appliesTo {{ principal: User, resource: Page }};\n{more}"
        )
    };
    let policy = "@id(\"p\")\npermit (principal, action, resource) when { resource.owner == principal };\n";
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(dir.path(), &[("app.cedarschema", &schema("{ owner: User }", "")), ("p.cedar", policy)]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    // Pages have no certain owner any more.
    write(dir.path(), &[("app.cedarschema", &schema("{ owner?: User }", ""))]);
    assert_eq!(fresh(&check(dir.path()).0), ["unsafe-optional-attribute p.cedar"]);
    // What the head adds has none either.
    let added = "entity Note { owner?: User };\naction note appliesTo { principal: User, resource: Note };\n";
    write(dir.path(), &[("app.cedarschema", &schema("{ owner: User }", added))]);
    let (report, _) = check(dir.path());
    assert_eq!(fresh(&report), Vec::<String>::new(), "{report:#}");
}

/// The comparison alone says how `diff` exits; what cannot be read makes it undecided, unless it reads the same.
#[test]
fn a_comparison_exits_by_what_it_compares() {
    let dir = old();
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((code, report["outcome"].as_str()), (0, Some("clean")), "{report:#}");
    assert!(!report["findings"].as_array().unwrap().is_empty());
    // The answer comes first.
    let text = run(dir.path(), &["diff", "HEAD"]).stdout;
    assert!(text.find("no change").unwrap() < text.find("error[syntax-error]").unwrap(), "{text}");
    for (path, text) in [("good.cedar", format!("{GOOD}{BROKEN}")), ("other/broken.cedar", String::new())] {
        let dir = old();
        write(dir.path(), &[(path, &text)]);
        let (report, code) = diff(dir.path(), &["HEAD"]);
        assert_eq!(code, 4, "{path}: {report:#}");
        let said = report["notices"].to_string();
        assert!(said.contains("change-open") && said.contains(path), "{said}");
        // What was not asked for does not matter.
        let other = diff(dir.path(), &["HEAD", "--", "side"]);
        assert_ne!(other.1, 4, "{path}: {:#}", other.0);
    }
    // Rows and entities decide nothing about permissions.
    let dir = old();
    write(dir.path(), &[("rows_test.yaml", "tests: 7\n"), ("other/app.cedarentities.json", "[7]")]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!(code, 0, "{report:#}");
}
