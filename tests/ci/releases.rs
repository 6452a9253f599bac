//! A release is what the action, the templates and cargo-binstall ask for, and version and repository stand in one
//! place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::{write, yaml};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn package(args: &[&str]) -> String {
    let output = Command::new("python3").args(["-B", "packaging/package.py"]).args(args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn targets() -> BTreeSet<String> {
    package(&["targets"]).lines().map(str::to_owned).collect()
}

fn texts<'a>(list: &'a Value, key: &str) -> BTreeSet<String> {
    let text = |one: &'a Value| if key.is_empty() { one.as_str() } else { one[key].as_str() };
    list.as_array().unwrap().iter().map(|one| text(one).unwrap().to_owned()).collect()
}

#[test]
fn every_target_is_built_and_attested() {
    let jobs = yaml::parse(&read(".github/workflows/release.yml"))["jobs"].clone();
    assert_eq!(texts(&jobs["build"]["strategy"]["matrix"]["include"], "target"), targets());
    assert_eq!(texts(&jobs["attest"]["strategy"]["matrix"]["target"], ""), targets());
}

#[test]
fn what_the_action_downloads_is_released() {
    for (system, machine) in [
        ("Linux", "X64"),
        ("Linux", "ARM64"),
        ("macOS", "X64"),
        ("macOS", "ARM64"),
        ("Windows", "X64"),
        ("Windows", "ARM64"),
    ] {
        let output = Command::new("python3")
            .args(["-B", "-c", "import sys; sys.path.insert(0, 'action'); import install; print(install.target())"])
            .envs([("RUNNER_OS", system), ("RUNNER_ARCH", machine)])
            .output()
            .unwrap();
        let wanted = String::from_utf8(output.stdout).unwrap();
        assert!(targets().contains(wanted.trim()), "{system} {machine}: {wanted}");
    }
}

/// cargo-binstall fills its templates in with what a release holds.
#[test]
fn binstall_finds_the_archives() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let about = &manifest["package"]["metadata"]["binstall"];
    for target in targets() {
        let windows = target.contains("windows");
        let own = about["overrides"].get(&target).and_then(|own| own.get("pkg-fmt"));
        let format = own.unwrap_or(&about["pkg-fmt"]).as_str().unwrap();
        assert_eq!(format, if windows { "zip" } else { "tgz" }, "{target}");
        let fill = |template: &str| {
            [
                ("{ repo }", env!("CARGO_PKG_REPOSITORY")),
                ("{ version }", VERSION),
                ("{ name }", "polcheck"),
                ("{ bin }", "polcheck"),
                ("{ target }", &target),
                ("{ archive-suffix }", if windows { ".zip" } else { ".tar.gz" }),
                ("{ binary-ext }", if windows { ".exe" } else { "" }),
            ]
            .iter()
            .fold(template.to_owned(), |text, (name, value)| text.replace(name, value))
        };
        let name = format!("polcheck-{VERSION}-{target}");
        let ending = if windows { "zip" } else { "tar.gz" };
        let place = format!("{}/releases/download/v{VERSION}/{name}.{ending}", env!("CARGO_PKG_REPOSITORY"));
        assert_eq!(fill(about["pkg-url"].as_str().unwrap()), place);
        let program = if windows { "polcheck.exe" } else { "polcheck" };
        assert_eq!(fill(about["bin-dir"].as_str().unwrap()), format!("{name}/{program}"));
    }
}

/// The archive, made of a small stand-in for the program: twice the same bytes, and what the action takes.
#[test]
fn an_archive_is_the_same_every_time_and_the_action_takes_it() {
    let out = tempfile::TempDir::new().unwrap();
    let target = String::from_utf8(Command::new("rustc").arg("-vV").output().unwrap().stdout).unwrap();
    let target = target.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let program = out.path().join("program/polcheck");
    let script = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_polcheck"));
    write(out.path(), &[("program/polcheck", &script)]);
    assert!(Command::new("chmod").arg("+x").arg(&program).status().unwrap().success());
    let make = |folder: &str| {
        let place = out.path().join(folder);
        for what in ["archive", "sbom"] {
            let done = Command::new("python3")
                .args(["-B", "packaging/package.py", what, target])
                .arg(&place)
                .env("POLCHECK_PROGRAM", &program)
                .env("SOURCE_DATE_EPOCH", "1767225600")
                .output()
                .unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
        package(&["sums", place.to_str().unwrap()]);
        std::fs::read_to_string(place.join("SHA256SUMS")).unwrap()
    };
    let place = format!("releases/v{VERSION}");
    let sums = make(&place);
    assert!(sums.lines().count() == 2 && sums.contains(&format!("  polcheck-{VERSION}-{target}.tar.gz\n")), "{sums}");
    assert_eq!(make("again"), sums);
    let releases = format!("file://{}", out.path().join("releases").display());
    let output = out.path().join("output");
    let installed = Command::new("bash")
        .args(["action/step.sh", "install"])
        .envs([("INPUT_VERSION", VERSION), ("POLCHECK_RELEASES", &releases)])
        .env("RUNNER_TEMP", out.path())
        .env("GITHUB_OUTPUT", &output)
        .env_remove("POLCHECK_BIN")
        .output()
        .unwrap();
    assert!(installed.status.success(), "{}", String::from_utf8_lossy(&[installed.stdout, installed.stderr].concat()));
    let said = std::fs::read_to_string(output).unwrap();
    assert!(said.contains(&format!("{VERSION}\n")), "{said}");
}

/// Files that people copy from: documents, the action, hooks and packages.
fn copied_from() -> Vec<PathBuf> {
    fn below(path: &Path, found: &mut Vec<PathBuf>) {
        if path.is_dir() {
            for entry in std::fs::read_dir(path).unwrap() {
                below(&entry.unwrap().path(), found);
            }
        } else if path.extension().is_some_and(|ending| {
            ["md", "yml", "yaml", "py", "js", "toml", "txt", "sh"].map(Into::into).contains(&ending.to_owned())
        }) {
            found.push(path.to_path_buf());
        }
    }
    let mut found = Vec::new();
    for path in [
        "README.md",
        "action.yml",
        ".pre-commit-hooks.yaml",
        "pyproject.toml",
        "action",
        "docs",
        "packaging",
        "integrations",
        "fixtures/repos",
    ] {
        below(Path::new(path), &mut found);
    }
    found.retain(|path| !path.to_str().unwrap().contains("__pycache__"));
    found
}

/// What stands before a version of polcheck where somebody copies it.
const BEFORE: [&str; 7] = [
    "polcheck/polcheck@v",
    "rev: v",
    " version: ",
    "POLCHECK_VERSION: \"",
    "polcheck/polcheck/v",
    "polcheck==",
    "such as ",
];

/// A line with the version of today in these places, and how many there are.
fn today(line: &str) -> (String, usize) {
    let (mut text, mut count) = (line.to_owned(), 0);
    for before in BEFORE {
        let mut from = 0;
        while let Some(at) = text.get(from..).and_then(|rest| rest.find(before)) {
            let start = from + at + before.len();
            let length = text[start..].find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len() - start);
            let found = text[start..start + length].trim_end_matches('.').to_owned();
            if found.split('.').count() == 3 {
                text.replace_range(start..start + found.len(), VERSION);
                count += 1;
            }
            from = start;
        }
    }
    (text, count)
}

#[test]
fn versions_and_addresses_come_from_one_place() {
    let mut versions = 0;
    for path in copied_from() {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let mut wanted = String::new();
        for line in text.split_inclusive('\n') {
            let (line, count) = today(line);
            wanted.push_str(&line);
            versions += count;
        }
        if wanted != text && std::env::var_os("POLCHECK_BLESS").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        } else {
            assert!(
                wanted == text,
                "{} names another version than Cargo.toml; POLCHECK_BLESS=1 writes it",
                path.display()
            );
        }
        for (at, _) in text.match_indices("/polcheck/") {
            let before = &text[..at];
            if let Some(start) =
                before.rfind("github.com/").filter(|start| !before[*start..].contains(char::is_whitespace))
            {
                let named = format!("https://{}", &text[start..at + "/polcheck".len()]);
                assert!(named.starts_with(env!("CARGO_PKG_REPOSITORY")), "{}: {named}", path.display());
            }
        }
    }
    assert!(versions > 5, "{versions}");
    assert_eq!(today("  rev: v0.0.1 # such as 9.9.9.").0, format!("  rev: v{VERSION} # such as {VERSION}."));
    // What packages are made of says no version of its own.
    assert!(read("pyproject.toml").contains("dynamic = [\"version\""));
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let rust = manifest["package"]["rust-version"].as_str().unwrap();
    assert!(read("Containerfile").contains(&format!("/rust:{rust}-")));
}

/// The number of packages that docs/packages.md tells is that of Cargo.lock today.
#[test]
fn the_page_counts_the_packages() {
    let count = "import sys; sys.path.insert(0, 'packaging'); import package; \
                 print(len(package.compiled_in(sys.argv[1])[0]) - 1)";
    let output = Command::new("python3").args(["-B", "-c", count, "x86_64-unknown-linux-gnu"]).output().unwrap();
    let count = String::from_utf8(output.stdout).unwrap();
    let page = read("docs/packages.md");
    let old = page.lines().find(|line| line.starts_with("| packages compiled into it | ")).unwrap();
    let new = format!("| packages compiled into it | {} |", count.trim());
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write("docs/packages.md", page.replace(old, &new)).unwrap();
    } else {
        assert_eq!(old, new, "POLCHECK_BLESS=1 cargo test --test ci releases writes it");
    }
}
