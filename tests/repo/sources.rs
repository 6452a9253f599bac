//! Worktree, index, revision and memory see the same repository, and nothing outside of it.

use polcheck::source::{GitIndex, GitRevision, Memory, ReadError, Source, Worktree};
use tempfile::TempDir;

use crate::common::{self, git, json, rules, write};

const GOOD: &str = "permit (principal, action, resource);\n";

fn repository(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(dir.path(), files);
    dir
}

fn paths(source: &dyn Source) -> Vec<String> {
    source.list().unwrap().into_iter().map(|entry| entry.path).collect()
}

#[test]
fn all_sources_agree_on_a_clean_checkout() {
    let files = [("a/p.cedar", GOOD), ("a/ü \u{1F600}.cedar", "// é\n"), (".gitignore", "*.log\nforced.cedar\n")];
    let dir = repository(&files);
    write(dir.path(), &[("forced.cedar", GOOD), ("x.log", "")]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["add", "-f", "forced.cedar"]);
    git(dir.path(), &["commit", "-qm", "one"]);
    let worktree = Worktree::new(dir.path());
    let index = GitIndex::open(dir.path()).unwrap();
    let revision = GitRevision::open(dir.path(), "HEAD").unwrap();
    assert_eq!(revision.commit(), git(dir.path(), &["rev-parse", "HEAD"]));
    let all = paths(&worktree);
    assert!(all.contains(&"forced.cedar".to_owned()), "a file forced past .gitignore is seen");
    assert!(!all.contains(&"x.log".to_owned()));
    assert_eq!(all, paths(&index));
    assert_eq!(all, paths(&revision));
    let memory = Memory::new(all.iter().map(|path| (path.clone(), worktree.read(path).unwrap())));
    for path in &all {
        let content = worktree.read(path).unwrap();
        for source in [&index as &dyn Source, &revision, &memory] {
            assert_eq!(source.read(path).unwrap(), content, "{path} in {}", source.label());
        }
    }
}

#[test]
fn untracked_files_count_and_deleted_ones_do_not() {
    let dir = repository(&[("gone.cedar", GOOD), ("kept.cedar", GOOD)]);
    git(dir.path(), &["add", "."]);
    write(dir.path(), &[("new.cedar", GOOD)]);
    std::fs::remove_file(dir.path().join("gone.cedar")).unwrap();
    assert_eq!(paths(&Worktree::new(dir.path())), ["kept.cedar", "new.cedar"]);
    assert_eq!(paths(&GitIndex::open(dir.path()).unwrap()), ["gone.cedar", "kept.cedar"]);
}

#[test]
fn what_is_staged_is_what_is_checked() {
    let dir = repository(&[("p.cedar", GOOD)]);
    git(dir.path(), &["add", "."]);
    write(dir.path(), &[("p.cedar", "permit (oops"), ("untracked.cedar", "permit (oops")]);
    let (report, code) = json(dir.path(), &["validate", "--staged"]);
    assert_eq!((rules(&report), code), (vec![], 0));
    assert_eq!(report["summary"]["policies"], 1);
    let (_, code) = json(dir.path(), &["validate"]);
    assert_eq!(code, 1);
    // The other way round: broken in the index, mended in the worktree.
    git(dir.path(), &["add", "p.cedar"]);
    write(dir.path(), &[("p.cedar", GOOD)]);
    let (report, code) = json(dir.path(), &["validate", "--staged", "p.cedar"]);
    assert_eq!((rules(&report), code), (vec!["syntax-error"], 1));
}

#[test]
fn a_hook_s_index_is_honoured_and_a_stray_git_dir_is_not() {
    let dir = repository(&[("p.cedar", GOOD)]);
    git(dir.path(), &["add", "."]);
    let other = repository(&[("q.cedar", GOOD), ("r.cedar", GOOD)]);
    let run = |name: &str, value: std::path::PathBuf, args: &[&str]| {
        let mut command = common::command(dir.path());
        let output = command.args(args).args(["--report", "json"]).env(name, value).output().unwrap();
        let run = common::finish(output);
        serde_json::from_str::<serde_json::Value>(&run.stdout).unwrap()["summary"]["policies"].as_u64().unwrap()
    };
    assert_eq!(run("GIT_DIR", other.path().join(".git"), &["validate"]), 1);
    assert_eq!(run("GIT_DIR", other.path().join(".git"), &["validate", "--staged"]), 1);
    // `git commit -a` gives hooks an index of its own.
    let index = dir.path().join(".git/hook-index");
    std::fs::copy(dir.path().join(".git/index"), &index).unwrap();
    write(dir.path(), &[("second.cedar", GOOD)]);
    let mut add = std::process::Command::new("git");
    assert!(
        add.current_dir(dir.path())
            .env("GIT_INDEX_FILE", &index)
            .args(["add", "second.cedar"])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(run("GIT_INDEX_FILE", index, &["validate", "--staged"]), 2);
}

#[test]
fn revisions_that_do_not_exist_are_refused_clearly() {
    let dir = repository(&[("p.cedar", GOOD)]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    let refusals = [
        ("nowhere", "there is no revision `nowhere`"),
        ("--upload-pack=x", "begins with `-`"),
        ("-h", "begins with `-`"),
        ("HEAD~9", "past the first commit"),
        ("", "an empty revision"),
    ];
    for (revision, expected) in refusals {
        let error = GitRevision::open(dir.path(), revision).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{revision}: {error}");
    }
}

#[cfg(unix)]
#[test]
fn links_stay_inside_of_the_repository() {
    use std::os::unix::fs::symlink;
    let outside = TempDir::new().unwrap();
    write(outside.path(), &[("secret.cedar", GOOD)]);
    let dir = repository(&[("real.cedar", GOOD), ("plain.txt", GOOD)]);
    symlink(outside.path().join("secret.cedar"), dir.path().join("out.cedar")).unwrap();
    symlink("real.cedar", dir.path().join("again.cedar")).unwrap();
    symlink("plain.txt", dir.path().join("inside.cedar")).unwrap();
    symlink("nothing", dir.path().join("dangling.cedar")).unwrap();
    symlink("loop.cedar", dir.path().join("loop.cedar")).unwrap();
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "links"]);
    let (worktree, revision) = (Worktree::new(dir.path()), GitRevision::open(dir.path(), "HEAD").unwrap());
    worktree.list().unwrap();
    for source in [&worktree as &dyn Source, &revision] {
        assert!(matches!(source.read("out.cedar"), Err(ReadError::LeadsOut(_))), "{}", source.label());
        assert!(source.read("dangling.cedar").is_err());
        assert!(source.read("loop.cedar").is_err());
    }
    assert_eq!(worktree.read("again.cedar"), Err(ReadError::LinkTo("real.cedar".to_owned())));
    assert_eq!(worktree.read("inside.cedar"), Err(ReadError::LinkTo("plain.txt".to_owned())));
    let (report, code) = json(dir.path(), &["validate", "-v"]);
    assert_eq!(code, 1);
    assert!(rules(&report).iter().all(|rule| *rule == "unreadable-file"), "{report:#}");
    let message = report["findings"].to_string();
    assert!(message.contains("leads out of the repository"), "{message}");
    // `inside.cedar` is what its target holds; `again.cedar` would be `real.cedar` twice.
    assert_eq!(report["summary"]["policies"], 2, "{report:#}");
    assert!(report["left_out"].to_string().contains("again.cedar"));
}

#[test]
fn without_git_the_folder_itself_is_read() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("a/p.cedar", GOOD), (".hidden/q.cedar", "oops")]);
    let (report, code) = json(dir.path(), &["validate"]);
    assert_eq!((rules(&report), code), (vec![], 0));
    assert_eq!(report["summary"]["policies"], 1);
    let run = common::run(dir.path(), &["validate", "--staged"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("not in a git repository"), "{}", run.stderr);
}
