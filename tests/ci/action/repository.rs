//! Repositories like GitHub's: a bare remote with a target branch, a pull request and its test merge.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

/// git in `dir`, at a fixed time, so that commits have the same ids in every run; panics when it fails.
pub(crate) fn git(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .env("GIT_AUTHOR_DATE", "2026-03-10T10:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-03-10T10:00:00Z")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
        .args(["-c", "protocol.file.allow=always"])
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Copies the files below `from` into `to`.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

/// A remote with `main` and a pull request, number 7.
pub(crate) struct Remote {
    folder: TempDir,
    /// `main` where the branch began, `main` now, the branch, and the test merge.
    pub(crate) began: String,
    pub(crate) main: String,
    pub(crate) head: String,
    pub(crate) merge: String,
}

/// What somebody else merged into `main` in the meantime.
pub(crate) const OTHERS: &str = "@id(\"fraud-reads-orders\")\npermit (\n  principal in Team::\"fraud\",\n  action == \
                          Action::\"readOrders\",\n  resource is Customer\n)\nwhen { context.network == Network::\"corporate\" };\n";

impl Remote {
    /// `main` holds the step-up example; the pull request, from the branch `branch`, turns it into its broken twin; in
    /// the meantime somebody else has let the fraud team read orders.
    pub(crate) fn new(branch: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let seed = folder.path().join("seed");
        copy(Path::new("fixtures/repos/step-up"), &seed);
        git(&seed, &["init", "-q"]);
        git(&seed, &["add", "."]);
        git(&seed, &["commit", "-qm", "Support tool"]);
        let began = git(&seed, &["rev-parse", "HEAD"]);
        git(&seed, &["checkout", "-qb", branch, "--"]);
        copy(Path::new("fixtures/repos/step-up-broken"), &seed);
        git(&seed, &["commit", "-qam", "Show the card on the profile page"]);
        let head = git(&seed, &["rev-parse", "HEAD"]);
        git(&seed, &["checkout", "-q", "main"]);
        std::fs::write(seed.join("policies/fraud.cedar"), OTHERS).unwrap();
        git(&seed, &["add", "."]);
        git(&seed, &["commit", "-qm", "Fraud reads orders"]);
        let main = git(&seed, &["rev-parse", "HEAD"]);
        git(&seed, &["checkout", "-q", "--detach", "main"]);
        git(&seed, &["merge", "-q", "--no-ff", "-m", "Merge", &head]);
        let merge = git(&seed, &["rev-parse", "HEAD"]);
        git(&seed, &["update-ref", "refs/pull/7/merge", "HEAD"]);
        git(folder.path(), &["clone", "-q", "--mirror", "seed", "remote.git"]);
        Self { folder, began, main, head, merge }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("remote.git")
    }

    /// What actions/checkout does: only `commit`, at depth 1.
    pub(crate) fn check_out(&self, commit: &str, work: &Path) {
        git(work, &["init", "-q"]);
        git(work, &["remote", "add", "origin", &format!("file://{}", self.path().display())]);
        git(work, &["fetch", "-q", "--no-tags", "--depth=1", "origin", commit]);
        git(work, &["checkout", "-q", "--detach", "FETCH_HEAD"]);
    }

    /// The payload of the pull request's event, which names the target branch as it was when the branch began.
    pub(crate) fn payload(&self, fork: bool) -> Value {
        let from = if fork { "stranger/support" } else { "acme/support" };
        json!({ "pull_request": {
            "number": 7,
            "base": { "sha": self.began, "ref": "main", "repo": { "full_name": "acme/support" } },
            "head": { "sha": self.head, "ref": "$(touch pwned)\n::error::x", "repo": { "full_name": from } },
        } })
    }
}
