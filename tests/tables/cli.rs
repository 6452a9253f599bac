//! Which rows `polcheck test` runs, and what it says of the others.

use std::collections::BTreeSet;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{json, run, statuses, write};

const SCHEMA: &str = "entity User, Doc; action view, edit appliesTo { principal: User, resource: Doc };\n";
const POLICIES: &str = "@id(\"all\") permit(principal == User::\"ann\", action, resource);\n\
    @id(\"loud\") permit(principal, action == Action::\"edit\", resource) when { resource.size > 3 };\n";
const TABLE: &str = r#"
entities: [ { uid: 'User::"ann"' }, { uid: 'User::"bob"' }, { uid: 'Doc::"a"', attrs: { size: 1 } } ]
tests:
  - { name: ann views, principal: 'User::"ann"', action: view, resource: 'Doc::"a"', expect: allow }
  - { name: bob views, principal: 'User::"bob"', action: view, resource: 'Doc::"a"', expect: deny }
  - { name: cat, principal: 'User::"cat"', resource: 'Doc::"b"', deny: rest }
  - { name: wrong, principal: 'User::"bob"', action: view, resource: 'Doc::"a"', expect: allow }
  - { name: unreadable, principal: bob, action: view, resource: 'Doc::"a"', expect: allow }
  - { name: later, skip: not yet }
"#;

fn place() -> TempDir {
    let dir = TempDir::new().unwrap();
    let schema = SCHEMA.replace("User, Doc;", "User; entity Doc = { size: Long };");
    write(dir.path(), &[("s.cedarschema", &schema), ("p.cedar", POLICIES), ("a_test.yaml", TABLE)]);
    dir
}

fn ids(report: &Value) -> Vec<String> {
    let rows = report["tests"].as_array().unwrap().iter();
    rows.map(|row| row["id"].as_str().unwrap().trim_start_matches("a_test.yaml#").to_owned()).collect()
}

#[test]
fn filters_narrow_down() {
    let dir = place();
    let all = json(dir.path(), &["test"]).0;
    assert_eq!(ids(&all), ["ann views", "bob views", "cat / edit", "cat / view", "wrong", "unreadable", "later"]);
    for (filters, wanted) in [
        (&["views"][..], &["ann views", "bob views"][..]),
        (&["name=*views"], &["ann views", "bob views"]),
        (&["name=views*"], &[]),
        (&["file=a_test"], &["ann views", "bob views", "cat / edit", "cat / view", "wrong", "unreadable", "later"]),
        (&["file=b_test"], &[]),
        // What a row would have said that cannot be read is not known, so it is never left out for it.
        (&["principal=User::\"bob\""], &["bob views", "wrong", "unreadable"]),
        (&["action=edit"], &["cat / edit", "unreadable"]),
        (&["resource=\"b\""], &["cat / edit", "cat / view", "unreadable"]),
        (&["expect=allow"], &["ann views", "wrong", "unreadable"]),
        (&["expect=deny", "principal=bob"], &["bob views", "unreadable"]),
    ] {
        let args: Vec<&str> = filters.iter().flat_map(|filter| ["--filter", filter]).collect();
        let (report, code) = json(dir.path(), &[&["test"], &args[..]].concat());
        assert_eq!(ids(&report), wanted, "{filters:?}");
        let left = 7 - wanted.len();
        let said = report["gaps"].to_string();
        assert_eq!(left > 0, said.contains("leave out"), "{filters:?}: {said}");
        assert!(left < 2 || said.contains(&format!("{left} rows")), "{said}");
        if wanted.is_empty() {
            assert_eq!((code, &report["outcome"]), (3, &"nothing_checked".into()), "{filters:?}");
        }
    }
    let wrong = run(dir.path(), &["test", "--filter", "acton=edit"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("did you mean `action`?"), "{}", wrong.stderr);
}

#[test]
fn filters_know_what_a_question_for_everybody_is_about() {
    let dir = place();
    let row = "tests:\n  - { name: w, who-can: { action: view, resource: 'Doc::\"a\"', expect: [] }, with: { 'User::\"ann\"': } }\n";
    write(dir.path(), &[("a_test.yaml", row)]);
    for (filter, rows) in
        [("principal=ann", 1), ("principal=bob", 0), ("action=view", 1), ("action=edit", 0), ("resource=\"a\"", 1)]
    {
        let (report, code) = json(dir.path(), &["test", "--filter", filter]);
        // It fails, and no filter that it fits makes that vanish.
        assert_eq!((statuses(&report), code), ([0, rows, 0], if rows == 1 { 1 } else { 3 }), "{filter}");
    }
}

#[test]
fn shares_together_are_everything() {
    let dir = place();
    let all: BTreeSet<String> = ids(&json(dir.path(), &["test"]).0).into_iter().collect();
    for count in 1..5 {
        let mut seen = Vec::new();
        for index in 1..=count {
            seen.extend(ids(&json(dir.path(), &["test", "--shard", &format!("{index}/{count}")]).0));
        }
        assert_eq!(seen.len(), all.len(), "{count}");
        assert_eq!(seen.into_iter().collect::<BTreeSet<_>>(), all, "{count}");
    }
    for wrong in ["0/2", "3/2", "2", "a/b", "1/0"] {
        assert_eq!(run(dir.path(), &["test", "--shard", wrong]).code, 2, "{wrong}");
    }
}

#[test]
fn fail_fast_stops_at_the_first_failure_and_says_so() {
    let dir = place();
    let (report, code) = json(dir.path(), &["test", "--fail-fast"]);
    assert_eq!(ids(&report), ["ann views", "bob views", "cat / edit", "cat / view", "wrong"]);
    assert_eq!((statuses(&report), code), ([4, 1, 0], 1));
    assert!(report["gaps"].to_string().contains("--fail-fast"), "{}", report["gaps"]);
    // Nothing is said when there was nothing to stop for.
    let (report, code) = json(dir.path(), &["test", "--fail-fast", "--filter", "views"]);
    assert_eq!((statuses(&report), code), ([2, 0, 0], 0));
    assert!(!report["gaps"].to_string().contains("--fail-fast"));
}

#[test]
fn a_list_names_rows_and_runs_none() {
    let dir = place();
    let listed = run(dir.path(), &["test", "--list", "--filter", "a"]);
    let lines: Vec<_> = listed.stdout.lines().take(6).collect();
    assert_eq!(
        lines,
        [
            "allow  a_test.yaml#ann views",
            "deny   a_test.yaml#bob views",
            "deny   a_test.yaml#cat / edit",
            "deny   a_test.yaml#cat / view",
            "allow  a_test.yaml#wrong",
            "skip   a_test.yaml#later",
        ]
    );
    // A row that cannot be read cannot be listed, and is not lost.
    assert!(listed.stdout.contains("row could not run: unreadable"), "{}", listed.stdout);
    assert_eq!(listed.code, 1);
    let good = run(dir.path(), &["test", "--list", "--filter", "views"]);
    assert_eq!((good.code, good.stdout.lines().count()), (0, 2));
    assert_eq!(run(dir.path(), &["test", "--list", "--filter", "none of them"]).code, 3);
}

#[test]
fn what_is_probably_not_meant_is_said() {
    let dir = place();
    let table = r#"
entities: [ { uid: 'User::"billing-admin"' }, { uid: 'Doc::"quarterly"', attrs: { size: 1 } } ]
tests:
  - { principal: 'User::"biling-admin"', action: view, resource: 'Doc::"quarterly"', expect: deny }
  - { principal: 'User::"somebody"', action: view, resource: 'Doc::"quarterly"', expect: deny }
  - { principal: 'User::"billing-admin"', action: edit, resource: 'Doc::"new"', expect: deny }
  - { principal: 'User::"billing-admin"', action: edit, resource: 'Doc::"new"', expect: deny, errors: 1 }
"#;
    // What exists nowhere is a finding; this one is in a policy, and not among the entities of the table.
    let policy = "permit(principal == User::\"biling-admin\", action == Action::\"edit\", resource);";
    write(dir.path(), &[("a_test.yaml", table), ("q.cedar", policy)]);
    let (report, code) = json(dir.path(), &["test"]);
    assert_eq!((statuses(&report), code), ([4, 0, 0], 0));
    let remarks: Vec<_> = report["remarks"].as_array().unwrap().iter().map(|said| said.as_str().unwrap()).collect();
    let [stranger, fails] = remarks.as_slice() else { panic!("{remarks:#?}") };
    assert_eq!(
        *stranger,
        "User::\"biling-admin\" is not among the entities, and User::\"billing-admin\" is (a_test.yaml#1)"
    );
    assert!(fails.starts_with("`p.cedar#loud` fails to evaluate and is skipped"), "{fails}");
    assert!(fails.ends_with("(a_test.yaml#3)"), "{fails}");
    assert!(run(dir.path(), &["test"]).stdout.contains("note: User::\"biling-admin\""));
}

#[test]
fn passing_rows_are_counted_whether_they_are_kept_or_not() {
    let dir = place();
    let args = ["test", "--filter", "views"];
    let brief = run(dir.path(), &args).stdout;
    let every = run(dir.path(), &[&args[..], &["-v"]].concat()).stdout;
    let (report, _) = json(dir.path(), &args);
    assert_eq!(report["summary"]["tests"]["pass"], 2);
    for text in [&brief, &every] {
        assert!(text.contains("clean; 2 of 2 rows passed"), "{text}");
    }
    assert!(every.contains("✓ a_test.yaml#ann views") && !brief.contains('✓'), "{every}");
}
