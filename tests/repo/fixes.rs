//! `lint --fix`: what is mended, that nothing else changes, and what is left alone.

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{committed, copy, corpora, diff, git, json, rules, run, write};

const SCHEMA: &str = "entity Team;
entity User in [Team] { level: Long, blocked: Bool, boss?: User };
entity Account;
entity Report { account: Account, owner: User, editor?: User, name: String };
action view, edit appliesTo { principal: User, resource: Report, context: { mfa: Bool } };
";

fn place(policies: &str) -> TempDir {
    committed(&[("app.cedarschema", SCHEMA), ("p.cedar", policies)])
}

fn text(dir: &Path) -> String {
    std::fs::read_to_string(dir.join("p.cedar")).unwrap()
}

/// `before` as `lint --fix` with `args` leaves it; another run changes nothing, and no decision is another.
#[track_caller]
fn mended_with(before: &str, args: &[&str]) -> String {
    let dir = place(before);
    let first = run(dir.path(), &[&["lint", "--fix"], args].concat());
    assert!(first.code < 2, "{}{}", first.stdout, first.stderr);
    let after = text(dir.path());
    run(dir.path(), &[&["lint", "--fix"], args].concat());
    assert_eq!(text(dir.path()), after, "another run changes it again");
    let (report, code) = diff(dir.path(), &["HEAD"]);
    for change in report["changes"].as_array().unwrap() {
        assert_eq!(change["relation"], "same", "{after}");
    }
    assert_eq!(code, 0);
    after
}

#[track_caller]
fn becomes(before: &str, expected: &str) {
    assert_eq!(mended_with(before, &["-v"]), expected);
}

#[test]
fn an_operand_that_makes_no_difference_goes_with_its_operator() {
    becomes(
        "permit (principal, action == Action::\"view\", resource)\nwhen { principal.level > 5 && principal.level > 3 };\n",
        "permit (principal, action == Action::\"view\", resource)\nwhen { principal.level > 5 };\n",
    );
    becomes(
        "permit (principal, action == Action::\"view\", resource)
when {
    // the owner
    resource.owner == principal &&
    (context.mfa || true) && // some day
    // not the blocked
    !principal.blocked
};
",
        "permit (principal, action == Action::\"view\", resource)
when {
    // the owner
    resource.owner == principal &&
    // some day
    // not the blocked
    !principal.blocked
};
",
    );
    becomes(
        "permit (principal, action == Action::\"view\", resource)
when { principal == resource.account || principal == resource.owner };\n",
        "permit (principal, action == Action::\"view\", resource)
when { principal == resource.owner };\n",
    );
}

#[test]
fn a_clause_that_makes_no_difference_goes_whole() {
    becomes(
        "permit (principal, action == Action::\"view\", resource)
when { resource.owner == principal }
when { context.mfa || !context.mfa }
unless { principal.blocked };\n",
        "permit (principal, action == Action::\"view\", resource)
when { resource.owner == principal }
unless { principal.blocked };\n",
    );
    becomes(
        "permit (principal, action == Action::\"view\", resource) // all\n// legacy\nunless { principal == resource.account };\n",
        "permit (principal, action == Action::\"view\", resource) // all\n// legacy\n;\n",
    );
}

#[test]
fn a_policy_that_others_cover_goes_with_its_own_comments() {
    becomes(
        "// Copyright by nobody

// owners read
@id(\"owners\")
permit (principal, action == Action::\"view\", resource)
when { resource.owner == principal };

// owners with a second factor
// read too
@id(\"owners-mfa\")
@description(\"twice\")
permit (principal, action == Action::\"view\", resource) // here
when { resource.owner == principal && context.mfa }; // and here

// blocked
@id(\"blocked\")
forbid (principal, action, resource) when { principal.blocked };
",
        "// Copyright by nobody

// owners read
@id(\"owners\")
permit (principal, action == Action::\"view\", resource)
when { resource.owner == principal };

// blocked
@id(\"blocked\")
forbid (principal, action, resource) when { principal.blocked };
",
    );
}

#[test]
fn what_the_scope_can_say_goes_there() {
    becomes(
        "permit (principal, action == Action::\"view\", resource is Report)
when { principal in Team::\"a\" && resource.owner == principal };\n",
        "permit (principal in Team::\"a\", action == Action::\"view\", resource is Report)
when { resource.owner == principal };\n",
    );
    becomes(
        "permit (principal is User, action, resource)
when { action in [Action::\"view\", Action::\"edit\"] }
when { principal in Team::\"a\" }
when { resource.owner == principal };\n",
        "permit (principal is User in Team::\"a\", action in [Action::\"view\", Action::\"edit\"], resource)
when { resource.owner == principal };\n",
    );
}

/// The kind: annotations, with brackets and words of their own, taken for the scope.
#[test]
fn annotations_are_no_scope() {
    becomes(
        "@id(\"permit (principal\")
@permit(\"forbid\")
permit (principal, action == Action::\"view\", resource)
when { principal in Team::\"a\" && resource.owner == principal };\n",
        "@id(\"permit (principal\")
@permit(\"forbid\")
permit (principal in Team::\"a\", action == Action::\"view\", resource)
when { resource.owner == principal };\n",
    );
}

#[test]
fn a_read_is_asked_for_first_and_it_is_said_what_that_changes() {
    let before = "permit (principal, action == Action::\"view\", resource);

forbid (principal, action == Action::\"view\", resource)
when { resource.editor == principal };

forbid (principal, action == Action::\"view\", resource)
unless { resource.owner == principal.boss };
";
    let dir = place(before);
    let (report, _) = json(dir.path(), &["lint"]);
    assert_eq!(rules(&report).iter().filter(|rule| **rule == "forbid-can-error").count(), 2, "{report:#}");
    let (report, code) = json(dir.path(), &["lint", "--fix"]);
    let changes: Vec<_> =
        report["fixes"].as_array().unwrap().iter().map(|fix| fix["changes"].as_str().unwrap()).collect();
    assert!(changes.len() == 2 && changes.iter().all(|one| one.contains("still forbids nothing there")), "{report:#}");
    assert!(!rules(&report).contains(&"forbid-can-error"));
    assert_eq!(code, 0);
    let expected = "permit (principal, action == Action::\"view\", resource);

forbid (principal, action == Action::\"view\", resource)
when { resource has editor && resource.editor == principal };

forbid (principal, action == Action::\"view\", resource)
when { principal has boss }
unless { resource.owner == principal.boss };
";
    assert_eq!(text(dir.path()), expected);
    assert_eq!(mended_with(before, &[]), expected);
}

/// Of a chain of reads the one is asked for that may be missing.
#[test]
fn a_read_inside_of_a_chain_is_asked_for() {
    becomes(
        "permit (principal, action == Action::\"view\", resource)
when { resource.owner.boss == principal };\n",
        "permit (principal, action == Action::\"view\", resource)
when { resource.owner has boss && resource.owner.boss == principal };\n",
    );
}

/// To ask before the whole of it would take away what the other side of `||` permits.
#[test]
fn a_read_is_not_asked_for_where_that_would_change_a_decision() {
    let before = "permit (principal, action == Action::\"view\", resource)
when { context.mfa || resource.editor == principal };\n";
    becomes(before, before);
}

#[test]
fn a_pattern_without_a_star_is_compared() {
    becomes(
        "permit (principal, action == Action::\"view\", resource) when { resource.name like \"a\" };\n",
        "permit (principal, action == Action::\"view\", resource) when { resource.name == \"a\" };\n",
    );
}

#[test]
fn suppressions_that_suppress_nothing_go() {
    becomes(
        "// polcheck: ignore[placeholder] nobody knows
permit (principal, action == Action::\"view\", resource)
when { principal.level > 5 && principal.level > 3 }; // polcheck: ignore[placeholder, constant-condition] as the contract has it

// polcheck: ignore[wildcard-in-entity-id] for now until 2020-01-01
permit (principal, action == Action::\"edit\", resource) when { context.mfa };
",
        "permit (principal, action == Action::\"view\", resource)
when { principal.level > 5 && principal.level > 3 }; // polcheck: ignore[constant-condition] as the contract has it

permit (principal, action == Action::\"edit\", resource) when { context.mfa };
",
    );
}

#[test]
fn line_ends_and_marks_stay_as_they_are() {
    let unix = "\u{feff}// a
permit (principal, action == Action::\"view\", resource)
when {
    context.mfa &&
    (context.mfa || principal.blocked)
};

// b
permit (principal, action == Action::\"view\", resource)
when { context.mfa && principal.blocked };
";
    let after = mended_with(&unix.replace('\n', "\r\n"), &[]);
    let expected = "\u{feff}// a
permit (principal, action == Action::\"view\", resource)
when {
    context.mfa
};
";
    assert_eq!(after, expected.replace('\n', "\r\n"));
}

#[test]
fn notes_are_mended_where_they_are_shown() {
    let before = "permit (principal, action == Action::\"view\", resource)
when { principal in Team::\"a\" && resource.owner == principal };\n";
    assert_eq!(mended_with(before, &[]), before);
    assert_ne!(mended_with(before, &["-v"]), before);
}

#[test]
fn a_diff_is_shown_and_nothing_written() {
    let before = "permit (principal, action == Action::\"view\", resource)
when { principal.level > 5 && principal.level > 3 };\n";
    let dir = place(before);
    let shown = run(dir.path(), &["lint", "--fix", "--diff"]);
    assert_eq!(text(dir.path()), before);
    let expected = "--- a/p.cedar
+++ b/p.cedar
@@ -1,2 +1,2 @@
 permit (principal, action == Action::\"view\", resource)
-when { principal.level > 5 && principal.level > 3 };
+when { principal.level > 5 };
";
    assert_eq!(shown.stdout, expected);
    assert!(
        shown.stderr.contains("can be mended: `p.cedar#policy0`: remove `principal.level > 3`"),
        "{}",
        shown.stderr
    );
    assert_eq!(run(dir.path(), &["lint", "--fix", "--diff", "--fail-on", "warning"]).code, 1, "as lint exits");
    write(dir.path(), &[("change.patch", &shown.stdout)]);
    git(dir.path(), &["apply", "change.patch"]);
    assert_eq!(run(dir.path(), &["lint", "--fail-on", "warning"]).code, 0);
    let both = run(dir.path(), &["lint", "--fix", "--diff", "--report", "json"]);
    assert_eq!((both.code, both.stdout.as_str()), (2, ""));
    assert!(both.stderr.contains("standard output takes the changes"), "{}", both.stderr);
}

/// A duplicate that a row names decides the row's reason.
#[test]
fn a_policy_that_a_row_names_stays() {
    let policies = "@id(\"a\")
permit (principal, action == Action::\"view\", resource) when { context.mfa };
@id(\"b\")
permit (principal, action == Action::\"view\", resource) when { context.mfa };
";
    let dir = place(policies);
    let rows = "entities: e.json
tests:
  - name: with a second factor
    principal: 'User::\"u\"'
    action: view
    resource: 'Report::\"r\"'
    context: { mfa: true }
    expect: allow
    because: [a, b]
";
    let entities = r#"[{"uid": {"type": "User", "id": "u"}, "attrs": {"level": 1, "blocked": false}, "parents": []},
 {"uid": {"type": "Account", "id": "c"}, "attrs": {}, "parents": []},
 {"uid": {"type": "Report", "id": "r"}, "parents": [], "attrs": {"name": "r", "owner": {"__entity": {"type": "User", "id": "u"}},
  "account": {"__entity": {"type": "Account", "id": "c"}}}}]"#;
    write(dir.path(), &[("a_test.yaml", rows), ("e.json", entities)]);
    assert_eq!(run(dir.path(), &["test"]).code, 0);
    let (report, _) = json(dir.path(), &["lint", "--fix"]);
    assert_eq!(text(dir.path()), policies);
    let why = report["fixes"][0]["why"].as_str().unwrap();
    assert_eq!(why, "the row `a_test.yaml#with a second factor` would fail, which names policies");
}

#[test]
fn a_file_that_is_left_empty_is_told() {
    let dir = place("permit (principal, action == Action::\"view\", resource) when { context.mfa };\n");
    let other = "// the same\npermit (principal, action == Action::\"view\", resource) when { context.mfa };\n";
    write(dir.path(), &[("q.cedar", other)]);
    let shown = run(dir.path(), &["lint", "--fix"]).stdout;
    assert!(shown.contains("note: `q.cedar` is left with no policy, so it can be deleted"), "{shown}");
    assert_eq!(std::fs::read_to_string(dir.path().join("q.cedar")).unwrap(), "");
}

/// Policies without an id are called by their position, and by the one that they had.
#[test]
fn policies_are_called_as_they_were() {
    let policies = "permit (principal, action == Action::\"view\", resource) when { context.mfa };
permit (principal, action == Action::\"view\", resource) when { context.mfa };
permit (principal, action == Action::\"view\", resource) when { context.mfa && principal.blocked };
permit (principal, action == Action::\"edit\", resource)
when { principal.level > 5 && principal.level > 4 && (principal.level > 3 || principal.level > 2) };
";
    let dir = place(policies);
    let (report, _) = json(dir.path(), &["lint", "--fix"]);
    let fix = |fix: &Value| format!("{} {}", fix["policy"].as_str().unwrap(), fix["rule"].as_str().unwrap());
    let mut told: Vec<String> = report["fixes"].as_array().unwrap().iter().map(fix).collect();
    told.sort();
    told.dedup();
    let expected = ["1 shadowed-permit", "2 shadowed-permit", "3 constant-condition"];
    assert_eq!(told, expected.map(|one| format!("p.cedar#policy{one}")));
}

/// Two policies that each cover the other: one of them stays.
#[test]
fn of_what_only_one_can_go_one_stays() {
    let before = "permit (principal, action == Action::\"view\", resource) when { context.mfa };
forbid (principal, action == Action::\"view\", resource) when { principal.blocked };
forbid (principal, action == Action::\"view\", resource) when { principal.blocked || !context.mfa };
forbid (principal, action == Action::\"view\", resource) when { principal.blocked && context.mfa };
";
    let after = mended_with(before, &["-v"]);
    assert_eq!(after.lines().filter(|line| line.starts_with("forbid")).count(), 1, "{after}");
}

#[test]
fn paths_limit_what_is_mended() {
    let dir = TempDir::new().unwrap();
    let text = "permit (principal, action == Action::\"view\", resource) when { principal.level > 5 && principal.level > 3 };\n";
    let other = text.replace("view", "edit");
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("a/p.cedar", text), ("b/p.cedar", &other)]);
    run(dir.path(), &["lint", "--fix", "a"]);
    assert_ne!(std::fs::read_to_string(dir.path().join("a/p.cedar")).unwrap(), text);
    assert_eq!(std::fs::read_to_string(dir.path().join("b/p.cedar")).unwrap(), other);
}

#[test]
fn what_cannot_be_written_is_an_error_with_a_way_out() {
    let before = "permit (principal, action == Action::\"view\", resource)
when { principal.level > 5 && principal.level > 3 };\n";
    let dir = place(before);
    let staged = run(dir.path(), &["lint", "--fix", "--staged"]);
    assert_eq!(staged.code, 2);
    assert!(staged.stderr.contains("leave one of them out"), "{}", staged.stderr);
    let file = dir.path().join("p.cedar");
    std::fs::hard_link(&file, dir.path().join("other")).unwrap();
    let linked = run(dir.path(), &["lint", "--fix"]);
    assert!(linked.code == 2 && linked.stderr.contains("make it a file of its own"), "{}", linked.stderr);
    std::fs::remove_file(dir.path().join("other")).unwrap();
    let mut permissions = std::fs::metadata(&file).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&file, permissions).unwrap();
    let read_only = run(dir.path(), &["lint", "--fix"]);
    assert!(read_only.code == 2 && read_only.stderr.contains("`p.cedar`: it is read-only"), "{}", read_only.stderr);
    assert_eq!(text(dir.path()), before);
}

#[test]
fn a_file_that_lies_elsewhere_is_not_mended() {
    let (dir, elsewhere) = (place("// nothing\n"), TempDir::new().unwrap());
    let text = "permit (principal, action == Action::\"view\", resource) when { principal.level > 5 && principal.level > 3 };\n";
    write(elsewhere.path(), &[("p.cedar", text)]);
    let file = elsewhere.path().join("p.cedar");
    let file = file.to_str().unwrap();
    let outside = run(dir.path(), &["lint", "--fix", "-p", file, "-s", "app.cedarschema"]);
    assert!(outside.code == 2 && outside.stderr.contains("run polcheck where it lies"), "{}", outside.stderr);
    assert_eq!(std::fs::read_to_string(file).unwrap(), text);
}

/// The kind: a fix proved of less than there is. What one store does not need, or a rule that could not look did not
/// find, another may.
#[test]
fn a_suppression_goes_only_where_everything_was_looked_at() {
    let held = "permit (principal, action == Action::\"view\", resource)
when { principal.level > 5 && principal.level > 3 }; // polcheck: ignore[constant-condition] as the contract has it
";
    let idle = "// polcheck: ignore[placeholder] nobody knows
permit (principal, action == Action::\"view\", resource) when { context.mfa };
";
    let dir = place(idle);
    let (report, _) = json(dir.path(), &["lint", "--fix", "-p", "p.cedar", "-s", "app.cedarschema"]);
    assert_eq!(report["fixes"][0]["status"], "refused", "{report:#}");
    assert_eq!(text(dir.path()), idle);
    // What does not load may be what the rule needs to see.
    let dir = place(held);
    write(dir.path(), &[("broken.cedar", "permit (principal")]);
    let (report, _) = json(dir.path(), &["lint"]);
    assert!(!rules(&report).contains(&"unused-suppression"), "{report:#}");
}

/// The kind: an edit that takes comments with it, or half of a fix.
#[test]
fn comments_outlive_fixes() {
    let moved = "permit (principal, action == Action::\"view\", resource)
// only the team
when { principal in Team::\"a\" /* */ };
";
    let moved = moved.replace(" /* */", " // of today\n");
    becomes(&moved, &moved);
    becomes(
        "// ---- the readers ----
permit (principal, action == Action::\"view\", resource);
permit (principal, action == Action::\"view\", resource) when { context.mfa };
",
        "// ---- the readers ----
permit (principal, action == Action::\"view\", resource);
",
    );
    becomes(
        "// ---- the readers ----
permit (principal, action == Action::\"view\", resource) when { context.mfa };
permit (principal, action == Action::\"view\", resource);
",
        "// ---- the readers ----
permit (principal, action == Action::\"view\", resource);
",
    );
}

/// The kind: a name that nothing declares. To ask for it first would leave a permit that never matches.
#[test]
fn a_read_of_what_nothing_declares_is_not_asked_for() {
    let before = "permit (principal, action == Action::\"view\", resource)
when { principal.levle > 5 };
";
    becomes(before, before);
    let (report, _) = json(place(before).path(), &["lint"]);
    let findings = report["findings"].as_array().unwrap();
    let error = findings.iter().find(|one| one["rule"] == "permit-can-error").unwrap();
    assert!(error["help"].as_str().unwrap().contains("spelled as the schema has it"), "{error:#}");
}

/// SARIF and JSON have the edits: made in the text, they are the fix.
#[test]
fn reports_have_the_edits() {
    let before = "permit (principal, action == Action::\"view\", resource)
when { principal.level > 5 && principal.level > 3 };\n";
    let dir = place(before);
    let after = mended_with(before, &[]);
    let (report, _) = json(dir.path(), &["lint"]);
    let edit = &report["findings"][0]["fix"]["edits"][0];
    let start = edit["location"]["offset"].as_u64().unwrap() as usize;
    let length = edit["location"]["length"].as_u64().unwrap() as usize;
    let mut text = before.to_owned();
    text.replace_range(start..start + length, edit["text"].as_str().unwrap());
    assert_eq!(text, after);
    let sarif = run(dir.path(), &["lint", "--report", "sarif"]).stdout;
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    let fix = &sarif["runs"][0]["results"][0]["fixes"][0];
    assert_eq!(fix["description"]["text"], "remove `principal.level > 3`");
    let region = &fix["artifactChanges"][0]["replacements"][0]["deletedRegion"];
    assert_eq!(
        (region["byteOffset"].as_u64(), region["byteLength"].as_u64()),
        (Some(start as u64), Some(length as u64))
    );
    assert_eq!((&region["startLine"], &region["endLine"]), (&Value::from(2), &Value::from(2)));
}

/// Without a schema only what holds under an inferred one, in which everything may be absent, is mended.
#[test]
fn without_a_schema_less_is_mended() {
    let before = "permit (principal, action == Action::\"view\", resource) when { context.mfa };
permit (principal, action == Action::\"view\", resource) when { context.mfa && resource.open };
";
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("p.cedar", before)]);
    run(dir.path(), &["lint", "--fix"]);
    let first = before.lines().next().unwrap();
    assert_eq!(text(dir.path()), format!("{first}\n"));
    write(dir.path(), &[("p.cedar", before), ("polcheck.toml", "[schema]\ninferred = \"refuse\"\n")]);
    run(dir.path(), &["lint", "--fix"]);
    assert_eq!(text(dir.path()), before);
}

/// Over repositories of others nothing breaks: what is mended is mended for good, and comments stay.
#[test]
fn repositories_of_others_are_mended_for_good() {
    let Some(corpora) = corpora() else { return };
    for name in ["cedar-examples", "cedar-for-agents", "k8s", "pgrest-lambda", "vscode-cedar", "cedar-cli-sample-data"]
    {
        let dir = TempDir::new().unwrap();
        copy(&corpora.join(name), dir.path());
        git(dir.path(), &["init", "-q"]);
        git(dir.path(), &["add", "-Af", "."]);
        git(dir.path(), &["commit", "-qm", "before"]);
        let (report, code) = json(dir.path(), &["lint", "--fix", "-v"]);
        assert_ne!(code, 2, "{name}: {report:#}");
        let (again, _) = json(dir.path(), &["lint", "--fix", "-v"]);
        let applied = |report: &Value| {
            let fixes = report["fixes"].as_array().map_or(&[][..], Vec::as_slice);
            fixes.iter().filter(|fix| fix["status"] == "applied").count()
        };
        println!(
            "{name}: {} mended, {} not",
            applied(&report),
            report["fixes"].as_array().map_or(0, Vec::len) - applied(&report)
        );
        assert_eq!(applied(&again), 0, "{name}: {again:#}");
        let (report, _) = diff(dir.path(), &["HEAD"]);
        for change in report["changes"].as_array().unwrap() {
            assert!(["same", "unknown"].contains(&change["relation"].as_str().unwrap()), "{name}: {change:#}");
        }
    }
}
