//! What rows notice of small changes of policies: every verdict against the plain authorizer over the whole changed
//! store, and the rows that are suggested, run.

use std::path::Path;
use std::sync::Arc;

use cedar_policy::{AuthorizationError, Authorizer, Decision, Entities, PolicySet, Request};
use polcheck::config::Config;
use polcheck::mutation::{Asked, Fate, trials};
use polcheck::repo::{self, Repo, Request as Reading};
use polcheck::source::{Memory, Source, Worktree};
use polcheck::tables::{self, Record, Selection, Verdict};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::rng::Rng;
use crate::common::worlds::Worlds;
use crate::common::{copy, git, json, rules, run, write};

const EXAMPLES: [&str; 5] = ["audit", "fine-grained", "just-in-time", "production-access", "step-up"];

fn recorded(source: &dyn Source) -> (Repo, Arc<Record>) {
    let repo = repo::load(source, &Config::default(), &Reading::default()).unwrap();
    let record = Arc::new(Record::default());
    let ran = tables::run(&repo, &Selection { record: Some(Arc::clone(&record)), ..Selection::default() }, None);
    assert!(ran.rows.iter().all(|row| !row.is_bad()), "{:#?}", ran.rows.iter().find(|row| row.is_bad()));
    (repo, record)
}

fn verdict(set: &PolicySet, request: &Request, entities: &Entities) -> Verdict {
    let response = Authorizer::new().is_authorized(request, set, entities);
    let errors = response.diagnostics().errors();
    Verdict {
        allowed: response.decision() == Decision::Allow,
        reason: response.diagnostics().reason().cloned().collect(),
        errors: errors.map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id().clone()).collect(),
    }
}

/// How many changes each fate has: killed, equivalent, different, unknown.
type Fates = [usize; 4];

/// Each change of the stores of `source` has the fate that is said: a row that kills it fails over the changed policies
/// and passes over the others, one that is equivalent decides 10,000 random requests alike, one that is not decides its
/// request otherwise, and no row kills what is said to survive.
fn hold(source: &dyn Source, world: Option<(&str, &str)>) -> Fates {
    let (repo, record) = recorded(source);
    let mut fates = Fates::default();
    for store in &repo.stores {
        let rows = record.of(store);
        let asked = Asked { only: None, inference: true, solvers: &Arc::default() };
        let (trials, untried) = trials(store, rows.clone(), &asked);
        assert_eq!(untried, 0);
        let random = world.map(|(schema, text)| Worlds::new(schema, text).requests(&mut Rng::new(7), 200, 50));
        for trial in &trials {
            let changed = trial.policies(store);
            let passes =
                |row: &tables::Recorded, set: &PolicySet| row.passes(store, &verdict(set, &row.request, &row.entities));
            let at = match &trial.fate {
                Fate::Killed(id) => {
                    let mut of_id = rows.iter().filter(|row| row.id == *id).peekable();
                    assert!(of_id.peek().is_some(), "{id}");
                    assert!(of_id.clone().all(|row| passes(row, &store.set)), "{:?}", trial.change());
                    assert!(of_id.any(|row| !passes(row, &changed)), "{id} does not kill {:?}", trial.change());
                    fates[0] += 1;
                    continue;
                }
                Fate::Equivalent => {
                    for (request, entities) in random.iter().flatten() {
                        let decide = |set| verdict(set, request, entities).allowed;
                        assert_eq!(decide(&store.set), decide(&changed), "{:?} is not equivalent", trial.change());
                    }
                    1
                }
                Fate::Differs(case) => {
                    let decide = |set| verdict(set, &case.request, &case.entities).allowed;
                    assert_ne!(decide(&store.set), decide(&changed), "{:?}", trial.change());
                    2
                }
                Fate::Unknown(_) => 3,
            };
            fates[at] += 1;
            assert!(rows.iter().all(|row| passes(row, &changed)), "a row kills {:?}", trial.change());
        }
    }
    fates
}

#[test]
fn the_examples_have_the_fates_that_are_said() {
    for example in EXAMPLES {
        let dir = Path::new("fixtures/repos").join(example);
        let texts = |ending: &str| -> String {
            let files = walkdir::WalkDir::new(&dir).into_iter().map(|entry| entry.unwrap().into_path());
            let files = files.filter(|path| path.to_string_lossy().ends_with(ending));
            files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
        };
        let fates = hold(&Worktree::new(&dir), Some((&texts(".cedarschema"), &texts(".cedar"))));
        assert!(fates[0] > 50 && fates[1] >= 5 && fates[3] == 0, "{example}: {fates:?}");
    }
}

const SCHEMA: &str = "entity Group;
entity User in [Group] { level: Long, other: Long, blocked: Bool, tags: Set<String>, boss?: User };
entity Doc in [Group] { owner: User, level: Long };
action view, edit appliesTo { principal: User, resource: Doc, context: { mfa: Bool, n: Long } };
action purge appliesTo { principal: User, resource: Doc, context: { mfa: Bool, n: Long } };
";

/// The kind: everything that policies are made of, in a store that is not well tested. Half of the rows are about what
/// a guard hides, so that errors and determining policies matter.
const POLICIES: &str = r#"
@id("owner") permit (principal, action in [Action::"view", Action::"edit"], resource) when { resource.owner == principal };
@id("level") permit (principal in Group::"a", action == Action::"view", resource)
when { principal.level > resource.level && (context.mfa || context.n <= 3) } unless { principal.blocked };
@id("boss") permit (principal, action == Action::"edit", resource) when { principal has boss && principal.boss == resource.owner };
@id("tags") permit (principal is User in Group::"b", action, resource in Group::"b")
when { principal.tags.containsAll(["x", "y"]) && (if context.mfa then context.n < 9 else context.n < 2) };
@id("twice") permit (principal, action == Action::"view", resource) when { resource.owner == principal && context.mfa };
@id("blocked") forbid (principal, action, resource) when { principal.blocked && !context.mfa };
@id("late") forbid (principal, action == Action::"purge", resource) unless { context.n == 0 || principal in Group::"c" };
@id("linked") permit (principal in ?principal, action == Action::"view", resource == ?resource) when { context.n >= 5 };
"#;

const LINKS: &str = r#"[{ "template_id": "linked", "link_id": "l1", "args": { "?principal": "Group::\"c\"", "?resource": "Doc::\"d\"" } },
 { "template_id": "linked", "link_id": "l2", "args": { "?principal": "Group::\"a\"", "?resource": "Doc::\"e\"" } }]"#;

const ENTITIES: &str = r#"[
 { "uid": { "type": "User", "id": "ann" }, "attrs": { "level": 5, "other": 1, "blocked": false, "tags": ["x", "y"] }, "parents": [{ "type": "Group", "id": "a" }, { "type": "Group", "id": "b" }] },
 { "uid": { "type": "User", "id": "bob" }, "attrs": { "level": 1, "other": 5, "blocked": true, "tags": ["x"], "boss": { "__entity": { "type": "User", "id": "ann" } } }, "parents": [{ "type": "Group", "id": "c" }] },
 { "uid": { "type": "Doc", "id": "d" }, "attrs": { "owner": { "__entity": { "type": "User", "id": "ann" } }, "level": 3 }, "parents": [{ "type": "Group", "id": "b" }] },
 { "uid": { "type": "Group", "id": "a" }, "attrs": {}, "parents": [] }, { "uid": { "type": "Group", "id": "b" }, "attrs": {}, "parents": [] },
 { "uid": { "type": "Group", "id": "c" }, "attrs": {}, "parents": [] } ]"#;

const TESTS: &str = r#"
tests:
  - { name: owner, principal: 'User::"ann"', action: view, resource: 'Doc::"d"', context: { mfa: true, n: 4 }, because: [owner, level, twice, tags], expect: allow }
  - { name: bob, principal: 'User::"bob"', action: edit, resource: 'Doc::"d"', context: { mfa: false, n: 4 }, expect: deny }
  - { name: purge, principal: 'User::"ann"', action: purge, resource: 'Doc::"d"', context: { mfa: true, n: 4 }, expect: deny, because: [late] }
  - { name: who, who-can: { action: edit, resource: 'Doc::"d"', context: { mfa: true, n: 4 }, expect: ['User::"ann"', 'User::"bob"'] } }
"#;

const STORE: [(&str, &str); 5] = [
    ("app.cedarschema", SCHEMA),
    ("policies.cedar", POLICIES),
    ("links.cedartemplatelinks.json", LINKS),
    ("cedarentities.json", ENTITIES),
    ("some_test.yaml", TESTS),
];

#[test]
fn a_store_of_everything_has_the_fates_that_are_said() {
    let fates = hold(&Memory::new(STORE), Some((SCHEMA, POLICIES)));
    assert!(fates[0] > 20 && fates[1] >= 3 && fates[2] > 20 && fates[3] == 0, "{fates:?}");
}

/// Without a schema types are not known, and what is proved is proved under an inferred one.
#[test]
fn without_a_schema_the_fates_hold_as_well() {
    let bare: Vec<(&str, &str)> = STORE.into_iter().filter(|(path, _)| *path != "app.cedarschema").collect();
    let fates = hold(&Memory::new(bare), Some((SCHEMA, POLICIES)));
    assert!(fates[0] > 20 && fates[2] > 20, "{fates:?}");
}

fn percent(report: &Value) -> u64 {
    report["mutation"]["percent"].as_u64().unwrap()
}

/// The rows that are suggested pass, and leave nothing unnoticed; what they cover is covered then.
#[test]
fn suggested_rows_notice_what_no_row_did() {
    for at in 0..=EXAMPLES.len() {
        let dir = TempDir::new().unwrap();
        match EXAMPLES.get(at) {
            Some(example) => copy(&Path::new("fixtures/repos").join(example), dir.path()),
            None => write(dir.path(), &STORE),
        }
        let (before, code) = json(dir.path(), &["test", "--mutate"]);
        assert_eq!(code, 0);
        let wanted = before["mutation"]["suggested"].as_array().unwrap().len();
        let survivors = before["mutation"]["survivors"].as_array().unwrap().len();
        assert!(wanted <= survivors);
        let (_, code) = json(dir.path(), &["test", "--suggest", "suggested_test.yaml"]);
        assert_eq!(code, 0);
        let (after, code) = json(dir.path(), &["test", "--mutate", "--mutate-floor", "100", "--coverage"]);
        assert_eq!(code, 0, "{after:#}");
        assert_eq!(percent(&after), 100, "{:#}", after["mutation"]["survivors"]);
        uncovered_is_redundant(dir.path(), &after);
        assert_eq!(after["tests"].as_array().unwrap().len(), before["tests"].as_array().unwrap().len() + wanted);
        if at == EXAMPLES.len() {
            assert!(percent(&before) < 70 && wanted > 5, "{before:#}");
            assert!(after["coverage"]["percent"].as_u64().unwrap() >= 90, "{:#}", after["coverage"]);
        }
    }
}

/// With the suggested rows everything is covered but what changes no decision when it goes: policies without which
/// nothing is decided otherwise, and conditions of which the same is proved when they are left out or turned round.
fn uncovered_is_redundant(dir: &Path, report: &Value) {
    let (repo, _) = recorded(&Worktree::new(dir));
    let mut idle: Vec<(String, &str)> = Vec::new();
    for store in &repo.stores {
        let asked = Asked { only: None, inference: true, solvers: &Arc::default() };
        // Without rows, some of which fail for the policies that they name, each change is asked about.
        for trial in trials(store, Vec::new(), &asked).0 {
            if let Fate::Equivalent = trial.fate {
                idle.push((trial.policy(store), trial.change().0));
            }
        }
    }
    for list in ["policies", "conditions"] {
        for one in report["coverage"][list].as_array().unwrap() {
            let dropped = |kind: &str| list == "conditions" || matches!(kind, "policy-dropped" | "link-dropped");
            let is_idle = idle.iter().any(|(policy, kind)| one["policy"] == policy.as_str() && dropped(kind));
            assert!(one["covered"] == true || is_idle, "{one:#}");
        }
    }
}

/// The kind: a store without any table. The rows that are asked for are the answer; nothing else was checked.
#[test]
fn a_store_without_tables_gets_its_first() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &STORE[..2]);
    let (_, code) = json(dir.path(), &["test", "--mutate"]);
    assert_eq!(code, 3);
    let done = run(dir.path(), &["test", "--suggest", "first_test.yaml"]);
    assert!(done.code == 0 && done.stderr.contains("rows written to `first_test.yaml`"), "{}", done.stderr);
    assert!(done.stdout.contains("no row ran,") && !done.stdout.contains("clean"), "{}", done.stdout);
    let (after, code) = json(dir.path(), &["test", "--mutate"]);
    assert!(code == 0 && percent(&after) == 100, "{:#}", after["mutation"]["survivors"]);
    let again = run(dir.path(), &["test", "--suggest", "first_test.yaml"]);
    assert!(again.code == 0 && again.stderr.contains("no row to write"), "{}", again.stderr);
}

/// The kind: what a name of a row cannot hold, in the text of a policy that the row is called by.
#[test]
fn rows_are_named_as_a_table_allows() {
    let dir = TempDir::new().unwrap();
    let schema =
        "entity User; entity Doc { path: String }; action view appliesTo { principal: User, resource: Doc };\n";
    let policy =
        "permit (principal, action, resource) when { resource.path == \"a / b\" || resource.path like \"c / *\" };\n";
    write(dir.path(), &[("app.cedarschema", schema), ("p.cedar", policy)]);
    assert_eq!(run(dir.path(), &["test", "--suggest", "rows_test.yaml"]).code, 0);
    let (after, code) = json(dir.path(), &["test", "--mutate"]);
    assert!(code == 0 && percent(&after) == 100, "{after:#}");
}

/// Rows go to the end of a table where they ask there what they ask alone, and nowhere else.
#[test]
fn rows_are_added_only_where_they_ask_the_same() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &STORE);
    let table = dir.path().join("some_test.yaml");
    let done = run(dir.path(), &["test", "--suggest", "some_test.yaml"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let text = std::fs::read_to_string(&table).unwrap();
    assert!(text.starts_with(TESTS.trim_end()), "{text}");
    let (after, _) = json(dir.path(), &["test", "--mutate"]);
    assert_eq!(percent(&after), 100, "{:#}", after["mutation"]["survivors"]);
    for (text, why) in [
        ("defaults: { context: { mfa: true } }\ntests: []\n", "its `defaults` would change"),
        ("tests: []\nunknown: []\n", "does not end with its list"),
        ("tests: []\n", "no list with a row a line"),
    ] {
        write(dir.path(), &[("some_test.yaml", TESTS), ("other_test.yaml", text)]);
        let done = run(dir.path(), &["test", "--suggest", "other_test.yaml"]);
        assert!(done.code == 2 && done.stderr.contains(why), "{}{}", done.stdout, done.stderr);
        assert_eq!(std::fs::read_to_string(dir.path().join("other_test.yaml")).unwrap(), text);
    }
    for (file, why) in [("rows.json", "a new table is written in YAML"), ("rows.txt", "is no name for a table")] {
        let done = run(dir.path(), &["test", "--suggest", file]);
        assert!(done.code == 2 && done.stderr.contains(why), "{}", done.stderr);
    }
}

/// The kind: tables in other forms. Rows are written as the table has them, and what stands there stays.
#[test]
fn rows_are_added_in_the_form_of_the_table() {
    let json_table = r#"[
  { "name": "owner", "request": { "principal": "User::\"ann\"", "action": "Action::\"view\"", "resource": "Doc::\"d\"", "context": { "mfa": true, "n": 4 } },
    "decision": "allow", "reason": ["owner"], "num_errors": 0 }
]
"#;
    let csv = "name,principal,action,resource,context,expect\nowner,\"User::\"\"ann\"\"\",view,\"Doc::\"\"d\"\"\",\"{\"\"mfa\"\": true, \"\"n\"\": 4}\",allow\n";
    for (name, text) in [("rows_test.json", json_table), ("rows_test.csv", csv)] {
        let dir = TempDir::new().unwrap();
        write(dir.path(), &STORE[..4]);
        write(dir.path(), &[(name, text)]);
        let (before, _) = json(dir.path(), &["test", "--mutate"]);
        let done = run(dir.path(), &["test", "--suggest", name]);
        if name.ends_with("csv") {
            // Some rows need entities that the store does not have.
            assert!(done.code == 2 && done.stderr.contains("CSV has no place"), "{}", done.stderr);
            continue;
        }
        assert_eq!(done.code, 0, "{}", done.stderr);
        let now = std::fs::read_to_string(dir.path().join(name)).unwrap();
        assert!(now.starts_with(text.trim_end().trim_end_matches(']').trim_end()), "{now}");
        let (after, code) = json(dir.path(), &["test", "--mutate"]);
        assert!(code == 0 && percent(&before) < percent(&after), "{after:#}");
        assert_eq!(percent(&after), 100, "{:#}", after["mutation"]["survivors"]);
    }
    let dir = TempDir::new().unwrap();
    let schema =
        "entity User; action view, edit appliesTo { principal: User, resource: User, context: { mfa: Bool } };\n";
    let policy = "permit (principal, action == Action::\"view\", resource) when { context.mfa };\n";
    let entities = r#"[{ "uid": { "type": "User", "id": "a;b,\"c\"" }, "attrs": {}, "parents": [] }]"#;
    let csv = "name;principal;action;resource;context.mfa;expect\r\n";
    write(dir.path(), &[("app.cedarschema", schema), ("p.cedar", policy), ("cedarentities.json", entities)]);
    write(
        dir.path(),
        &[("rows_test.csv", &format!("{csv}\"x\";\"User::\"\"y\"\"\";view;\"User::\"\"y\"\"\";true;allow\r\n"))],
    );
    let done = run(dir.path(), &["test", "--suggest", "rows_test.csv"]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let (after, code) = json(dir.path(), &["test", "--mutate"]);
    assert!(code == 0 && percent(&after) == 100, "{after:#}");
}

/// The example of each change of a comparison, as rows: they pass on the new side, and each fails on the old one.
#[test]
fn examples_of_changes_are_rows() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &STORE[..4]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "before"]);
    let changed = POLICIES.replace("context.n <= 3", "context.n < 3").replace("&& !context.mfa", "");
    write(dir.path(), &[("policies.cedar", &changed)]);
    let done = run(dir.path(), &["diff", "--suggest=changes_test.yaml"]);
    assert_eq!(done.code, 0, "{}{}", done.stdout, done.stderr);
    let (report, code) = json(dir.path(), &["test"]);
    let rows = report["tests"].as_array().unwrap().len();
    assert!(code == 0 && rows >= 2, "{report:#}");
    assert_eq!(rules(&report), [""; 0], "{report:#}");
    write(dir.path(), &[("policies.cedar", POLICIES)]);
    let (report, _) = json(dir.path(), &["test"]);
    assert!(report["tests"].as_array().unwrap().iter().all(|row| row["status"] == "fail"), "{report:#}");
    let printed = run(dir.path(), &["diff", "--suggest"]);
    assert!(printed.code == 0 && printed.stdout.contains("tests:"), "{}{}", printed.stdout, printed.stderr);
}

/// Printed rows stand alone on standard output, so that they can go to a file.
#[test]
fn printed_rows_are_a_table() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &STORE);
    let done = run(dir.path(), &["test", "--suggest"]);
    assert!(done.code == 0 && done.stderr.contains("rows passed"), "{}", done.stderr);
    write(dir.path(), &[("printed_test.yaml", &done.stdout)]);
    let (after, code) = json(dir.path(), &["test", "--mutate"]);
    assert!(code == 0 && percent(&after) == 100, "{:#}", after["mutation"]["survivors"]);
}

/// A floor that is missed fails every report; what does not load is not known, and no success.
#[test]
fn a_floor_that_is_missed_fails_the_run() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &STORE);
    let done = run(dir.path(), &["test", "--mutate-floor", "90"]);
    assert!(done.code == 1 && done.stdout.contains("below the floor of 90%"), "{}", done.stdout);
    for (format, sign) in [("junit", "<failure"), ("github", "::error"), ("markdown", "No row notices a change of")] {
        let done = run(dir.path(), &["test", "--mutate-floor", "90", "--report", format]);
        assert!(done.code == 1 && done.stdout.contains(sign), "{format}: {}", done.stdout);
    }
    write(dir.path(), &[("more.cedar", "permit (principal")]);
    let (report, code) = json(dir.path(), &["test", "--mutate", "--fail-on", "never"]);
    assert!(code != 0, "{report:#}");
    let kinds: Vec<_> = report["notices"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"asked-in-vain"), "{report:#}");
}

/// The table of the page; `POLCHECK_BLESS=1` writes it.
#[test]
fn the_page_has_the_scores() {
    let page = std::fs::read_to_string("docs/mutation.md").unwrap();
    let (head, _) = page.split_once("|---|---|---|---|---|---|\n").unwrap();
    let mut rows = String::new();
    for example in EXAMPLES {
        let dir = TempDir::new().unwrap();
        copy(&Path::new("fixtures/repos").join(example), dir.path());
        let (report, _) = json(dir.path(), &["test", "--mutate"]);
        let of = |key: &str| report["mutation"][key].as_u64().unwrap();
        let matter = of("killed") + of("survived") + of("unknown");
        let added = report["mutation"]["suggested"].as_array().unwrap().len();
        run(dir.path(), &["test", "--suggest", "suggested_test.yaml"]);
        let (after, _) = json(dir.path(), &["test", "--mutate"]);
        rows.push_str(&format!(
            "| `fixtures/repos/{example}` | {} | {matter} | {} ({}%) | {} | {}%, {added} more |\n",
            of("rows"),
            of("killed"),
            of("percent"),
            of("equivalent"),
            percent(&after),
        ));
    }
    let blessed = format!("{head}|---|---|---|---|---|---|\n{rows}");
    if std::env::var_os("POLCHECK_BLESS").is_some() {
        std::fs::write("docs/mutation.md", &blessed).unwrap();
    } else {
        assert_eq!(page, blessed);
    }
}
