//! `--help` of every command: it fits 80 columns, and what it gives as examples is right.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)]

use std::path::Path;

use crate::common::{command, finish, git, write};

/// The help of a command, `""` for that of the program, as a terminal of 80 columns shows it.
fn help(name: &str, flag: &str) -> String {
    let mut program = command(Path::new("."));
    program.env("COLUMNS", "80");
    if !name.is_empty() {
        program.arg(name);
    }
    let run = finish(program.arg(flag).output().unwrap());
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{name} {flag}");
    run.stdout
}

/// The program itself, and its commands.
fn names() -> Vec<String> {
    let help = help("", "--help");
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let named = |line: &&str| line.starts_with("  ") && !line.starts_with("   ");
    let names = commands.lines().filter(named).map(|line| line.split_whitespace().next().unwrap().to_owned());
    let names: Vec<String> = std::iter::once(String::new()).chain(names.filter(|name| name != "help")).collect();
    for known in ["check", "validate", "lint", "test", "diff", "rules"] {
        assert!(names.iter().any(|name| name == known), "{known}: {names:?}");
    }
    names
}

/// The command lines under `Examples:`, without the remark that follows two spaces or more.
fn examples(help: &str) -> Vec<&str> {
    let Some((_, section)) = help.split_once("Examples:\n") else { return Vec::new() };
    let section = section.split("\n\n").next().unwrap();
    section.lines().map(|line| line.trim_start().split("  ").next().unwrap()).collect()
}

#[test]
fn every_help_fits_eighty_columns_and_has_examples() {
    for name in names() {
        for flag in ["-h", "--help"] {
            let help = help(&name, flag);
            for line in help.lines() {
                assert!(line.chars().count() <= 80, "{name} {flag}: {line}");
                assert_eq!(line, line.trim_end(), "{name} {flag}");
            }
            let examples = examples(&help);
            let start = format!("polcheck {name}");
            assert!(examples.iter().any(|example| example.starts_with(&start)), "{name} {flag}:\n{help}");
            assert!(examples.iter().all(|example| example.starts_with("polcheck ")), "{name} {flag}:\n{help}");
        }
    }
}

#[test]
fn every_example_can_be_typed() {
    for name in names() {
        for example in examples(&help(&name, "--help")).into_iter().filter(|example| !example.contains("COMMAND")) {
            let dir = tempfile::TempDir::new().unwrap();
            git(dir.path(), &["init", "-q"]);
            write(dir.path(), &[("policies/p.cedar", "permit(principal, action, resource);\n")]);
            let args: Vec<&str> = example.split_whitespace().skip(1).collect();
            let run = finish(command(dir.path()).args(args).output().unwrap());
            // What is not there is polcheck's own complaint; what cannot be parsed is the parser's.
            let parsed = run.code != 2 || run.stderr.starts_with("polcheck: ");
            assert!(parsed && !run.stderr.contains("Usage:"), "`{example}` exits {}: {}", run.code, run.stderr);
        }
    }
    let run = finish(command(Path::new(".")).args(["check", "--no-such-flag"]).output().unwrap());
    assert!(run.code == 2 && !run.stderr.starts_with("polcheck: ") && run.stderr.contains("Usage:"));
}

#[test]
fn help_names_every_format_and_exit_code() {
    let all = help("", "--help");
    let check = help("check", "--help").split_whitespace().collect::<Vec<_>>().join(" ");
    for format in polcheck::report::FORMATS {
        assert!(all.contains(&format!("  {}", format.name)) && all.contains(format.about), "{}", format.name);
    }
    let names: Vec<_> = polcheck::report::FORMATS.iter().map(|format| format.name).collect();
    assert!(check.contains(&format!("formats: {}", names.join(", "))), "{check}");
    for code in 0..=4 {
        assert!(all.contains(&format!("\n  {code}  ")), "{code}");
    }
}
