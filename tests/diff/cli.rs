//! `polcheck diff` as users call it: revisions, ranges, the index, folders and files, mistakes, exit codes.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{diff, git, json, run, write};

const SCHEMA: &str =
    "entity User { a: Bool }; entity Doc; action view, edit appliesTo { principal: User, resource: Doc };\n";
const VIEW: &str = "permit (principal, action == Action::\"view\", resource);\n";
const EDIT: &str = "permit (principal, action == Action::\"edit\", resource);\n";
const TEMPLATE: &str = "@id(\"t\") permit (principal == ?principal, action, resource);\n";

fn commit(dir: &Path, files: &[(&str, &str)], message: &str) {
    write(dir, files);
    git(dir, &["add", "-A", "."]);
    git(dir, &["commit", "-qm", message, "--allow-empty"]);
}

/// A repository whose only commit holds `files`.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    commit(dir.path(), files, "first");
    dir
}

fn one() -> TempDir {
    repository(&[("s.cedarschema", SCHEMA), ("p.cedar", VIEW)])
}

/// Stores, actions and relations, in the order of the report.
fn relations(report: &Value) -> Vec<String> {
    let changes = report["changes"].as_array().unwrap().iter();
    let short = |change: &Value| {
        let action = change["environment"]["action"].as_str().unwrap().replace("Action::", "").replace('"', "");
        format!("{} {action} {}", change["store"].as_str().unwrap(), change["relation"].as_str().unwrap())
    };
    changes.map(short).collect()
}

/// `args` end with the exit code 2 and a word about why, and nothing on standard output.
fn refused(dir: &Path, args: &[&str], why: &str) {
    let run = run(dir, &[&["diff"], args].concat());
    assert_eq!(run.code, 2, "{args:?}\n{}\n{}", run.stdout, run.stderr);
    assert!(run.stderr.contains(why), "{args:?}: {}", run.stderr);
    assert_eq!(run.stdout, "", "{args:?}");
}

#[test]
fn one_revision_is_compared_with_the_worktree_or_the_index() {
    let dir = one();
    write(dir.path(), &[("p.cedar", EDIT)]);
    git(dir.path(), &["add", "."]);
    write(dir.path(), &[("p.cedar", &format!("{VIEW}{EDIT}")), ("new.cedar", "")]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((relations(&report), code), (vec![". edit gained".to_owned(), ". view same".to_owned()], 0));
    assert_eq!(report["outcome"], "changes");
    let (report, code) = diff(dir.path(), &["HEAD", "--staged"]);
    assert_eq!((relations(&report), code), (vec![". edit gained".to_owned(), ". view lost".to_owned()], 0));
    // Files that are not tracked count in the worktree, and only there.
    write(dir.path(), &[("p.cedar", VIEW), ("untracked.cedar", EDIT)]);
    git(dir.path(), &["add", "p.cedar"]);
    let (report, _) = diff(dir.path(), &["HEAD"]);
    assert_eq!(relations(&report), [". edit gained", ". view same"]);
    let (report, _) = diff(dir.path(), &["HEAD", "--staged"]);
    assert_eq!(relations(&report), [". edit same", ". view same"]);
    assert_eq!(report["outcome"], "clean");
    // From a folder below, the whole repository is meant all the same.
    write(dir.path(), &[("below/readme.txt", "")]);
    let (report, _) = diff(&dir.path().join("below"), &["HEAD"]);
    assert_eq!(relations(&report), [". edit gained", ". view same"]);
}

#[test]
fn ranges_mean_what_they_mean_to_git() {
    let dir = one();
    let path = dir.path();
    git(path, &["tag", "base"]);
    git(path, &["checkout", "-qb", "feature"]);
    commit(path, &[("p.cedar", &format!("{VIEW}{EDIT}"))], "feature");
    git(path, &["checkout", "-q", "main"]);
    commit(path, &[("p.cedar", "")], "main goes on");
    let of = |args: &[&str]| {
        let (report, code) = diff(path, args);
        assert_eq!(code, 0, "{args:?}");
        relations(&report)
    };
    for args in [&["base", "feature"][..], &["base..feature"], &["main...feature"]] {
        assert_eq!(of(args), [". edit gained", ". view same"], "{args:?}");
    }
    assert_eq!(of(&["main..feature"]), [". edit gained", ". view gained"]);
    assert_eq!(of(&["feature..main"]), [". edit lost", ". view lost"]);
    assert_eq!(of(&["feature...main"]), [". edit same", ". view lost"]);
    assert_eq!(of(&["feature..HEAD"]), of(&["feature.."]));
    assert_eq!(of(&["feature", "feature"]), [". edit same", ". view same"]);
    let (report, _) = diff(path, &["base..feature"]);
    assert_eq!(report["new"]["commit"], git(path, &["rev-parse", "feature"]));
    assert_eq!(report["old"]["commit"], git(path, &["rev-parse", "base"]));
    let (report, _) = diff(path, &["main...feature"]);
    assert_eq!(report["old"]["commit"], git(path, &["rev-parse", "base"]));
    // A range leaves the worktree alone.
    write(path, &[("p.cedar", "permit (oops"), ("s.cedarschema", "entity")]);
    assert_eq!(of(&["base..feature"]), [". edit gained", ". view same"]);
}

#[test]
fn mistakes_are_said() {
    let dir = one();
    let path = dir.path();
    refused(path, &["nowhere"], "no revision `nowhere`");
    refused(path, &["HEAD..nowhere"], "no revision `nowhere`");
    refused(path, &["nowhere...HEAD"], "no revision `nowhere`");
    refused(path, &[""], "empty revision");
    refused(path, &["HEAD", "HEAD", "--staged"], "--staged");
    refused(path, &["HEAD..HEAD", "--staged"], "--staged");
    refused(path, &["HEAD", "HEAD..HEAD"], "range");
    refused(path, &["HEAD..HEAD", "HEAD"], "range");
    refused(path, &["HEAD", "--", "nowhere"], "no `nowhere` on either side");
    refused(path, &["HEAD", "--store", "nowhere"], "no store `nowhere`");
    refused(path, &["HEAD", "--files", ".", "."], "--files");
    refused(path, &["--files", "."], "--files");
    refused(path, &["--files", ".", "nowhere"], "no `nowhere`");
    refused(path, &["--files", ".", ".", "--staged"], "--staged");
    refused(path, &["--files", ".", ".", "--", "p.cedar"], "--files");
    refused(path, &["--files", ".", ".", "-s", "s.cedarschema", "--old-schema", "s.cedarschema"], "--old-schema");
    let nowhere = TempDir::new().unwrap();
    write(nowhere.path(), &[("p.cedar", VIEW)]);
    refused(nowhere.path(), &["HEAD"], "not in a git repository");
    let empty = TempDir::new().unwrap();
    git(empty.path(), &["init", "-q"]);
    refused(empty.path(), &["HEAD"], "HEAD");
}

#[test]
fn a_schema_is_for_files_only() {
    let dir = one();
    for option in ["-s", "--old-schema", "--new-schema"] {
        refused(dir.path(), &["HEAD", option, "s.cedarschema"], "--files");
    }
}

#[test]
fn paths_limit_both_sides() {
    let files = [("a/s.cedarschema", SCHEMA), ("a/p.cedar", VIEW), ("b/s.cedarschema", SCHEMA), ("b/p.cedar", VIEW)];
    let dir = repository(&files);
    write(dir.path(), &[("a/p.cedar", EDIT), ("b/p.cedar", "")]);
    let of = |args: &[&str]| {
        let (report, code) = diff(dir.path(), args);
        assert_eq!(code, 0, "{args:?}");
        relations(&report)
    };
    let (a, b) = (["a edit gained", "a view lost"], ["b edit same", "b view lost"]);
    assert_eq!(of(&["HEAD"]), [a, b].concat());
    assert_eq!(of(&["HEAD", "--", "a", "b"]), [a, b].concat());
    assert_eq!(of(&["HEAD", "--", "b"]), b);
    assert_eq!(of(&["HEAD", "--store", "a"]), a);
    let (report, _) = diff(&dir.path().join("a"), &["HEAD", "--", "."]);
    assert_eq!(relations(&report), a);
    // A folder that only one side has.
    std::fs::remove_dir_all(dir.path().join("b")).unwrap();
    assert_eq!(of(&["HEAD", "--", "b"]), b);
    write(dir.path(), &[("c/s.cedarschema", SCHEMA), ("c/p.cedar", EDIT)]);
    assert_eq!(of(&["HEAD", "--", "c"]), ["c edit gained", "c view same"]);
}

#[test]
fn folders_and_files_need_no_git() {
    let dir = TempDir::new().unwrap();
    let path = dir.path();
    let narrow = SCHEMA.replace("view, edit", "view");
    write(path, &[("old/s.cedarschema", SCHEMA), ("old/deep/p.cedar", VIEW), ("new/s.cedarschema", SCHEMA)]);
    write(path, &[("new/p.cedar", EDIT), ("narrow.cedarschema", &narrow), ("q.cedar", VIEW), ("r.cedar", EDIT)]);
    let of = |args: &[&str]| {
        let (report, code) = diff(path, &[&["--files"], args].concat());
        assert_eq!(code, 0, "{args:?}");
        relations(&report).iter().map(|line| line.split_once(' ').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(&["old", "new"]), ["edit gained", "view lost"]);
    assert_eq!(of(&["new", "old"]), ["edit lost", "view gained"]);
    assert_eq!(of(&["old", "old"]), ["edit same", "view same"]);
    assert_eq!(of(&["q.cedar", "r.cedar", "-s", "old/s.cedarschema"]), ["edit gained", "view lost"]);
    assert_eq!(of(&["q.cedar", "r.cedar", "--schema", "narrow.cedarschema"]), ["view lost"]);
    assert_eq!(of(&["old/deep", "new", "-s", "old/s.cedarschema"]), ["edit gained", "view lost"]);
    let sides = ["--old-schema", "old/s.cedarschema", "--new-schema", "narrow.cedarschema"];
    assert_eq!(of(&[&["q.cedar", "q.cedar"][..], &sides].concat()), ["edit same", "view same"]);
    assert_eq!(of(&[&["r.cedar", "q.cedar"][..], &sides].concat()), ["edit lost", "view gained"]);
    let (report, _) = diff(path, &[&["--files", "r.cedar", "q.cedar"][..], &sides].concat());
    let lifecycles: Vec<_> = report["changes"].as_array().unwrap().iter().map(|change| &change["lifecycle"]).collect();
    assert_eq!(lifecycles, ["removed", "kept"]);
    assert_eq!((&report["old"]["label"], &report["old"]["commit"]), (&"r.cedar".into(), &Value::Null));
}

#[test]
fn stores_move_come_and_go() {
    let dir = repository(&[("app/s.cedarschema", SCHEMA), ("app/p.cedar", VIEW)]);
    git(dir.path(), &["mv", "app", "service"]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((relations(&report), code), (vec!["service edit same".to_owned(), "service view same".to_owned()], 0));
    let text = &report["text_changes"][0];
    assert_eq!(
        (&text["store"], &text["old_store"], &text["lifecycle"]),
        (&"service".into(), &"app".into(), &"kept".into())
    );
    git(dir.path(), &["mv", "service", "app"]);
    write(dir.path(), &[("other/s.cedarschema", SCHEMA), ("other/p.cedar", EDIT)]);
    let (report, _) = diff(dir.path(), &["HEAD"]);
    assert_eq!(relations(&report), ["app edit same", "app view same", "other edit gained", "other view same"]);
    assert_eq!(report["text_changes"][1]["lifecycle"], "added");
    commit(dir.path(), &[], "two");
    std::fs::remove_dir_all(dir.path().join("app")).unwrap();
    let (report, _) = diff(dir.path(), &["HEAD"]);
    assert_eq!(relations(&report), ["app edit same", "app view lost", "other edit same", "other view same"]);
    assert_eq!(report["text_changes"][0]["lifecycle"], "removed");
}

#[test]
fn exit_codes_tell_changes_from_what_is_not_known() {
    let dir = repository(&[("readme.txt", "")]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((code, &report["outcome"]), (3, &"nothing_checked".into()));
    write(dir.path(), &[("s.cedarschema", SCHEMA)]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((code, &report["outcome"]), (0, &"clean".into()), "a schema alone can be read, and permits nothing");
    write(dir.path(), &[("p.cedar", VIEW)]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((code, &report["outcome"]), (0, &"changes".into()), "the first policies");
    commit(dir.path(), &[], "policies");
    write(dir.path(), &[("p.cedar", "")]);
    assert_eq!(diff(dir.path(), &["HEAD"]).1, 0, "the last policies go");
    write(dir.path(), &[("p.cedar", TEMPLATE)]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((code, &report["outcome"]), (4, &"inconclusive".into()));
    assert_eq!(report["inconclusive_reasons"].as_array().unwrap().len(), 1);
    assert_eq!(relations(&report), [". edit unknown", ". view lost"]);
    // What does not load on either side is something that is not known.
    write(dir.path(), &[("p.cedar", VIEW), ("q.cedar", "permit (oops")]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((code, &report["outcome"]), (4, &"inconclusive".into()));
    assert_eq!(relations(&report), [". edit unknown", ". view unknown"]);
    commit(dir.path(), &[], "broken");
    std::fs::remove_file(dir.path().join("q.cedar")).unwrap();
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((code, &report["outcome"]), (4, &"inconclusive".into()), "{report:#}");
    // Without a schema, equal policies are enough.
    let dir = repository(&[("p.cedar", VIEW)]);
    write(dir.path(), &[("p.cedar", &format!("// said again\n{VIEW}"))]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((code, &report["outcome"]), (0, &"clean".into()));
    write(dir.path(), &[("p.cedar", EDIT)]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((code, &report["outcome"]), (0, &"changes".into()));
    assert_eq!(report["text_changes"][0]["assumed"], serde_json::json!(["inferred-schema"]), "{report:#}");
    // Unless nobody is to rely on what is inferred.
    write(dir.path(), &[("polcheck.toml", "[schema]\ninferred = \"refuse\"\n")]);
    let (report, code) = diff(dir.path(), &["HEAD"]);
    assert_eq!((code, &report["outcome"]), (4, &"inconclusive".into()));
    assert_eq!(report["undecided"].as_array().unwrap().len(), 1, "{report:#}");
}

#[test]
fn the_report_has_the_keys_that_are_promised() {
    let dir = one();
    let schema = SCHEMA.replace("a: Bool", "a: Bool, b?: Long");
    write(dir.path(), &[("p.cedar", EDIT), ("s.cedarschema", &schema)]);
    let (report, _) = diff(dir.path(), &["HEAD"]);
    let has = |value: &Value, keys: &[&str]| {
        for key in keys {
            assert!(value.get(key).is_some(), "no {key} in {value:#}");
        }
    };
    has(&report, &["polcheck", "format", "command", "outcome", "exit", "summary", "findings", "tests", "old", "new"]);
    has(&report, &["schema_changes", "changes", "set_aside", "accepted", "weakened", "text_changes", "undecided"]);
    assert_eq!(report["command"], "diff");
    assert_eq!(report["old"]["label"], "HEAD");
    assert_eq!(report["old"]["commit"], git(dir.path(), &["rev-parse", "HEAD"]));
    assert_ne!(report["old"]["schema"], report["new"]["schema"]);
    assert_eq!(
        (&report["schema_changes"][0]["kind"], &report["schema_changes"][0]["what"]),
        (&"attribute_added".into(), &"User.b".into())
    );
    let edit = &report["changes"][0];
    has(edit, &["store", "environment", "lifecycle", "relation", "gained", "lost"]);
    has(&edit["environment"], &["principal", "action", "resource"]);
    for direction in ["gained", "lost"] {
        has(&edit[direction], &["status", "effects"]);
    }
    assert_eq!((&edit["gained"]["status"], &edit["lost"]["status"]), (&"yes".into(), &"no".into()));
    let effect = &edit["gained"]["effects"][0];
    has(effect, &["witness", "condition", "exact", "causes", "fingerprint"]);
    has(&effect["witness"], &["request", "entities"]);
    let cause = &effect["causes"][0];
    has(cause, &["policy", "change", "new"]);
    let change = (cause["change"].as_str().unwrap(), cause["old"].is_null());
    assert!(["added", "edited"].contains(&change.0) && change.1 == (change.0 == "added"), "{cause:#}");
    assert_eq!(cause["new"]["path"], "p.cedar");
    // The same twice is the same, byte for byte.
    let again = diff(dir.path(), &["HEAD"]).0;
    let changes = |report: &Value| report["changes"].to_string();
    assert_eq!(changes(&report), changes(&again));
}

/// The kind: a breaking change of a schema. What no longer fits is said before anything else, with what breaks it, and
/// what never fitted is not blamed on the schema.
#[test]
fn what_no_longer_fits_the_new_schema_comes_first() {
    let schema = "entity Team; entity User in [Team] { level: Long, name: String };\nentity Doc;\naction view, edit appliesTo { principal: User, resource: Doc };\n";
    let policies = "@id(\"seniors\")\npermit (principal, action == Action::\"view\", resource) when { principal.level > 3 };\n\
                    @id(\"typo\")\npermit (principal, action == Action::\"view\", resource) when { principal.lvel > 3 };\n\
                    @id(\"named\")\npermit (principal, action == Action::\"edit\", resource) when { principal.name == \"ann\" };\n";
    let entities = r#"[{"uid": {"type": "User", "id": "ann"}, "attrs": {"level": 4, "name": "ann"}, "parents": []}]"#;
    let rows = "tests:\n  - name: ann edits\n    principal: 'User::\"ann\"'\n    action: edit\n    resource: 'Doc::\"d\"'\n    expect: allow\n  - name: ann views\n    principal: 'User::\"ann\"'\n    action: view\n    resource: 'Doc::\"d\"'\n    expect: allow\n";
    let new = schema.replace("level: Long, ", "").replace("view, edit", "view");
    let dir = crate::documents::repository(
        &[("s.cedarschema", schema), ("p.cedar", policies), ("entities.json", entities), ("rows_test.yaml", rows)],
        &[("s.cedarschema", &new)],
    );
    let text = run(dir.path(), &["diff", "HEAD"]).stdout;
    let headline = text.lines().next().unwrap();
    assert!(
        headline.starts_with("2 policies, 1 entity and 1 row of a decision table no longer fit the new schema"),
        "{text}"
    );
    let report = json(dir.path(), &["diff", "HEAD"]).0;
    let unfit = report["no_longer_fits"].as_array().unwrap();
    let told: Vec<(&str, &str, Vec<&str>)> = unfit
        .iter()
        .map(|one| {
            let because = one["because"].as_array().unwrap().iter().map(|change| change["what"].as_str().unwrap());
            (one["kind"].as_str().unwrap(), one["name"].as_str().unwrap(), because.collect())
        })
        .collect();
    // A row that reads the broken entities, and is right, is not named.
    let expected = [
        ("policy", "p.cedar#seniors", vec!["User.level"]),
        ("policy", "p.cedar#named", vec!["Action::\"edit\""]),
        ("entity", "entities.json", vec!["User.level"]),
        ("row", "rows_test.yaml#ann edits", vec!["Action::\"edit\""]),
    ];
    assert_eq!(told, expected, "{text}");
    let first = text.find("no longer fits the new schema: ").unwrap();
    assert!(text.find("  + ").into_iter().chain(text.find("  - ")).all(|change| first < change), "{text}");
    write(dir.path(), &[("s.cedarschema", &schema.replace("view, edit", "view"))]);
    let report = json(dir.path(), &["diff", "HEAD"]).0;
    let row = &report["no_longer_fits"].as_array().unwrap()[1];
    assert_eq!((row["kind"].as_str(), row["name"].as_str()), (Some("row"), Some("rows_test.yaml#ann edits")));
    assert_eq!(row["because"][0]["what"], "Action::\"edit\"", "{row}");
}

/// The kind: a path that is there for whoever types it, and not for the place that is looked at.
#[test]
fn paths_are_relative_to_where_they_are_typed() {
    let place = tempfile::TempDir::new().unwrap();
    let repository = place.path().join("repo");
    std::fs::create_dir(&repository).unwrap();
    git(&repository, &["init", "-q"]);
    let schema = "entity User; entity Doc; action view appliesTo { principal: User, resource: Doc };";
    let of = |who: &str| format!("permit (principal == User::\"{who}\", action, resource);\n");
    write(&repository, &[("s.cedarschema", schema), ("policies/p.cedar", &of("ann"))]);
    git(&repository, &["add", "."]);
    git(&repository, &["commit", "-qm", "one"]);
    git(&repository, &["checkout", "-qb", "change"]);
    write(&repository, &[("policies/p.cedar", &(of("ann") + &of("bob")))]);
    git(&repository, &["commit", "-qam", "two"]);
    write(place.path(), &[("conf/gates.toml", "[diff]\ndeny = [\"gained\"]\n")]);
    let config = ["--config", "conf/gates.toml"];
    // From outside: the repository is that around the path, the configuration that beside the caller.
    let outside = run(place.path(), &[&["diff", "main...change"], &config[..], &["--", "repo/policies"]].concat());
    assert_eq!(outside.code, 1, "{}{}", outside.stdout, outside.stderr);
    assert!(outside.stdout.contains("conf/gates.toml:2:"), "{}", outside.stdout);
    assert!(!outside.stdout.contains(&*place.path().to_string_lossy()), "{}", outside.stdout);
    // As if started there: relative to that folder.
    let there = ["-C", "repo", "diff", "main...change", "--config", "../conf/gates.toml"];
    let there = run(place.path(), &there);
    assert_eq!(there.code, 1, "{}{}", there.stdout, there.stderr);
    let check = run(place.path(), &[&["check", "repo/policies"], &config[..]].concat());
    assert_eq!(check.code, 0, "{}{}", check.stdout, check.stderr);
    let check =
        run(place.path(), &["check", "repo/policies/p.cedar", "--against", "main", "--config", "conf/gates.toml"]);
    assert_eq!(check.code, 1, "{}{}", check.stdout, check.stderr);
    // What is in neither place is named as it was typed.
    let missing = run(place.path(), &["-C", "repo", "diff", "main...change", "--config", "conf/gates.toml"]);
    assert!(missing.code == 2 && missing.stderr.contains("`conf/gates.toml`"), "{}", missing.stderr);
    // A record says which commits it is about.
    let record = run(&repository, &["diff", "main...change", "--report", "markdown"]).stdout;
    let commit = |revision: &str| git(&repository, &["rev-parse", revision])[..12].to_owned();
    let said = format!(
        "Compared `the merge base of main and change` (old, `{}`) with `change` (new, `{}`)",
        commit("main"),
        commit("change")
    );
    assert!(record.contains(&said), "{record}");
}
