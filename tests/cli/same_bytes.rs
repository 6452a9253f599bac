//! The same run gives the same bytes: every command over every report, in two processes.

use std::path::Path;

use crate::common::{command, corpora, git, write};
use tempfile::TempDir;

/// Policies that the validator refuses in as many ways, in many environments at once: it meets environments in no
/// order.
fn many_ways_to_be_wrong() -> TempDir {
    let dir = TempDir::new().unwrap();
    let each = |what: &dyn Fn(usize) -> String| (0..6).map(what).collect::<Vec<_>>();
    let mut schema = "entity Group;\n".to_owned();
    for at in 0..6 {
        schema.push_str(&format!(
            "entity T{at} in [Group] {{ x{at}?: String, n: Long }} tags {};\n",
            if at % 2 == 0 { "Long" } else { "String" }
        ));
    }
    let types = each(&|at| format!("T{at}")).join(", ");
    let actions = each(&|at| format!("a{at}")).join(", ");
    schema.push_str(&format!("action {actions} appliesTo {{ principal: [{types}], resource: [{types}], context: {{ m?: Bool, k: Long }} }};\n"));
    let conditions = [
        "context.missing",
        "context.m",
        "principal.nope == 1",
        "principal.x0 == \"a\"",
        "principal has x0 && principal.x0 < 3",
        "principal.getTag(\"q\") == 1",
        "principal.hasTag(\"q\") && principal.getTag(\"q\") == 1",
        "(if principal.n == 1 then principal else resource) == principal",
        "principal in Goup::\"x\"",
        "[principal, 1].contains(resource)",
        "principal == Group::\"g\"",
        "resource in [Group::\"a\", principal] && {a: 1}.b",
        "(if context.k == 1 then principal else resource).n.foo",
        "(if context.k == 1 then principal else Group::\"a\").n == 1",
        "ip(context.k).isIpv4() || context == {k: 1} || [] == [1]",
    ];
    let mut policies =
        "permit (principal, action == Action::\"b0\", resource);\nforbid (principal is Grup, action, resource);\n"
            .to_owned();
    for (at, condition) in conditions.iter().enumerate() {
        let effect = if at % 2 == 0 { "permit" } else { "forbid" };
        policies.push_str(&format!("{effect} (principal, action, resource) when {{ {condition} }};\n"));
    }
    let row = "tests:\n  - name: one\n    principal: 'T0::\"a\"'\n    resource: 'T1::\"b\"'\n    context: { k: 1 }\n    allow: [a0]\n    deny: rest\n";
    write(dir.path(), &[("app.cedarschema", &schema), ("p.cedar", &policies), ("a_test.yaml", row)]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    write(
        dir.path(),
        &[(
            "q.cedar",
            "permit (principal, action, resource) when { context.k == 1 };\nforbid (principal, action, resource) when { context.k > 7 };\n",
        )],
    );
    dir
}

const COMMANDS: &[&[&str]] = &[
    &["check"],
    &["validate", "--level", "0"],
    &["lint", "-v"],
    &["lint", "--conflicts", "--breadth"],
    &["test", "-v"],
    &["test", "--coverage"],
    &["test", "--list"],
    &["diff", "HEAD"],
    &["check", "--against", "HEAD"],
    &["who-can"],
    &["rules"],
    &["init", "--dry-run"],
];

const FORMATS: [&str; 8] = ["human", "json", "github", "sarif", "gitlab", "junit", "markdown", "csv"];

fn same(dir: &Path, args: &[&str]) {
    let run = || command(dir).args(args).output().unwrap();
    let (one, other) = (run(), run());
    assert_eq!(one.status, other.status, "{} {args:?}", dir.display());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(text(&one.stdout), text(&other.stdout), "{} {args:?}", dir.display());
    assert_eq!(text(&one.stderr), text(&other.stderr), "{} {args:?}", dir.display());
}

#[test]
fn two_runs_of_every_command_give_the_same_bytes() {
    let dir = many_ways_to_be_wrong();
    for args in COMMANDS {
        if matches!(args[0], "rules" | "init") {
            same(dir.path(), args);
            continue;
        }
        // The formats show what a run found; each is tried once.
        let formats = if args.len() == 1 { &FORMATS[..] } else { &FORMATS[..2] };
        for format in formats {
            same(dir.path(), &[*args, &["--report", format]].concat());
        }
    }
}

#[test]
fn two_runs_over_examples_give_the_same_bytes() {
    let repos = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos");
    for entry in std::fs::read_dir(repos).unwrap().filter(|entry| entry.as_ref().unwrap().path().is_dir()) {
        let copy = TempDir::new().unwrap();
        let status = std::process::Command::new("cp")
            .arg("-r")
            .arg(entry.unwrap().path())
            .arg(copy.path().join("repo"))
            .status()
            .unwrap();
        assert!(status.success());
        for args in [
            &["check", "-v"][..],
            &["lint", "--conflicts", "--breadth"],
            &["test", "--coverage", "-v"],
            &["prove", "-v"],
        ] {
            same(&copy.path().join("repo"), &[args, &["--report", "json"]].concat());
        }
    }
}

#[test]
fn two_runs_over_repositories_by_others_give_the_same_bytes() {
    let Some(corpora) = corpora() else { return };
    for args in [&["validate"][..], &["lint", "-v"], &["test", "-v"]] {
        same(&corpora, &[args, &["--report", "json"]].concat());
    }
}
