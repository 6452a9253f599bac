//! The outputs in docs/diff/ are what `polcheck diff` prints today.

use std::path::Path;

use tempfile::TempDir;

use crate::common::{Run, git, run, write};

/// A repository with `old` committed and `new` in the worktree; a file that `new` leaves out stays as it was.
pub(crate) fn repository(old: &[(&str, &str)], new: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(dir.path(), old);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    write(dir.path(), new);
    dir
}

/// Compares `text` with the kept page at `path`, or writes it when `POLCHECK_BLESS` is set.
pub(crate) fn keep(path: &str, text: &str) {
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write(path, text).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(kept, text, "run this test with POLCHECK_BLESS=1 to write {path} anew");
}

/// Compares what somebody reads, in the terminal and in the comment, with the snapshot of that name, or writes it when
/// `INSTA_UPDATE` is `always`.
pub(crate) fn keep_seen(name: &str, human: &str, comment: &str) {
    let text = format!("{human}\n---- as a comment, folds closed\n{}", seen(comment));
    let mut settings = insta::Settings::new();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

/// A comment as it is read: folds closed, marks gone.
fn seen(comment: &str) -> String {
    let (mut out, mut folded) = (String::new(), 0);
    for line in comment.lines() {
        if folded == 0 {
            let (before, fold) = line.split_once("<details><summary>").unwrap_or((line, ""));
            let summary = fold.split("</summary>").next().unwrap_or_default();
            let shown = if summary.is_empty() { before.to_owned() } else { format!("{before}> {summary}") };
            out.push_str(&shown.replace("<br>", "\n    "));
            out.push('\n');
        }
        folded += line.matches("<details>").count();
        folded -= line.matches("</details>").count();
    }
    for mark in ["<code>", "</code>", "**", "`"] {
        out = out.replace(mark, "");
    }
    unescaped(&out)
}

/// Characters in the place of their names and numbers.
pub(crate) fn unescaped(text: &str) -> String {
    let mut out = text.to_owned();
    for (name, letter) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
        out = out.replace(name, letter);
    }
    let mut parts = out.split("&#");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once(';').unwrap();
        text.push(char::from_u32(number.parse().unwrap()).unwrap());
        text.push_str(rest);
    }
    text
}

/// A page of commands and what they print.
fn page(name: &str, about: &str, steps: &[(&str, &Run)]) {
    let mut text = format!("# {about}\n");
    for (command, run) in steps {
        text.push_str(&format!(
            "\n```console\n$ {command}\n{}{}```\n\nExit code {}.\n",
            run.stdout, run.stderr, run.code
        ));
    }
    keep(&format!("docs/diff/{name}.md"), &text);
}

const SCHEMA: &str = r#"
entity Team;
entity Tenant;
entity User in [Team] { tenant: Tenant, level: Long, suspended: Bool };
entity Account { tenant: Tenant, owner: User, frozen: Bool, balance: Long };
type Session = { mfa: Bool, network: String };
action viewAccount, viewPayments appliesTo { principal: User, resource: Account, context: Session };
action transfer, closeAccount appliesTo { principal: User, resource: Account, context: { mfa: Bool, network: String, amount: Long } };
"#;

const POLICIES: &str = r#"@id("owners-view")
permit (principal, action in [Action::"viewAccount", Action::"viewPayments"], resource)
when { resource.owner == principal };

@id("owners-transfer")
permit (principal, action == Action::"transfer", resource)
when { resource.owner == principal && context.amount <= 10000 && context.mfa };

@id("support-views-accounts")
permit (principal in Team::"support", action == Action::"viewAccount", resource)
when { context.network == "office" };

@id("managers-close")
permit (principal in Team::"managers", action == Action::"closeAccount", resource)
when { principal.level >= 7 && context.mfa };

@id("tenants-stay-apart")
forbid (principal, action, resource)
unless { principal.tenant == resource.tenant };

@id("no-suspended-users")
forbid (principal, action, resource)
when { principal.suspended };

@id("frozen-accounts-do-not-move")
forbid (principal, action in [Action::"transfer", Action::"closeAccount"], resource)
when { resource.frozen };
"#;

const CHANGED: &str = r#"@id("owners-view")
permit (principal, action in [Action::"viewPayments", Action::"viewAccount"], resource)
when { principal == resource.owner };

@id("owners-transfer")
permit (principal, action == Action::"transfer", resource)
when { resource.owner == principal && context.amount <= 50000 && context.mfa };

@id("support-views-accounts")
permit (principal in Team::"support", action in [Action::"viewAccount", Action::"viewPayments"], resource);

@id("managers-close")
permit (principal in Team::"managers", action == Action::"closeAccount", resource)
when { principal.level >= 8 && context.mfa };

@id("auditors-view")
permit (principal in Team::"auditors", action in [Action::"viewAccount", Action::"viewPayments"], resource)
when { context.mfa };

@id("no-suspended-users")
forbid (principal, action, resource)
when { principal.suspended };

@id("frozen-accounts-do-not-move")
forbid (principal, action in [Action::"transfer", Action::"closeAccount"], resource)
when { resource.frozen };

@id("no-unknown-networks")
forbid (principal, action, resource)
when { context.network == "unknown" };
"#;

#[test]
fn the_largest_change() {
    let old = [("bank.cedarschema", SCHEMA), ("policies/bank.cedar", POLICIES)];
    let dir = repository(&old, &[("policies/bank.cedar", CHANGED)]);
    let diff = run(dir.path(), &["diff", "HEAD"]);
    page("largest-change", "Many changes at once", &[("polcheck diff HEAD", &diff)]);
    let comment = run(dir.path(), &["diff", "HEAD", "--report", "markdown"]);
    keep_seen("largest-change", &diff.stdout, &comment.stdout);
}

#[test]
fn a_side_that_does_not_typecheck() {
    let (old, new) = ("fixtures/repos/step-up", "fixtures/repos/step-up-broken");
    let diff = run(Path::new("."), &["diff", "--files", old, new]);
    let command = format!("polcheck diff --files {old} {new}");
    page("ill-typed-side", "A policy of the new side does not typecheck", &[(&command, &diff)]);
    let comment = run(Path::new("."), &["diff", "--files", old, new, "--report", "markdown"]);
    keep_seen("ill-typed-side", &diff.stdout, &comment.stdout);
}

#[test]
fn only_the_schema_changes() {
    let widened = SCHEMA
        .replace("suspended: Bool }", "suspended?: Bool }")
        .replace("entity Account", "entity Robot { tenant: Tenant };\nentity Account")
        .replace(
            "action viewAccount, viewPayments appliesTo { principal: User",
            "action viewAccount, viewPayments appliesTo { principal: [User, Robot]",
        );
    let policies = "@id(\"everybody-views-from-the-office\")\npermit (principal, action == Action::\"viewAccount\", resource)\n\
                    when { context.network == \"office\" };\n\n@id(\"no-suspended-users\")\nforbid (principal is User, action, \
                    resource)\nwhen { principal has suspended && principal.suspended };\n";
    let old = [("bank.cedarschema", SCHEMA), ("policies/bank.cedar", policies)];
    let dir = repository(&old, &[("bank.cedarschema", &widened)]);
    let diff = run(dir.path(), &["diff", "HEAD"]);
    page("schema-only-change", "Only the schema changes", &[("polcheck diff HEAD", &diff)]);
    let comment = run(dir.path(), &["diff", "HEAD", "--report", "markdown"]);
    keep_seen("schema-only-change", &diff.stdout, &comment.stdout);
}

/// Policies of six lines each, and the same ones in another order, with other names and other layout.
fn fifty() -> (String, String) {
    let (mut old, mut new) = (String::new(), String::new());
    for number in 0..50 {
        let (action, team) = (["viewAccount", "viewPayments"][number % 2], number % 7);
        old.push_str(&format!(
            "@id(\"policy-{number}\")\npermit (principal in Team::\"team{team}\", action == Action::\"{action}\", resource)\nwhen {{\n  \
             resource.balance < {number}000 && context.mfa\n}};\n\n"
        ));
        let at = 49 - number;
        let (action, team) = (["viewAccount", "viewPayments"][at % 2], at % 7);
        new.push_str(&format!(
            "// Team {team}.\n@id(\"team{team}-{action}-{at}\")\npermit (\n  principal in Team::\"team{team}\",\n  action == \
             Action::\"{action}\",\n  resource\n)\nwhen {{ context.mfa }}\nwhen {{ resource.balance < {at}000 }};\n\n"
        ));
    }
    (old, new)
}

#[test]
fn a_large_edit_that_changes_nothing() {
    let (old, new) = fifty();
    assert!(old.lines().count() >= 300);
    let dir =
        repository(&[("bank.cedarschema", SCHEMA), ("policies/bank.cedar", &old)], &[("policies/bank.cedar", &new)]);
    let diff = run(dir.path(), &["diff", "HEAD"]);
    assert_eq!(diff.code, 0);
    page("no-change", "300 lines edited, and nothing changes", &[("polcheck diff HEAD", &diff)]);
    let comment = run(dir.path(), &["diff", "HEAD", "--report", "markdown"]);
    keep_seen("no-change", &diff.stdout, &comment.stdout);
}

#[test]
fn a_shallow_clone() {
    let old = [("bank.cedarschema", SCHEMA), ("policies/bank.cedar", POLICIES)];
    let origin = repository(&old, &[("policies/bank.cedar", CHANGED)]);
    git(origin.path(), &["checkout", "-qb", "feature"]);
    git(origin.path(), &["commit", "-qam", "two"]);
    let place = TempDir::new().unwrap();
    let url = format!("file://{}", origin.path().display());
    git(place.path(), &["clone", "-q", "--depth=1", "--branch=feature", &url, "clone"]);
    let clone = place.path().join("clone");
    let lacking = run(&clone, &["diff", "origin/main"]);
    assert_eq!(lacking.code, 2);
    let fetch =
        lacking.stderr.split('`').find(|part| part.starts_with("git fetch")).expect("a command to run").to_owned();
    let words: Vec<&str> = fetch.split_whitespace().skip(1).collect();
    git(&clone, &words);
    let diff = run(&clone, &["diff", "origin/main", "--quiet"]);
    assert_eq!(diff.code, 0, "{}", diff.stderr);
    let nothing = Run { code: 0, stdout: String::new(), stderr: String::new() };
    let steps = [
        ("polcheck diff origin/main", &lacking),
        (fetch.as_str(), &nothing),
        ("polcheck diff origin/main --quiet", &diff),
    ];
    page("shallow-clone", "A shallow clone that lacks the old revision", &steps);
    let comment = run(&clone, &["diff", "origin/main", "--quiet", "--report", "markdown"]);
    keep_seen("shallow-clone", &diff.stdout, &comment.stdout);
}
