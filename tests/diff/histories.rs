//! Comparisons over the histories that real repositories have.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{git, json, run, write};

const SCHEMA: &str = "entity User; entity Doc;\n\
    action view, edit appliesTo { principal: User, resource: Doc, context: { mfa: Bool, team: String } };\n";
const VIEW: &str = "@id(\"view\")\npermit (principal, action == Action::\"view\", resource)\nwhen { context.mfa };\n";
const EDIT: &str =
    "@id(\"edit\")\npermit (principal, action == Action::\"edit\", resource)\nwhen { context.team == \"a\" };\n";

fn repository() -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["config", "core.autocrlf", "false"]);
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("policies/view.cedar", VIEW), ("policies/edit.cedar", EDIT)]);
    commit(dir.path(), "one");
    dir
}

fn commit(dir: &Path, message: &str) {
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-qm", message]);
}

/// `action relation` of every environment that is not the same.
fn changed(report: &Value) -> Vec<String> {
    let all = report["changes"].as_array().unwrap().iter();
    let shown = |change: &Value| {
        let action = change["environment"]["action"].as_str().unwrap().split('"').nth(1).unwrap().to_owned();
        format!("{action} {}", change["relation"].as_str().unwrap())
    };
    all.filter(|change| change["relation"] != "same").map(shown).collect()
}

fn diff(dir: &Path, args: &[&str]) -> Vec<String> {
    let (report, code) = json(dir, &[&["diff"], args].concat());
    assert_eq!(code, 0, "{args:?}: {}", report["inconclusive_reasons"]);
    changed(&report)
}

const NONE: Vec<String> = Vec::new();

#[test]
fn a_branch_is_compared_with_where_it_left() {
    let dir = repository();
    let at = dir.path();
    git(at, &["checkout", "-qb", "feature"]);
    write(at, &[("policies/view.cedar", &VIEW.replace("when { context.mfa }", ""))]);
    commit(at, "open view");
    git(at, &["checkout", "-q", "main"]);
    write(at, &[("policies/edit.cedar", &EDIT.replace("\"a\"", "\"b\""))]);
    commit(at, "move edit to another team");
    assert_eq!(diff(at, &["main...feature"]), ["view gained"]);
    assert_eq!(diff(at, &["main", "feature"]), ["edit both", "view gained"]);
    assert_eq!(diff(at, &["main..feature"]), ["edit both", "view gained"]);
    assert_eq!(diff(at, &["feature..main"]), ["edit both", "view lost"]);
    // A merge shows what the other branch brings, to each parent.
    git(at, &["merge", "-q", "-m", "merge", "feature"]);
    assert_eq!(diff(at, &["HEAD^1", "HEAD"]), ["view gained"]);
    assert_eq!(diff(at, &["HEAD^2", "HEAD"]), ["edit both"]);
    assert_eq!(diff(at, &["HEAD"]), NONE);
    git(at, &["checkout", "-q", "--detach", "HEAD~1"]);
    assert_eq!(diff(at, &["main"]), ["view lost"]);
}

#[test]
fn renames_moves_and_splits_change_nothing() {
    let dir = repository();
    let at = dir.path();
    git(at, &["mv", "policies", "rules"]);
    git(at, &["mv", "rules/view.cedar", "rules/reading.cedar"]);
    assert_eq!(diff(at, &["HEAD"]), NONE);
    assert_eq!(diff(at, &["HEAD", "--staged"]), NONE);
    let both =
        format!("// All of it.\n{EDIT}\n{}", VIEW.replace("@id(\"view\")", "@id(\"reading\")\n@owner(\"docs\")"));
    std::fs::remove_dir_all(at.join("rules")).unwrap();
    write(at, &[("all.cedar", &both)]);
    assert_eq!(diff(at, &["HEAD"]), NONE);
    let (report, _) = json(at, &["diff", "HEAD"]);
    assert_eq!((&report["outcome"], &report["text_changes"][0]["moved"]), (&"clean".into(), &2.into()));
    // The whole tree one folder down: the store has another name, and is the same.
    std::fs::create_dir(at.join("app")).unwrap();
    for file in ["app.cedarschema", "all.cedar"] {
        std::fs::rename(at.join(file), at.join("app").join(file)).unwrap();
    }
    assert_eq!(diff(at, &["HEAD"]), NONE);
}

#[test]
fn a_schema_that_changes_in_a_commit_of_its_own() {
    let dir = repository();
    let at = dir.path();
    let wider = SCHEMA
        .replace("team: String", "team: String, role?: String")
        .replace("action view, edit", "action view, edit, share");
    write(at, &[("app.cedarschema", &wider)]);
    commit(at, "schema");
    let roles = VIEW.replace("context.mfa", "context.mfa && context has role && context.role != \"guest\"");
    write(at, &[("policies/view.cedar", &roles)]);
    commit(at, "policies");
    assert_eq!(diff(at, &["HEAD~2", "HEAD~1"]), NONE);
    assert_eq!(diff(at, &["HEAD~1", "HEAD"]), ["view lost"]);
    assert_eq!(diff(at, &["HEAD~2", "HEAD"]), ["view lost"]);
    let (report, _) = json(at, &["diff", "HEAD~2", "HEAD"]);
    let kinds: Vec<_> =
        report["schema_changes"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"attribute_added") && kinds.contains(&"action_added"), "{kinds:?}");
    let added = report["changes"].as_array().unwrap().iter().find(|one| one["lifecycle"] == "added").unwrap();
    assert_eq!(added["environment"]["action"], "Action::\"share\"");
}

#[test]
fn submodules_are_not_of_the_repository() {
    let inner = repository();
    let dir = repository();
    let at = dir.path();
    let url = format!("file://{}", inner.path().display());
    git(at, &["-c", "protocol.file.allow=always", "submodule", "add", "-q", &url, "vendor"]);
    assert_eq!(diff(at, &["HEAD"]), NONE);
    commit(at, "submodule");
    assert_eq!(diff(at, &["HEAD~1", "HEAD"]), NONE);
    let (report, _) = json(at, &["diff", "HEAD~1", "HEAD"]);
    assert_eq!(report["summary"]["policies"], 2);
}

#[test]
fn line_ends_are_no_change() {
    let dir = repository();
    let at = dir.path();
    let crlf = |text: &str| text.replace('\n', "\r\n");
    write(at, &[("policies/view.cedar", &crlf(VIEW)), ("app.cedarschema", &crlf(SCHEMA))]);
    assert_eq!(diff(at, &["HEAD"]), NONE);
    commit(at, "line ends");
    assert_eq!(diff(at, &["HEAD~1", "HEAD"]), NONE);
    // Converted by git: the worktree has CRLF, the repository has not.
    write(at, &[(".gitattributes", "*.cedar text eol=crlf\n*.cedarschema text eol=crlf\n")]);
    git(at, &["add", "--renormalize", "."]);
    commit(at, "attributes");
    std::fs::remove_file(at.join("policies/view.cedar")).unwrap();
    git(at, &["checkout", "-q", "."]);
    assert!(std::fs::read_to_string(at.join("policies/view.cedar")).unwrap().contains("\r\n"));
    let (report, code) = json(at, &["diff", "HEAD"]);
    assert_eq!((changed(&report), code), (NONE, 0));
    assert_eq!(report["text_changes"][0]["moved"], 0);
}

#[test]
fn a_hook_compares_what_is_committed() {
    let dir = repository();
    let at = dir.path();
    let hook = at.join(".git/hooks/pre-commit");
    let polcheck = env!("CARGO_BIN_EXE_polcheck");
    std::fs::write(
        &hook,
        format!("#!/bin/sh\nexec '{polcheck}' diff HEAD --staged --deny gained --report json=hook.json\n"),
    )
    .unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    write(
        at,
        &[("policies/view.cedar", &VIEW.replace("when { context.mfa }", "")), (".git/info/exclude", "hook.json\n")],
    );
    let attempt = |args: &[&str]| {
        let output = std::process::Command::new("git")
            .current_dir(at)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "two"])
            .args(args)
            .output()
            .unwrap();
        let report: Value = serde_json::from_str(&std::fs::read_to_string(at.join("hook.json")).unwrap()).unwrap();
        (output.status.success(), changed(&report))
    };
    // git gives these hooks an index of their own.
    assert_eq!(attempt(&["-a"]), (false, vec!["view gained".to_owned()]));
    assert_eq!(attempt(&["policies/view.cedar"]), (false, vec!["view gained".to_owned()]));
    write(at, &[("policies/edit.cedar", &EDIT.replace("\"a\"", "\"b\" && context.team == \"a\""))]);
    assert_eq!(attempt(&["policies/edit.cedar"]), (true, vec!["edit lost".to_owned()]));
}

#[test]
fn a_shallow_clone_and_a_blobless_one_name_the_command() {
    let origin = repository();
    git(origin.path(), &["config", "uploadpack.allowFilter", "true"]);
    git(origin.path(), &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    write(origin.path(), &[("policies/view.cedar", &VIEW.replace("when { context.mfa }", ""))]);
    commit(origin.path(), "two");
    let old = git(origin.path(), &["rev-parse", "HEAD~1"]);
    let place = TempDir::new().unwrap();
    let url = format!("file://{}", origin.path().display());
    for (name, filter, revision) in [
        ("shallow", "--depth=1", "HEAD~1"),
        ("shallow-by-id", "--depth=1", old.as_str()),
        ("blobless", "--filter=blob:none", "HEAD~1"),
    ] {
        git(place.path(), &["clone", "-q", filter, &url, name]);
        let clone = place.path().join(name);
        let lacking = run(&clone, &["diff", revision]);
        assert_eq!(lacking.code, 2, "{name}: {}{}", lacking.stdout, lacking.stderr);
        let command = lacking
            .stderr
            .split('`')
            .find(|part| part.starts_with("git "))
            .unwrap_or_else(|| panic!("{name}: {}", lacking.stderr));
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        git(&clone, &words);
        assert_eq!(diff(&clone, &[revision]), ["view gained"], "{name}: {command}");
    }
}

/// The report of `diff HEAD` with `args` at its end.
fn limited(dir: &Path, args: &[&str]) -> Value {
    let run = run(dir, &[&["diff", "HEAD", "--report", "json"], args].concat());
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{args:?}: {error}: {}", run.stderr))
}

#[test]
fn only_the_paths_that_are_asked_for() {
    let dir = TempDir::new().unwrap();
    let at = dir.path();
    git(at, &["init", "-q"]);
    for store in ["one", "two"] {
        let files = [("app.cedarschema", SCHEMA), ("view.cedar", VIEW)];
        files.iter().for_each(|(name, text)| write(at, &[(&format!("{store}/{name}"), text)]));
    }
    commit(at, "one");
    let open = VIEW.replace("when { context.mfa }", "");
    write(at, &[("one/view.cedar", &open), ("two/view.cedar", &open)]);
    let stores = |args: &[&str]| -> Vec<String> {
        let report = limited(at, args);
        let mut names: Vec<String> =
            report["changes"].as_array().unwrap().iter().map(|one| one["store"].as_str().unwrap().to_owned()).collect();
        names.dedup();
        names
    };
    assert_eq!(stores(&[]), ["one", "two"]);
    assert_eq!(stores(&["--store", "two"]), ["two"]);
    assert_eq!(stores(&["--", "one"]), ["one"]);
    let elsewhere = run(at, &["diff", "HEAD", "--", "three"]);
    assert_eq!(elsewhere.code, 2);
    assert!(elsewhere.stderr.contains("no `three` on either side"), "{}", elsewhere.stderr);
    let elsewhere = run(at, &["diff", "HEAD", "--store", "three"]);
    assert_eq!((elsewhere.code, elsewhere.stderr.contains("no store `three`")), (2, true), "{}", elsewhere.stderr);
    // Gone on the new side: everything it gave is lost.
    std::fs::remove_dir_all(at.join("one")).unwrap();
    let report = limited(at, &["--", "one"]);
    assert_eq!(changed(&report), ["view lost"]);
}

/// What people read of `diff HEAD`, on one line, and the exit code.
fn read(dir: &Path) -> (String, i32) {
    let run = run(dir, &["diff", "HEAD"]);
    (run.stdout.split_whitespace().collect::<Vec<_>>().join(" "), run.code)
}

#[test]
fn a_side_that_cannot_be_used_is_never_no_change() {
    let dir = repository();
    let at = dir.path();
    write(at, &[("app.cedarschema", "entity User {")]);
    let (text, code) = read(at);
    assert_eq!(code, 4, "{text}");
    assert!(
        text.contains("no change in effective permissions was found (no policy changed), but not everything"),
        "{text}"
    );
    assert!(text.contains("2 not decided") && text.contains("because the new schema cannot be used"), "{text}");
    // Broken on both sides, and nothing else differs: still not known.
    commit(at, "broken");
    write(at, &[("app.cedarschema", "entity User [")]);
    let (text, code) = read(at);
    assert_eq!(code, 4, "{text}");
    assert!(text.contains("but nothing is known of 1 store"), "{text}");
    assert!(text.contains("not decided: whether anybody gains or loses access because"), "{text}");
    assert!(!text.contains("; no change"), "{text}");
}

#[test]
fn a_schema_that_comes_or_goes_is_said_and_changes_no_decision() {
    let dir = repository();
    let at = dir.path();
    std::fs::remove_file(at.join("app.cedarschema")).unwrap();
    let (text, code) = read(at);
    assert_eq!(code, 1, "a lost schema is refused: {text}");
    assert!(text.contains("store `policies` is under no schema any more; it was under `app.cedarschema`"), "{text}");
    assert!(
        text.starts_with(
            "no change in effective permissions in any of 2 kinds of request (no policy changed; the schema did)"
        ),
        "{text}"
    );
    assert!(text.contains("schema: schema removed: `app.cedarschema`"), "{text}");
    write(at, &[("policies/view.cedar", &VIEW.replace("when { context.mfa }", ""))]);
    assert_eq!(changed(&json(at, &["diff", "HEAD"]).0), ["view gained"]);
    commit(at, "without a schema");
    write(at, &[("app.cedarschema", SCHEMA)]);
    let (text, _) = read(at);
    assert!(text.contains("schema: schema added: `app.cedarschema`"), "{text}");
}

#[test]
fn nothing_on_either_side_is_said() {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(dir.path(), &[("README.md", "")]);
    commit(dir.path(), "one");
    let (text, code) = read(dir.path());
    assert_eq!(code, 3, "{text}");
    assert!(text.starts_with("there is nothing to compare: neither side holds policies"), "{text}");
    assert!(!text.contains("no change"), "{text}");
}

#[test]
fn a_check_compares_what_git_would_keep() {
    let dir = repository();
    let at = dir.path();
    let against = |args: &[&str]| {
        let (report, code) = json(at, &[&["check", "--against", "HEAD"], args].concat());
        assert_eq!(code, 0, "{report:#}");
        assert_eq!(report["outcome"], "clean", "{report:#}");
        assert!(!report["changes"].as_array().unwrap().is_empty());
        changed(&report)
    };
    assert_eq!(against(&[]), NONE);
    // Left out of the worktree is not removed.
    write(at, &[("more/edit.cedar", &EDIT.replace("@id(\"edit\")", "@id(\"more\")").replace("\"edit\"", "\"view\""))]);
    commit(at, "more");
    git(at, &["sparse-checkout", "set", "--cone", "policies"]);
    assert!(!at.join("more").exists());
    assert_eq!(against(&[]), NONE);
    assert_eq!(against(&["--staged"]), NONE);
    git(at, &["sparse-checkout", "disable"]);
    std::fs::remove_file(at.join("more/edit.cedar")).unwrap();
    let (report, _) = json(at, &["check", "--against", "HEAD"]);
    assert_eq!(changed(&report), ["view lost"]);
}
