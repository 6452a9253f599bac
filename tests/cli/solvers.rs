//! `--solver`: a second solver that contradicts the engine is an internal error with a file, in every command that
//! asks; one that is not there is a mistake in the call.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

use crate::common::{Run, command, finish, git, write};

const SCHEMA: &str = "entity User { n: Long }; entity Doc; action view appliesTo { principal: User, resource: Doc };\n";

fn permits(bound: u32) -> String {
    format!(
        "@id(\"a\")\npermit (principal, action, resource) when {{ principal.n < {bound} && principal.n > 2 }};\n\
         @id(\"b\")\npermit (principal, action, resource) when {{ principal.n < 4 && principal.n > 1 }};\n"
    )
}

fn repository() -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("a.cedarschema", SCHEMA), ("p.cedar", &permits(9))]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "-A"]);
    git(dir.path(), &["commit", "-qm", "a"]);
    write(dir.path(), &[("p.cedar", &permits(12))]);
    dir
}

/// Runs with a solver that says `answer` whatever it is asked.
fn run_with(dir: &Path, answer: &str, args: &[&str]) -> Run {
    let folder = TempDir::new().unwrap();
    let solver = folder.path().join("cvc5");
    let script =
        format!("#!/bin/sh\nwhile read -r line; do case \"$line\" in *check-sat*) echo {answer};; esac; done\n");
    std::fs::write(&solver, script).unwrap();
    std::fs::set_permissions(&solver, std::fs::Permissions::from_mode(0o755)).unwrap();
    finish(command(dir).args(args).env("POLCHECK_CVC5", &solver).env("TMPDIR", folder.path()).output().unwrap())
}

#[test]
fn a_second_solver_that_contradicts_is_an_internal_error() {
    let dir = repository();
    let lied = run_with(dir.path(), "unsat", &["diff", "--solver", "both"]);
    assert_eq!(lied.code, 4, "{}", lied.stdout);
    let words = lied.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("internal error: the engine and cvc5 disagree about a request"), "{words}");
    assert!(lied.stderr.contains("please report it with"), "{}", lied.stderr);
    assert!(!words.contains("newly allows"), "{words}");
    let linted = run_with(dir.path(), "unsat", &["lint", "--solver", "both"]);
    assert_eq!(linted.code, 4, "{}", linted.stdout);
    let words = linted.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("the engine says that there is such a request and cvc5 that there is none"), "{words}");
    // Nobody asked it.
    let alone = run_with(dir.path(), "unsat", &["diff"]);
    assert!(alone.code == 0 && !alone.stdout.contains("cvc5"), "{}", alone.stdout);
}

#[test]
fn what_a_second_solver_cannot_say_is_not_fine_where_it_is_to_answer() {
    let dir = repository();
    let dumb = run_with(dir.path(), "unknown", &["check", "--solver", "cvc5", "--against", "HEAD"]);
    assert_eq!(dumb.code, 4, "{}", dumb.stdout);
    assert!(dumb.stdout.contains("cvc5 has no answer"), "{}", dumb.stdout);
}

#[test]
fn a_solver_that_is_not_there_is_a_mistake() {
    let dir = repository();
    let args = ["check", "--solver", "cvc5"];
    let run = finish(command(dir.path()).args(args).env("POLCHECK_CVC5", "/nowhere/cvc5").output().unwrap());
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("`/nowhere/cvc5`") && run.stderr.contains("POLCHECK_CVC5"), "{}", run.stderr);
    // And nobody needs it otherwise.
    let run = finish(command(dir.path()).arg("check").env("POLCHECK_CVC5", "/nowhere/cvc5").output().unwrap());
    assert_eq!(run.code, 0, "{}", run.stdout);
}

#[test]
fn a_second_solver_that_agrees_is_said() {
    if std::env::var_os("POLCHECK_CVC5").is_none() {
        eprintln!("skipped: POLCHECK_CVC5 is not set");
        return;
    }
    let dir = repository();
    let cvc5 = std::env::var_os("POLCHECK_CVC5").unwrap();
    for (solver, words) in [("both", "cvc5 agrees about"), ("cvc5", "cvc5 answered")] {
        let args = ["diff", "--solver", solver];
        let run = finish(command(dir.path()).args(args).env("POLCHECK_CVC5", &cvc5).output().unwrap());
        assert_eq!(run.code, 0, "{}", run.stdout);
        assert!(run.stdout.contains(words), "{}", run.stdout);
        let plain = finish(command(dir.path()).arg("diff").output().unwrap());
        let others = |text: &str| {
            text.lines().filter(|line| !line.contains("cvc5") && !line.is_empty()).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(others(&run.stdout), others(&plain.stdout));
    }
}
