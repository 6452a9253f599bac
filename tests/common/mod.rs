//! Running polcheck as a user does, with nothing of this machine leaking in.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "shared by test binaries, each of which uses what it needs"
)]

pub mod rng;
pub mod worlds;
pub mod xml;
pub mod yaml;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

/// A finished run.
pub struct Run {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

/// polcheck in `dir`, without the variables that change what it does.
pub fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_polcheck"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("GITHUB_")
            || text.starts_with("GIT_")
            || text.starts_with("POLCHECK_")
            || matches!(&*text, "CI" | "NO_COLOR" | "TERM")
        {
            command.env_remove(&name);
        }
    }
    command.current_dir(dir);
    command
}

/// Runs polcheck with `args` in `dir`.
pub fn run(dir: &Path, args: &[&str]) -> Run {
    finish(command(dir).args(args).output().unwrap())
}

pub fn finish(output: Output) -> Run {
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).expect("reports are UTF-8"),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// Runs polcheck with `args` and `--report json`; the parsed report and the exit code, which must agree.
pub fn json(dir: &Path, args: &[&str]) -> (Value, i32) {
    let run = run(dir, &[args, &["--report", "json"]].concat());
    let value: Value = serde_json::from_str(&run.stdout)
        .unwrap_or_else(|error| panic!("{args:?}: {error}\n{}\n{}", run.stdout, run.stderr));
    assert_eq!(value["exit"], run.code, "{args:?}");
    (value, run.code)
}

/// Runs `polcheck diff` with `args` and a JSON report in a file; the parsed report and the exit code, which must agree.
pub fn diff(dir: &Path, args: &[&str]) -> (Value, i32) {
    let out = tempfile::TempDir::new().unwrap();
    let file = out.path().join("report.json");
    // What follows `--` is paths.
    let at = args.iter().position(|arg| *arg == "--").unwrap_or(args.len());
    let (before, after) = args.split_at(at);
    let run = run(dir, &[&["diff"], before, &["--report", &format!("json={}", file.display())], after].concat());
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{args:?}: {error}\n{}", run.stderr));
    let value: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{args:?}: {error}\n{text}"));
    assert_eq!(value["exit"], run.code, "{args:?}");
    (value, run.code)
}

/// The rules of the findings of a report, in order.
pub fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

/// How many rows have each status: pass, fail, error.
pub fn statuses(report: &Value) -> [usize; 3] {
    let count = |wanted: &str| report["tests"].as_array().unwrap().iter().filter(|row| row["status"] == wanted).count();
    [count("pass"), count("fail"), count("error")]
}

/// The folder of real repositories by others, or `None` with a word about it.
pub fn corpora() -> Option<PathBuf> {
    match std::env::var_os("POLCHECK_CORPORA") {
        Some(dir) => {
            let dir = PathBuf::from(dir).canonicalize().expect("POLCHECK_CORPORA names a folder");
            assert!(dir.join("KNOWN.md").is_file(), "{} holds no corpora", dir.display());
            Some(dir)
        }
        None => {
            println!("skipped: POLCHECK_CORPORA is not set, so the corpora cannot be tested");
            None
        }
    }
}

/// Writes `files` below `dir`.
pub fn write(dir: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = dir.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// A repository whose only commit holds `files`.
pub fn committed(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::TempDir::new().unwrap();
    write(dir.path(), files);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "before"]);
    dir
}

/// git in `dir`, with a name, at a fixed time and without the user's configuration; panics when it fails.
pub fn git(dir: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(dir)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        // Commits of the same content have the same names.
        .env("GIT_AUTHOR_DATE", "2026-01-01T00:00:00Z")
        .env("GIT_COMMITTER_DATE", "2026-01-01T00:00:00Z")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "init.defaultBranch=main"])
        .args(args)
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Policies of `cedar-examples` and the schema of each.
pub const CEDAR_EXAMPLES: [(&str, &str); 18] = [
    ("github_example/policies.cedar", "github_example/policies.cedarschema"),
    ("hotel_chains/static/policies.cedar", "hotel_chains/static/policies.cedarschema"),
    ("hotel_chains/templated/policies.cedar", "hotel_chains/templated/policies.cedarschema"),
    ("sales_orgs/static/policies.cedar", "sales_orgs/static/policies.cedarschema"),
    ("sales_orgs/templated/policies.cedar", "sales_orgs/templated/policies.cedarschema"),
    ("tax_preparer/policies.cedar", "tax_preparer/policies.cedarschema"),
    ("tinytodo/policies.cedar", "tinytodo/tinytodo.cedarschema"),
    ("tinytodo/policies-templates.cedar", "tinytodo/tinytodo-templates.cedarschema"),
    ("tinytodo/variants/policies-with-policy4.cedar", "tinytodo/tinytodo.cedarschema"),
    ("tinytodo/variants/policies-with-policy5.cedar", "tinytodo/tinytodo.cedarschema"),
    ("tinytodo/variants/policies-with-policy6.cedar", "tinytodo/tinytodo.cedarschema"),
    ("language-in-action/GitApp/gitapp.cedar", "language-in-action/GitApp/gitapp.cedarschema"),
    ("language-in-action/PhotoApp/photoapp.cedar", "language-in-action/PhotoApp/photoapp.cedarschema"),
    ("oopsla2024/github/policies.cedar", "oopsla2024/github/github.cedarschema.json"),
    ("oopsla2024/github-templates/policies.cedar", "oopsla2024/github-templates/github-templates.cedarschema.json"),
    ("oopsla2024/gdrive/policies.cedar", "oopsla2024/gdrive/gdrive.cedarschema.json"),
    ("oopsla2024/gdrive-templates/policies.cedar", "oopsla2024/gdrive-templates/gdrive-templates.cedarschema.json"),
    ("oopsla2024/tinytodo/tinytodo.cedar", "oopsla2024/tinytodo/tinytodo.cedarschema.json"),
];

/// Copies the folder `from` with all below into the folder `to`, without what git keeps.
pub fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (about, target) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if about.is_dir() && entry.file_name() != ".git" {
            std::fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else if about.is_file() {
            std::fs::write(&target, std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}
