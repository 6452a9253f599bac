//! What a run compares with, and what its outputs say.

use serde_json::{Value, json};

use super::job::{Done, Job};
use super::repository::{Remote, git};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// A run for the pull request of `remote`, with `commit` checked out at depth 1.
fn pull_request(remote: &Remote, commit: &str) -> Done {
    let job = Job::new("pull_request", &remote.payload(false)).env("GITHUB_SHA", &remote.merge);
    remote.check_out(commit, &job.work());
    job.run()
}

#[test]
fn a_pull_request_is_compared_with_the_first_parent_of_its_merge() {
    let remote = Remote::new("card");
    let job = Job::new("pull_request", &remote.payload(false)).env("GITHUB_SHA", &remote.merge).input("sarif", "true");
    remote.check_out("refs/pull/7/merge", &job.work());
    let done = job.run();
    assert_eq!(done.code, 1, "{}", done.log);
    assert_eq!(done.outputs["exit-code"], "1");
    assert_eq!(done.outputs["outcome"], "findings");
    assert_eq!(done.outputs["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(done.uploaded.as_ref().unwrap()["version"], "2.1.0");
    let report = &done.json;
    assert_eq!(report["old"]["commit"], remote.main.as_str());
    let changed = report["changes"].as_array().unwrap().iter().filter(|change| change["relation"] != "same").count();
    let undecided = report["undecided"].as_array().map_or(0, Vec::len);
    assert!(changed > 0);
    assert_eq!(done.outputs["changes"], (changed + undecided).to_string());
    // What others merged is on both sides.
    assert!(git(&job.work(), &["ls-tree", "--name-only", "-r", "HEAD"]).contains("fraud.cedar"));
    assert!(
        !done.summary.contains("fraud-reads-orders") && done.summary.contains("polcheck check: "),
        "{}",
        done.summary
    );
    // Each shown once: annotations in the log, one summary.
    assert_eq!(done.summary.matches("polcheck check: ").count(), 1);
    assert_eq!(done.log.matches("title=polcheck%3A forbid-can-error").count(), 1, "{}", done.log);
    assert!(job.file("path").lines().any(|folder| std::path::Path::new(folder).join("polcheck").is_file()));
}

#[test]
fn a_head_checkout_is_compared_with_the_target_branch() {
    let remote = Remote::new("card");
    let done = pull_request(&remote, "refs/heads/card");
    assert_eq!(done.json["old"]["commit"], remote.began.as_str());
    assert!(done.log.contains("::notice title=polcheck::HEAD is not the merge commit"), "{}", done.log);

    // With the history at hand, with where the branch began.
    let job = Job::new("pull_request", &remote.payload(false)).env("GITHUB_SHA", &remote.merge);
    git(&job.work(), &["clone", "-q", &remote.path().display().to_string(), "."]);
    git(&job.work(), &["checkout", "-q", "--detach", &remote.head]);
    let done = job.run();
    assert_eq!(done.json["old"]["commit"], remote.began.as_str(), "{}", done.log);
    assert!(!done.log.contains("HEAD is not the merge commit"));
}

#[test]
fn a_target_checkout_has_nothing_to_compare_and_says_so() {
    let remote = Remote::new("card");
    let mut payload = remote.payload(true);
    payload["pull_request"]["base"]["sha"] = json!(remote.main);
    let job = Job::new("pull_request_target", &payload).env("GITHUB_SHA", &remote.main);
    remote.check_out("refs/heads/main", &job.work());
    let done = job.run();
    assert!(done.log.contains("::warning title=polcheck::the target branch itself is checked out"), "{}", done.log);
    assert_eq!((done.code, done.outputs["changes"].as_str()), (0, "0"));

    // Also when the tip of the target is a merge itself.
    let payload =
        json!({ "pull_request": { "number": 7, "base": { "sha": remote.merge }, "head": { "sha": remote.began } } });
    let job = Job::new("pull_request_target", &payload).env("GITHUB_SHA", &remote.merge).input("command", "diff");
    remote.check_out("refs/pull/7/merge", &job.work());
    let done = job.run();
    assert_eq!(done.json["old"]["commit"], remote.merge.as_str(), "{}", done.log);
}

/// "No change" is not said where it is not known.
#[test]
fn what_cannot_be_told_counts_as_a_change() {
    let remote = Remote::new("card");
    let job = Job::new("schedule", &json!({})).input("base", "card").input("command", "diff");
    remote.check_out("refs/heads/main", &job.work());
    std::fs::write(job.work().join("support.cedarschema"), "entity User").unwrap();
    let done = job.run();
    assert!(done.code == 1 || done.code == 4, "{}", done.log);
    assert_eq!(done.outputs["changes"], "5", "{}", done.log);
}

/// A folder of the checkout may hold the files of a repository of its own, whose configuration names programs.
#[test]
fn a_repository_inside_the_checkout_is_not_obeyed() {
    let remote = Remote::new("card");
    let job = Job::new("pull_request", &remote.payload(true)).env("GITHUB_SHA", &remote.merge);
    remote.check_out("refs/pull/7/merge", &job.work());
    let pwned = job.work().join("pwned");
    let config = format!(
        "[core]\nbare = true\n[remote \"origin\"]\nurl = ssh://x/y\n[core]\nsshCommand = touch {} #\n",
        pwned.display()
    );
    let inner = [("HEAD", "ref: refs/heads/main\n"), ("objects/x", ""), ("refs/x", ""), ("config", config.as_str())];
    crate::common::write(&job.work().join("services"), &inner);
    let done = job.input("working-directory", "services").run();
    assert_eq!(done.code, 2, "{}", done.log);
    assert!(done.log.contains("there is no git repository to use"), "{}", done.log);
    assert!(!pwned.exists());
}

/// Code scanning takes one report of a tool and a category.
#[test]
fn two_uses_of_the_action_have_a_category_each() {
    let remote = Remote::new("card");
    let upload = |inputs: &[(&str, &str)]| {
        let mut job = Job::new("pull_request", &remote.payload(false)).env("GITHUB_SHA", &remote.main);
        remote.check_out("refs/heads/main", &job.work());
        for (name, value) in [("sarif", "true"), ("base", "none")].iter().chain(inputs) {
            job.set(name, value);
        }
        let done = job.run();
        let report = done.uploaded.unwrap_or_else(|| panic!("{}", done.log));
        report["runs"][0]["automationDetails"]["id"].as_str().unwrap().to_owned()
    };
    let long = "policies\n".repeat(40);
    let ids = [
        upload(&[("sarif", " true")]),
        upload(&[("command", "lint")]),
        upload(&[("working-directory", "policies")]),
        upload(&[("paths", "policies\n.")]),
        upload(&[("paths", &long)]),
    ];
    assert_eq!(
        ids[..4],
        ["polcheck/check/", "polcheck/lint/", "polcheck/check/policies/", "polcheck/check/policies, ./"]
    );
    assert!(ids[4].len() < 150 && ids[4].starts_with("polcheck/check/policies, "), "{}", ids[4]);
}

#[test]
fn a_base_that_cannot_be_had_fails_a_pull_request() {
    let remote = Remote::new("card");
    let job = Job::new("pull_request", &remote.payload(false)).env("GITHUB_SHA", &remote.merge);
    remote.check_out("refs/pull/7/merge", &job.work());
    git(&job.work(), &["remote", "set-url", "origin", "file:///nowhere"]);
    let done = job.run();
    assert_eq!(done.code, 2);
    assert!(
        done.log.contains("::error title=polcheck::the base") && done.log.contains("fetch-depth: 2"),
        "{}",
        done.log
    );
}

#[test]
fn a_push_is_compared_with_what_was_there_before() {
    let remote = Remote::new("card");
    let run = |payload: &Value| {
        let job = Job::new("push", payload).env("GITHUB_SHA", &remote.main);
        remote.check_out("refs/heads/main", &job.work());
        job.run()
    };
    let done = run(&json!({ "before": remote.began, "after": remote.main }));
    assert_eq!(done.json["old"]["commit"], remote.began.as_str(), "{}", done.log);
    assert_ne!(done.outputs["changes"], "0");
    assert!(done.summary.contains("fraud-reads-orders"), "{}", done.summary);

    let first = run(&json!({ "before": ZERO }));
    assert!(first.log.contains("::notice title=polcheck::this is the first push"), "{}", first.log);
    assert_eq!((first.code, first.outputs["changes"].as_str()), (0, ""));

    // Force-pushed away and collected by the server.
    let gone = run(&json!({ "before": "1234567890123456789012345678901234567890" }));
    assert!(gone.log.contains("::warning title=polcheck::1234567890123456789012345678901234567890"), "{}", gone.log);
    assert_eq!((gone.code, gone.outputs["changes"].as_str()), (0, ""));
}

#[test]
fn a_merge_group_is_compared_with_its_base() {
    let remote = Remote::new("card");
    let payload = json!({ "merge_group": { "base_sha": remote.main, "head_sha": remote.merge } });
    let job = Job::new("merge_group", &payload).env("GITHUB_SHA", &remote.merge);
    remote.check_out("refs/pull/7/merge", &job.work());
    let done = job.run();
    assert_eq!(done.json["old"]["commit"], remote.main.as_str(), "{}", done.log);
    assert_eq!(done.code, 1);
}

#[test]
fn other_events_compare_nothing_and_the_input_decides() {
    let remote = Remote::new("card");
    let run = |base: &str, command: &str| {
        let job = Job::new("schedule", &json!({})).input("base", base).input("command", command);
        remote.check_out("refs/heads/main", &job.work());
        job.run()
    };
    let done = run("", "check");
    assert!(done.log.contains("has no base: permissions are not compared"), "{}", done.log);
    assert_eq!((done.code, done.outputs["changes"].as_str()), (0, ""));
    git(&remote.path(), &["tag", "v1", &remote.head]);
    for base in ["card", "origin/card", "refs/heads/card", "v1", "refs/tags/v1", remote.head.as_str()] {
        let done = run(base, "check");
        assert_eq!(done.json["old"]["commit"], remote.head.as_str(), "{base}: {}", done.log);
    }
    for (base, said) in
        [("nothing", "git fetch: fatal: couldn't find remote ref refs/tags/nothing"), ("HEAD~1", "fetch-depth: 0")]
    {
        let done = run(base, "check");
        assert!(done.code == 2 && done.log.contains(said), "{}", done.log);
    }
    assert_eq!(run("none", "check").outputs["changes"], "");
    let diff = run("card", "diff");
    assert_eq!(diff.json["command"], "diff");
    let nothing = run("", "diff");
    assert_eq!((nothing.code, nothing.outputs["outcome"].as_str()), (3, "nothing_checked"), "{}", nothing.log);
    let test = run("card", "test");
    assert_eq!((test.code, test.outputs["outcome"].as_str()), (0, "clean"), "{}", test.log);
}

/// Whatever stands in an input or in the event, it is a value and nothing else.
#[test]
fn hostile_values_stay_values() {
    let remote = Remote::new("$(touch${IFS}pwned);`touch${IFS}pwned`");
    let mut job = Job::new("pull_request", &remote.payload(false)).env("GITHUB_SHA", &remote.merge);
    remote.check_out("refs/pull/7/merge", &job.work());
    let inputs = "command working-directory config base fail-on annotations summary comment sarif paths";
    let in_line = "--version$(touch pwned)`touch pwned`;touch pwned\"'&|>pwned\u{1b}[31m::error::x%0A";
    let lines = "$(touch pwned);touch pwned\n::error::x\n";
    for name in inputs.split(' ') {
        let texts = if matches!(name, "base" | "paths") { vec![in_line, lines] } else { vec![in_line] };
        for text in texts {
            job.set(name, text);
            let done = job.run();
            // What polcheck found comes after what shows it.
            let code = if matches!(name, "summary" | "comment") { 1 } else { 2 };
            assert!(done.code == code && done.log.contains("::error title=polcheck::"), "{name}={text}: {}", done.log);
            assert!(!job.work().join("pwned").exists(), "{name}={text}");
            assert!(!done.log.lines().any(|line| line.trim_start().starts_with("::error::x")), "{name}: {}", done.log);
            assert!(!done.log.contains('\u{1b}'), "{name}: {}", done.log);
        }
        job.unset(name);
    }
    // A path that looks like an option is a path, which is not there.
    job.set("paths", "--version");
    let done = job.run();
    assert!(done.code == 2 && done.log.contains("there is no `--version`"), "{}", done.log);
    job.unset("paths");
    assert_eq!(job.run().code, 1, "and without them all is as usual");
}

/// Paths, folders and configuration with spaces, and what the event says of a branch, all arrive whole.
#[test]
fn values_with_spaces_arrive_whole() {
    let job = Job::new("push", &json!({ "before": "\n::error::x" }))
        .input("working-directory", "my folder")
        .input("paths", "  first store \n\nsecond; touch pwned\n")
        .input("config", "the config.toml")
        .input("fail-on", "warning");
    let work = job.work().join("my folder");
    for store in ["first store", "second; touch pwned", "third"] {
        let text = "@id(\"a\")\npermit (principal, action == Action::\"view\", resource);\n";
        crate::common::write(&work.join(store), &[("p.cedar", text)]);
    }
    crate::common::write(&work, &[("the config.toml", "[rules]\nnear-miss-name = \"off\"\n")]);
    git(&job.work(), &["init", "-q"]);
    let done = job.run();
    assert_eq!(done.code, 0, "{}", done.log);
    assert_eq!(done.json["summary"]["stores"], 2, "{}", done.log);
}

#[test]
fn a_failed_upload_fails_the_job_unless_the_token_is_a_forks() {
    let remote = Remote::new("card");
    for (fork, code) in [(false, 2), (true, 0)] {
        let mut job = Job::new("pull_request", &remote.payload(fork)).input("sarif", "true").input("fail-on", "never");
        job = job.env("GITHUB_SHA", &remote.main).input("base", "none");
        job.upload = "failure";
        remote.check_out("refs/heads/main", &job.work());
        let done = job.run();
        assert_eq!(done.code, code, "{}", done.log);
        assert!(done.log.contains("SARIF report was not uploaded"), "{}", done.log);
    }
}
