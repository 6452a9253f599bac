//! What README.md and docs/ show is typed in, and what they show of its output is compared.
//!
//! A block ```console has commands behind `$ ` and what each prints; a block ```sh has commands alone. They run one
//! after another in a folder that a comment on the page names, up to the next such comment:
//!
//! - `<!-- in fixtures/replay -->`: a copy of that folder, as a git repository of one commit
//! - `<!-- in history step-up -->`: what fixtures/repos/history makes of that example, on its branch `change`
//! - `<!-- in an empty folder -->`
//!
//! In a block with a path behind its language the text is written to that file first. `<!-- part of PAGE -->` says that
//! the next block is an excerpt of another page that a test holds.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{keep, pages};
use crate::common::{copy, git, write};

/// Pages whose blocks of a kind another test runs.
const OTHERS: [(&str, &str, &str); 5] = [
    ("docs/carriers.md", "console", "tests/repo/carriers.rs"),
    ("docs/explain.md", "console", "tests/cli/explain.rs"),
    ("docs/replay.md", "console", "tests/repo/replay.rs"),
    ("docs/diff/", "console", "tests/diff/documents.rs"),
    ("docs/ci/shell.md", "sh", "tests/ci/docs.rs"),
];

/// Commands that cannot run here, and what runs them: a file, and what stands in it.
const ELSEWHERE: [(&str, &str, &str); 9] = [
    ("cargo test --locked", ".ci/run", "\ncargo test --locked\n"),
    ("pip install polcheck", "packaging/try.sh", "pip install"),
    ("pipx run polcheck", "packaging/try.sh", "pipx run"),
    ("npx polcheck", "packaging/try.sh", "npx --no-install polcheck"),
    ("npm install ", "packaging/try.sh", "npm install"),
    ("cargo binstall polcheck", "tests/ci/releases.rs", "binstall"),
    ("python3 benches/size.py ", "packaging/ci.sh", "benches/size.py"),
    ("bash packaging/ci.sh", ".ci/run", "packaging/ci.sh"),
    ("spark-submit ", "benches/spark.py", "spark"),
];

/// A folder of the kind that a comment names.
fn place(kind: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("here");
    if let Some(name) = kind.strip_prefix("history ") {
        let made = Command::new("bash").arg("fixtures/repos/history").arg(name).arg(&folder).status().unwrap();
        assert!(made.success(), "{kind}");
        git(&folder, &["checkout", "-q", "change"]);
    } else {
        std::fs::create_dir(&folder).unwrap();
        if kind != "an empty folder" {
            copy(Path::new(kind), &folder);
            git(&folder, &["init", "-q"]);
            git(&folder, &["add", "."]);
            git(&folder, &["commit", "-qm", "one"]);
            git(&folder, &["tag", "v1"]);
            git(&folder, &["tag", "v2"]);
        }
    }
    // Somebody's cluster.
    write(dir.path(), &[("bin/kubectl", "#!/bin/sh\ncat logs/*.jsonl\n")]);
    let stub = dir.path().join("bin/kubectl");
    assert!(Command::new("chmod").arg("+x").arg(stub).status().unwrap().success());
    dir
}

/// What `command` prints in `dir`, as a shell runs it; panics where it is not understood.
fn typed(dir: &TempDir, command: &str) -> String {
    let own = Path::new(env!("CARGO_BIN_EXE_polcheck"));
    let (command, folder) = match command.strip_prefix("cargo run --release -- ") {
        Some(rest) => (format!("polcheck {rest}"), std::env::current_dir().unwrap()),
        None => (command.to_owned(), dir.path().join("here")),
    };
    let path = std::env::var("PATH").unwrap();
    let mut shell = Command::new("bash");
    shell.args(["-c", &command]).current_dir(folder).env_clear();
    shell.env("PATH", format!("{}:{}:{path}", dir.path().join("bin").display(), own.parent().unwrap().display()));
    for (name, value) in
        [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_SYSTEM", "/dev/null"), ("HOME", "/nonexistent")]
    {
        shell.env(name, value);
    }
    for who in ["AUTHOR", "COMMITTER"] {
        shell.env(format!("GIT_{who}_NAME"), "t").env(format!("GIT_{who}_EMAIL"), "t@example.com");
        shell.env(format!("GIT_{who}_DATE"), "2026-01-01T00:00:00Z");
    }
    let output = shell.output().unwrap();
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let code = output.status.code().unwrap();
    assert!(![2, 101, 126, 127].contains(&code), "`{command}` exits {code}: {text}");
    text
}

/// Commands of a block: those that go on in the next line end with a backslash.
fn commands(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        match found.last_mut().filter(|_| open) {
            Some(last) => *last = format!("{last}\n{line}"),
            None => found.push(line.to_owned()),
        }
        open = line.ends_with('\\');
    }
    found
}

fn elsewhere(command: &str) -> bool {
    let Some((_, file, mark)) = ELSEWHERE.iter().find(|(start, ..)| command.starts_with(start)) else { return false };
    assert!(std::fs::read_to_string(file).unwrap().contains(mark), "{file} does not run `{command}`");
    true
}

/// A page as it should be, and how many commands were typed.
fn page(path: &str, text: &str) -> (String, usize) {
    let (mut wanted, mut typed_in) = (String::new(), 0);
    let mut dir: Option<TempDir> = None;
    let mut part: Option<String> = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        wanted.push_str(line);
        wanted.push('\n');
        let told = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        if let Some(kind) = told.and_then(|told| told.strip_prefix("in ")) {
            dir = Some(place(kind));
        }
        if let Some(page) = told.and_then(|told| told.strip_prefix("part of ")) {
            part = Some(std::fs::read_to_string(Path::new("docs").join(page)).unwrap());
        }
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let body: String = block.iter().map(|line| format!("{line}\n")).collect();
        let (language, file) = info.split_once(' ').unwrap_or((info, ""));
        let other = OTHERS.iter().find(|(page, kind, _)| path.starts_with(page) && *kind == language);
        if let Some(source) = part.take() {
            // An excerpt may be indented less or more than what it is taken from.
            assert!(source.contains(&body), "{path} shows what its source does not:\n{body}");
            wanted.push_str(&body);
        } else if let Some((page, _, test)) = other {
            let name = page.strip_prefix("docs/ci/").unwrap_or(page).trim_end_matches('/');
            let held = std::fs::read_to_string(test).unwrap().contains(name);
            assert!(held, "{test} does not hold {page}");
            wanted.push_str(&body);
        } else if language == "console" {
            let dir = dir.as_ref().unwrap_or_else(|| {
                panic!("{path}: no `<!-- in FOLDER -->` says where a block runs, and no other test holds it (OTHERS)")
            });
            let shown: Vec<&str> = block.iter().filter_map(|line| line.strip_prefix("$ ")).collect();
            assert!(!shown.is_empty(), "{path}: a block without a command:\n{body}");
            for command in shown {
                wanted.push_str(&format!("$ {command}\n{}", typed(dir, command)));
                typed_in += 1;
            }
        } else if language == "sh" {
            for command in commands(&body).iter().filter(|command| !elsewhere(command)) {
                let dir = dir.get_or_insert_with(|| place("an empty folder"));
                typed(dir, command);
                typed_in += 1;
            }
            wanted.push_str(&body);
        } else {
            let typed = block.iter().any(|line| line.starts_with("$ ") || line.starts_with("polcheck "));
            assert!(
                !typed && !["bash", "shell"].contains(&language),
                "{path}: commands stand in `sh` or `console`:\n{body}"
            );
            if let (false, Some(dir)) = (file.is_empty(), &dir) {
                write(&dir.path().join("here"), &[(file, &body)]);
            }
            wanted.push_str(&body);
        }
        wanted.push_str("```\n");
    }
    (wanted, typed_in)
}

#[test]
fn every_command_is_typed_and_prints_what_is_shown() {
    let mut all = vec!["README.md".into(), "packaging/README.md".into()];
    all.extend(pages("docs"));
    let mut typed_in = 0;
    for path in all {
        let path = path.to_str().unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let (wanted, commands) = page(path, &text);
        keep(path, &wanted);
        typed_in += commands;
    }
    assert!(typed_in > 20, "{typed_in}");
}

#[test]
fn an_output_that_is_not_printed_is_found() {
    let text = "<!-- in an empty folder -->\n```console\n$ polcheck --version\npolcheck 99\n```\n";
    let (wanted, commands) = page("page.md", text);
    assert_eq!(commands, 1);
    assert_eq!(wanted, text.replace("99", env!("CARGO_PKG_VERSION")));
}
