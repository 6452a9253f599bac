//! What people type without thinking: options before and after the command, several reports, variables, no revision.

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{command, finish, git, json, run, write};

const SCHEMA: &str =
    "entity User; entity Doc { owner?: User };\naction view appliesTo { principal: User, resource: Doc };\n";
const WRONG: &str = "@id(\"a\")\npermit (principal, action, resource) when { resource.owner == principal };\n";

fn repository() -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("a.cedar", WRONG)]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    dir
}

#[test]
fn an_option_may_stand_before_the_command_and_behind_it() {
    let dir = repository();
    let out = TempDir::new().unwrap();
    let file = |name: &str| out.path().join(name).display().to_string();
    let (one, two) = (format!("json={}", file("a.json")), format!("sarif={}", file("b.sarif")));
    let root = dir.path().display().to_string();
    let done = run(out.path(), &["--report", &one, "-C", &root, "--fail-on=never", "check", "--report", &two, "-v"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(out.path().join("a.json").exists() && out.path().join("b.sarif").exists());
    // A value that is called as a command is, is none.
    write(out.path(), &[("check/p.cedar", "permit (principal, action, resource);\n")]);
    let done = run(out.path(), &["-C", "check", "lint"]);
    assert!(done.stdout.contains("polcheck lint: "), "{}{}", done.stdout, done.stderr);
    assert_eq!(run(out.path(), &["--nonsense", "check"]).code, 2);
    assert_eq!(run(out.path(), &["-v", "--help"]).code, 0);
}

#[test]
fn one_stream_gets_one_report_and_files_leave_the_verdict_in_the_log() {
    let dir = repository();
    let both = run(dir.path(), &["check", "--report", "json", "--report", "sarif"]);
    assert_eq!((both.code, both.stdout.as_str()), (2, ""));
    assert!(
        both.stderr.contains("standard output takes one report, and `json`, `sarif` would go there"),
        "{}",
        both.stderr
    );
    assert!(both.stderr.contains("--report sarif=FILE"), "{}", both.stderr);
    for more in [&["json", "human"][..], &["human", "github", "json"], &["github", "human", "github"]] {
        let args = more.iter().flat_map(|format| ["--report", format]);
        let done = run(dir.path(), &std::iter::once("check").chain(args).collect::<Vec<_>>());
        assert_eq!((done.code, done.stdout.as_str()), (2, ""), "{more:?}");
    }
    assert_eq!(run(dir.path(), &["check", "--report", "human", "--report", "human"]).code, 2);
    // GitHub's commands are taken out of the log, which people read.
    assert_eq!(run(dir.path(), &["check", "--report", "human", "--report", "github"]).code, 1);
    let out = TempDir::new().unwrap();
    let file = format!("json={}", out.path().join("a.json").display());
    let done = run(dir.path(), &["check", "--report", &file]);
    assert_eq!((done.code, done.stdout.as_str()), (1, ""));
    assert_eq!(done.stderr, "polcheck check: 1 error (1 store, 1 policy)\n");
    let quiet = run(dir.path(), &["check", "--report", &file, "-q"]);
    assert_eq!((quiet.code, quiet.stderr.as_str()), (1, ""));
}

#[test]
fn what_a_pipeline_sets_once_may_be_a_variable() {
    let dir = repository();
    let with = |variables: &[(&str, &str)], args: &[&str]| {
        finish(command(dir.path()).envs(variables.iter().copied()).args(args).output().unwrap())
    };
    assert_eq!(with(&[("POLCHECK_FAIL_ON", "never")], &["check"]).code, 0);
    assert_eq!(
        with(&[("POLCHECK_FAIL_ON", "never")], &["check", "--fail-on", "error"]).code,
        1,
        "what is typed counts"
    );
    assert_eq!(with(&[("POLCHECK_FAIL_ON", "sometimes")], &["check"]).code, 2);
    let report = with(&[("POLCHECK_REPORT", "json"), ("POLCHECK_AGAINST", "HEAD")], &["check"]);
    let value: Value = serde_json::from_str(&report.stdout).unwrap();
    assert_eq!((report.code, value["findings"][0]["new"].as_bool()), (0, Some(false)), "{value:#}");
    write(dir.path(), &[("other.toml", "[rules]\nnot-a-rule = \"off\"\n")]);
    assert_eq!(with(&[("POLCHECK_CONFIG", "other.toml")], &["check"]).code, 2);
    assert_eq!(with(&[("POLCHECK_STORE", "nowhere")], &["check"]).code, 2);
}

#[test]
fn a_comparison_without_a_revision_is_with_the_last_commit() {
    let dir = repository();
    write(dir.path(), &[("a.cedar", "@id(\"a\")\npermit (principal, action, resource);\n")]);
    let labels = |args: &[&str]| {
        let (report, _) = json(dir.path(), args);
        (report["old"]["label"].clone(), report["new"]["label"].clone())
    };
    assert_eq!(labels(&["diff"]), ("HEAD".into(), "the worktree".into()));
    assert_eq!(labels(&["diff", "--staged"]), ("HEAD".into(), "the index".into()));
    assert_eq!(
        run(dir.path(), &["diff", "--", "a.cedar"]).code,
        run(dir.path(), &["diff", "HEAD", "--", "a.cedar"]).code
    );
}

#[test]
fn findings_may_be_counted() {
    let dir = repository();
    for command in ["check", "lint"] {
        let done = run(dir.path(), &[command, "--statistics", "--fail-on", "never"]);
        assert!(!done.stdout.contains("error["), "{}", done.stdout);
    }
    let done = run(dir.path(), &["check", "--statistics"]);
    assert!(
        done.code == 1 && done.stdout.contains("  error    unsafe-optional-attribute      1 in 1 file\n"),
        "{}",
        done.stdout
    );
}
