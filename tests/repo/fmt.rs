//! `polcheck fmt`: what is laid out anew, that nothing else changes, and what is left as it is.

use std::path::Path;

use tempfile::TempDir;

use crate::common::{copy, corpora, git, json, run, write};

const UGLY: &str = "// all of them
permit(principal,action,resource)when{context.a&&context.b};
@id(\"x\")
forbid (principal, action, resource) // nobody
unless { principal in Team::\"t\" };
";
const PRETTY: &str = "// all of them
permit (principal, action, resource)
when { context.a && context.b };

@id(\"x\")
forbid (principal, action, resource) // nobody
unless { principal in Team::\"t\" };
";

fn place(text: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("p.cedar", text)]);
    dir
}

fn text(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("p.cedar")).unwrap()
}

#[test]
fn policies_are_laid_out_and_stay_so() {
    for (before, after) in [
        (UGLY.to_owned(), PRETTY.to_owned()),
        (UGLY.replace('\n', "\r\n"), PRETTY.replace('\n', "\r\n")),
        (format!("\u{feff}{UGLY}"), format!("\u{feff}{PRETTY}")),
    ] {
        let dir = place(&before);
        let check = run(dir.path(), &["fmt", "--check"]);
        assert_eq!((check.code, text(dir.path())), (1, before.clone()), "{}", check.stdout);
        assert!(check.stdout.contains("p.cedar: would be laid out anew"), "{}", check.stdout);
        let done = run(dir.path(), &["fmt"]);
        assert_eq!((done.code, text(dir.path())), (0, after.clone()), "{}{}", done.stdout, done.stderr);
        let again = run(dir.path(), &["fmt", "--check"]);
        assert_eq!((again.code, text(dir.path())), (0, after));
        assert!(again.stdout.contains("1 file laid out so already"), "{}", again.stdout);
    }
}

/// What is printed is what is done.
#[test]
fn changes_are_printed_for_git() {
    let dir = place(UGLY);
    git(dir.path(), &["init", "-q"]);
    let shown = run(dir.path(), &["fmt", "--diff", "-q"]);
    assert_eq!((shown.code, text(dir.path())), (0, UGLY.to_owned()));
    write(dir.path(), &[("changes", &shown.stdout)]);
    git(dir.path(), &["apply", "changes"]);
    assert_eq!(text(dir.path()), PRETTY);
}

/// The kind: what would say something else to Cedar, to people or to polcheck afterwards. The other files are done.
#[test]
fn what_would_say_something_else_is_left_and_told() {
    // The line that the suppression is about would be two.
    let suppressed = "permit(principal, action, resource) when { context.a == 1 }; // polcheck: ignore[constant-condition] for now\n";
    for (name, text, code, why) in
        [("p.cedar", suppressed, 4, "left as it is"), ("p.cedar", "permit (principal", 4, "does not load whole")]
    {
        let dir = TempDir::new().unwrap();
        write(dir.path(), &[(name, text), ("other/q.cedar", UGLY)]);
        let done = run(dir.path(), &["fmt"]);
        assert!(done.code == code && done.stdout.contains(why), "{}{}", done.stdout, done.stderr);
        assert_eq!(std::fs::read_to_string(dir.path().join(name)).unwrap(), text);
        assert_eq!(std::fs::read_to_string(dir.path().join("other/q.cedar")).unwrap(), PRETTY);
    }
    // Policies in JSON, and in other tools' files, have no layout of Cedar's.
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("app.cedarschema", "entity User;\n")]);
    assert_eq!(run(dir.path(), &["fmt"]).code, 3);
    let both = run(dir.path(), &["fmt", "--staged"]);
    assert!(both.code == 2 && both.stderr.contains("add `--check`"), "{}", both.stderr);
    let report = run(dir.path(), &["fmt", "--report", "json"]);
    assert!(report.code == 2 && report.stderr.contains("no reports"), "{}", report.stderr);
}

/// Over repositories of others: as many policies are read afterwards, and another run changes nothing.
#[test]
fn repositories_of_others_say_the_same_afterwards() {
    let Some(corpora) = corpora() else { return };
    let mut changed = 0;
    for entry in std::fs::read_dir(corpora).unwrap() {
        let from = entry.unwrap().path();
        if !from.is_dir() {
            continue;
        }
        let dir = TempDir::new().unwrap();
        copy(&from, dir.path());
        git(dir.path(), &["init", "-q"]);
        git(dir.path(), &["add", "-A", "."]);
        git(dir.path(), &["commit", "-qm", "before"]);
        let (before, _) = json(dir.path(), &["validate"]);
        let done = run(dir.path(), &["fmt"]);
        assert!(matches!(done.code, 0 | 3 | 4), "{}{}", done.stdout, done.stderr);
        changed += usize::from(done.stdout.contains("laid out anew"));
        let again = run(dir.path(), &["fmt"]);
        assert!(!again.stdout.contains("laid out anew"), "{}: {}", from.display(), again.stdout);
        let (after, _) = json(dir.path(), &["validate"]);
        assert_eq!(before["summary"], after["summary"], "{}", from.display());
    }
    assert!(changed > 3, "{changed}");
}
