//! `polcheck init`: what it writes, what it leaves alone, and that what it writes is right.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::common::{git, json, rules, run, statuses, write, yaml};

const SCHEMA: &str = "entity Team;\nentity User in [Team];\nentity Doc { owner: User };\naction view, edit appliesTo { principal: \
                      User, resource: Doc, context: { mfa: Bool, note?: String } };\naction ping appliesTo { principal: User, \
                      resource: Doc };\n";
const POLICIES: &str = "@id(\"owners\")\npermit (principal, action, resource) when { resource.owner == principal };\n\n\
                        @id(\"edits-need-mfa\")\nforbid (principal, action == Action::\"edit\", resource) unless { context.mfa };\n";
const ENTITIES: &str = r#"[{ "uid": { "type": "User", "id": "a" }, "attrs": {}, "parents": [] },
  { "uid": { "type": "User", "id": "b" }, "attrs": {}, "parents": [] },
  { "uid": { "type": "Doc", "id": "d" }, "attrs": { "owner": { "type": "User", "id": "a" } }, "parents": [] }]"#;

/// A git repository with `files`, and a remote at `url` where that is given.
fn repository(files: &[(&str, &str)], url: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    if !url.is_empty() {
        git(dir.path(), &["remote", "add", "origin", url]);
    }
    write(dir.path(), files);
    dir
}

fn small(url: &str) -> TempDir {
    repository(&[("app.cedarschema", SCHEMA), ("policies/p.cedar", POLICIES), ("entities.json", ENTITIES)], url)
}

/// Every file below `dir` but git's own, with its content.
fn contents(dir: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.ends_with(".git") {
                folders.push(path);
            } else if path.is_file() {
                let name = path.strip_prefix(dir).unwrap().display().to_string();
                found.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    found
}

/// The entities that a row in YAML lays over none, in Cedar's JSON; null where the row says nothing of them.
fn entities(row: &Value) -> Value {
    let pair = |uid: &str| {
        let uid: cedar_policy::EntityUid = uid.parse().unwrap();
        json!({ "type": uid.type_name().to_string(), "id": AsRef::<str>::as_ref(uid.id()) })
    };
    let with = row["with"].as_object().cloned().unwrap_or_default();
    let list = with.iter().map(|(uid, said)| {
        let field = |name: &str| said[name].as_object().cloned().unwrap_or_default();
        let parents: Vec<_> =
            said["parents"].as_array().into_iter().flatten().map(|uid| pair(uid.as_str().unwrap())).collect();
        json!({ "uid": pair(uid), "attrs": field("attrs"), "tags": field("tags"), "parents": parents })
    });
    Value::Array(list.collect())
}

/// The table in YAML as `cedar run-tests` would have it, defaults filled in.
fn as_run_tests(table: &Value) -> Value {
    let defaults = table["defaults"]["context"].as_object().cloned().unwrap_or_default();
    let rows = table["tests"].as_array().unwrap().iter().map(|row| {
        let mut context: Map<String, Value> = defaults.clone();
        context.extend(row["context"].as_object().cloned().unwrap_or_default());
        let mut asked = json!({
            "name": row["name"],
            "request": { "principal": row["principal"], "action": row["action"], "resource": row["resource"], "context": context },
            "decision": row["expect"],
            "reason": row["because"],
            "num_errors": 0,
        });
        if table["entities"].is_array() {
            asked["entities"] = entities(row);
        }
        asked
    });
    Value::Array(rows.collect())
}

/// Checks the rows in `table`, of the repository at `dir`, and gives how many there are.
fn verify(dir: &Path, table: &str) -> usize {
    let parsed = yaml::parse(&std::fs::read_to_string(dir.join(table)).unwrap());
    let rows = as_run_tests(&parsed);
    let folder = Path::new(table).parent().unwrap();
    std::fs::rename(dir.join(table), dir.join("kept")).unwrap();
    write(dir, &[(folder.join("tests-init.json").to_str().unwrap(), &rows.to_string())]);
    let (report, _) = json(dir, &["test"]);
    std::fs::remove_file(dir.join(folder).join("tests-init.json")).unwrap();
    std::fs::rename(dir.join("kept"), dir.join(table)).unwrap();
    let count = rows.as_array().unwrap().len();
    assert_eq!(statuses(&report), [count, 0, 0], "{}", serde_json::to_string_pretty(&report["tests"]).unwrap());
    // `reason` is a subset check there; here it is all that decides.
    for (row, result) in rows.as_array().unwrap().iter().zip(report["tests"].as_array().unwrap()) {
        assert_eq!(row["reason"].as_array().unwrap().len(), result["got"]["reason"].as_array().unwrap().len());
    }
    let names: std::collections::BTreeSet<_> =
        rows.as_array().unwrap().iter().map(|row| row["name"].to_string()).collect();
    assert_eq!(names.len(), count, "names are unique");
    count
}

#[test]
fn sets_a_repository_up_and_the_second_time_writes_nothing() {
    let dir = small("git@github.com:acme/docs.git");
    let before = contents(dir.path());
    let dry = run(dir.path(), &["init", "--dry-run"]);
    assert_eq!((dry.code, contents(dir.path())), (0, before.clone()));

    let done = run(dir.path(), &["init"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let after = contents(dir.path());
    let written: Vec<_> = after.keys().filter(|name| !before.contains_key(*name)).map(String::as_str).collect();
    let all = [
        ".github/workflows/polcheck.yml",
        ".pre-commit-config.yaml",
        "guardrails.cedarguard",
        "polcheck.toml",
        "polcheck_test.yaml",
    ];
    assert_eq!(written, all);
    assert!(before.iter().all(|(name, text)| after[name] == *text));
    for name in written {
        assert!(done.stdout.contains(&format!("written: {name}")), "{}", done.stdout);
        // What was shown is what was written.
        let shown = after[name].lines().map(|line| format!("  | {line}").trim_end().to_owned()).collect::<Vec<_>>();
        assert!(dry.stdout.contains(&format!("would write: {name}")) && dry.stdout.contains(&shown.join("\n")));
    }

    // What was written is a line each; then how a first check ends, and what comes next.
    assert!(!done.stdout.contains("fail-on"), "{}", done.stdout);
    assert!(done.stdout.contains("\na first check: polcheck check: clean; 7 of 7 rows passed"), "{}", done.stdout);
    assert!(done.stdout.contains("\nnext:\n  1. ") && !done.stdout.contains("polcheck baseline"), "{}", done.stdout);
    assert!(done.stdout.contains("  | /polcheck-accepted.toml  @"), "{}", done.stdout);
    let again = run(dir.path(), &["init"]);
    assert_eq!((again.code, contents(dir.path())), (0, after));
    assert!(!again.stdout.contains("written:") && again.stdout.matches("kept:").count() == 3, "{}", again.stdout);
}

#[test]
fn what_is_written_is_taken() {
    let dir = small("git@github.com:acme/docs.git");
    run(dir.path(), &["init"]);
    let written = contents(dir.path());
    let action = yaml::parse(&std::fs::read_to_string("action.yml").unwrap());
    let workflow = yaml::parse(&written[".github/workflows/polcheck.yml"]);
    let step = &workflow["jobs"]["policies"]["steps"][1];
    assert!(step["with"].as_object().unwrap().keys().all(|input| action["inputs"][input].is_object()));
    assert_eq!(step["with"]["version"], env!("CARGO_PKG_VERSION"));
    let offered = yaml::parse(&std::fs::read_to_string(".pre-commit-hooks.yaml").unwrap());
    // No more rights than the run needs, and nobody else's code under a name that can be moved.
    assert!(workflow["permissions"].as_object().unwrap().is_empty());
    assert_eq!(workflow["jobs"]["policies"]["permissions"]["contents"], "read");
    let checkout = &workflow["jobs"]["policies"]["steps"][0];
    assert_eq!(checkout["with"]["persist-credentials"], false);
    let hooks = yaml::parse(&written[".pre-commit-config.yaml"]);
    let wanted = &hooks["repos"][0]["hooks"][0]["id"];
    assert!(offered.as_array().unwrap().iter().any(|hook| hook["id"] == *wanted));
    let (report, _) = json(dir.path(), &["lint"]);
    assert!(!rules(&report).contains(&"configuration"), "{report:#}");
}

#[test]
fn the_first_table_pins_what_is_decided_today() {
    let dir = small("");
    run(dir.path(), &["init"]);
    let table = yaml::parse(&std::fs::read_to_string(dir.path().join("polcheck_test.yaml")).unwrap());
    let rows: Vec<_> = table["tests"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(
        rows,
        [
            "User::\"a\" may edit Doc::\"d\"",
            "User::\"a\" may not edit Doc::\"d\", because of edits-need-mfa",
            "User::\"b\" may not edit Doc::\"d\"",
            "User::\"a\" may ping Doc::\"d\"",
            "User::\"b\" may not ping Doc::\"d\"",
            "User::\"a\" may view Doc::\"d\"",
            "User::\"b\" may not view Doc::\"d\"",
        ]
    );
    assert_eq!(verify(dir.path(), "polcheck_test.yaml"), 7);
}

#[test]
fn the_example_gets_as_many_rows_as_people_read() {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    for entry in ["support.cedarschema", "entities.json"] {
        std::fs::copy(Path::new("fixtures/repos/step-up").join(entry), dir.path().join(entry)).unwrap();
    }
    std::fs::create_dir(dir.path().join("policies")).unwrap();
    for entry in std::fs::read_dir("fixtures/repos/step-up/policies").unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, dir.path().join("policies").join(path.file_name().unwrap())).unwrap();
    }
    let done = run(dir.path(), &["init"]);
    assert!(done.stdout.contains("20 rows"), "{}", done.stdout);
    assert_eq!(verify(dir.path(), "polcheck_test.yaml"), 20);
    let text = std::fs::read_to_string(dir.path().join("polcheck_test.yaml")).unwrap();
    for policy in ["support-reads-payment", "risk-new-device", "factor-from-the-future", "support-refunds-any"] {
        assert!(text.contains(policy), "{policy}");
    }
    assert!(text.contains("\n  context:\n    network: { type: 'Network', id: 'corporate' }\n"), "{text}");
}

/// Links decide under their own names.
#[test]
fn links_are_named() {
    let template = "@id(\"shared\")\npermit (principal == ?principal, action == Action::\"view\", resource);\n";
    let links = r#"[{ "template_id": "shared", "link_id": "b-sees", "args": { "?principal": "User::\"b\"" } }]"#;
    let dir = repository(
        &[
            ("app.cedarschema", SCHEMA),
            ("p.cedar", template),
            ("l.cedartemplatelinks.json", links),
            ("entities.json", ENTITIES),
        ],
        "",
    );
    run(dir.path(), &["init"]);
    verify(dir.path(), "polcheck_test.yaml");
    assert!(contents(dir.path())["polcheck_test.yaml"].contains("because: ['b-sees']"));
}

/// Names of files, policies and entities are what their authors like.
#[test]
fn hostile_names_are_quoted_for_yaml_and_toml() {
    let id = "a'\\\"#: {x}, - \\n%\\u{202e}\\\\";
    let in_json = "a'\\\"#: {x}, - \\n%\\u202e\\\\";
    let policies = POLICIES.replace("\"owners\"", &format!("\"{id}\""));
    let entities = ENTITIES.replace("\"id\": \"a\"", &format!("\"id\": \"{in_json}\""));
    let folder = "it's #1: \"x\"";
    let files = [
        (format!("{folder}/app.cedarschema"), SCHEMA.to_owned()),
        (format!("{folder}/p.cedar"), policies),
        (format!("{folder}/entities.json"), entities),
        ("two/a\"\\'.cedarschema".to_owned(), SCHEMA.to_owned()),
        ("two/b\n[x].cedarschema".to_owned(), format!("{SCHEMA}entity More;\n")),
        ("two/p.cedar".to_owned(), "permit (principal, action, resource);".to_owned()),
    ];
    let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let dir = repository(&files, "https://github.com/a/b");
    let done = run(dir.path(), &["init"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    assert!(!done.stdout.contains('\u{202e}'));
    assert_eq!(verify(dir.path(), &format!("{folder}/polcheck_test.yaml")), 7);
    let settings = std::fs::read_to_string(dir.path().join("polcheck.toml")).unwrap();
    assert_eq!(settings.matches("# schema = ").count(), 2, "{settings}");
    // Uncommented, the entries are TOML, and nothing more than the entries.
    let plain: String = settings
        .lines()
        .filter_map(|line| line.strip_prefix("# "))
        .filter(|line| line.contains(" = ") || line.starts_with('['))
        .map(|line| format!("{line}\n"))
        .collect();
    let from = plain.find("[[store]]").unwrap();
    let parsed: toml::Table = plain[from..].parse().unwrap_or_else(|error| panic!("{error}\n{plain}"));
    assert_eq!(parsed.keys().collect::<Vec<_>>(), ["store"]);
    assert_eq!(parsed["store"][0]["schema"].as_str(), Some("two/a\"\\'.cedarschema"));
}

#[test]
fn a_folder_without_cedar_gets_nothing() {
    let dir = repository(&[("readme.md", "# Hello\n"), ("data_test.json", "{}")], "https://github.com/a/b");
    let done = run(dir.path(), &["init"]);
    assert_eq!((done.code, contents(dir.path()).len()), (3, 2), "{}", done.stdout);
    assert!(done.stdout.contains("no Cedar here"), "{}", done.stdout);
}

#[test]
fn the_whole_repository_is_set_up_from_any_folder_of_it() {
    let dir = small("");
    write(dir.path(), &[("docs/x.md", "")]);
    let done = run(dir.path(), &["init", "-C", "docs"]);
    assert_eq!(done.code, 0, "{}", done.stdout);
    assert!(dir.path().join("polcheck_test.yaml").is_file() && dir.path().join("polcheck.toml").is_file());
    assert_eq!(std::fs::read_dir(dir.path().join("docs")).unwrap().count(), 1);
}

#[test]
fn a_folder_outside_of_git_gets_no_hook() {
    let dir = small("");
    std::fs::remove_dir_all(dir.path().join(".git")).unwrap();
    assert_eq!(run(dir.path(), &["init"]).code, 0);
    let after = contents(dir.path());
    assert!(after.contains_key("polcheck_test.yaml") && !after.contains_key(".pre-commit-config.yaml"), "{after:?}");
}

#[test]
fn files_that_are_there_stay_and_the_rest_is_said() {
    let dir = small("https://gitlab.example/acme/docs.git");
    let theirs =
        [(".gitlab-ci.yml", "stages: [test]\n"), (".pre-commit-config.yaml", "repos: []\n"), ("polcheck.toml", "")];
    write(dir.path(), &theirs);
    let done = run(dir.path(), &["init"]);
    assert_eq!(done.code, 0);
    let after = contents(dir.path());
    assert!(theirs.iter().all(|(name, text)| after[*name] == *text));
    assert!(!after.keys().any(|name| name.starts_with(".github")));
    assert!(
        done.stdout.contains("by hand: add to .gitlab-ci.yml") && done.stdout.contains("  | include:"),
        "{}",
        done.stdout
    );
    assert!(
        done.stdout
            .contains("kept: .pre-commit-config.yaml is there already; unless it has them, add:\n  |   - repo: ")
    );
    assert!(done.stdout.contains("kept: polcheck.toml is there already\n"), "{}", done.stdout);
    // A host that does not tell.
    let other = small("");
    let said = run(other.path(), &["init", "--dry-run"]).stdout;
    assert!(said.contains("polcheck check --against BASE") && !said.contains("gitlab"), "{said}");
}

#[test]
fn a_store_without_rows_gets_no_table_and_is_told_why() {
    const NO_ENTITY: &str = r#"[{ "uid": { "type": "Nope", "id": "x" }, "attrs": {}, "parents": [] }]"#;
    let (schema, policies, entities) =
        (("app.cedarschema", SCHEMA), ("policies/p.cedar", POLICIES), ("entities.json", ENTITIES));
    let row = r#"[{ "request": { "principal": "User::\"a\"", "action": "Action::\"ping\"", "resource": "Doc::\"d\"", "context": {} },
      "decision": "allow" }]"#;
    for (files, why) in [
        (&[policies, entities][..], "no schema that can be used"),
        (&[schema, ("p.cedar", "permit (principal, action"), ("q.cedar", POLICIES), entities], "does not load whole"),
        (&[schema, policies, entities, ("tests-a.json", row)], "it has some already"),
        (&[schema, policies, ("entities.json", NO_ENTITY)], "its entities cannot be used"),
        (
            &[
                ("app.cedarschema", SCHEMA),
                ("p.cedar", "permit (principal, action, resource) when { principal.owner };"),
            ],
            "no request was found",
        ),
        (
            &[
                schema,
                policies,
                entities,
                ("polcheck.toml", "[[store]]\nname = \"x\"\nschema = \"app.cedarschema\"\npolicies = \"policies\"\n"),
            ],
            "polcheck.toml says where its files are",
        ),
    ] {
        let dir = repository(files, "");
        let done = run(dir.path(), &["init"]);
        assert_eq!(done.code, 0, "{}", done.stderr);
        assert!(
            done.stdout.contains("skipped: no decision table") && done.stdout.contains(why),
            "{why}: {}",
            done.stdout
        );
        assert!(!contents(dir.path()).keys().any(|name| name.ends_with("_test.yaml")), "{why}");
    }
}

const APP: &str = "namespace App {\n  entity Team;\n  entity Flag enum [\"on\"];\n  entity User in [Team] { level: Long, since?: datetime, \
                   best?: User, net?: ipaddr } tags Set<String>;\n  entity Doc { owner: User, flag: Flag, \"it's\": { open: Bool } };\n  action all;\n  action \
                   view, \"edit it\" in [all] appliesTo { principal: User, resource: Doc, context: { mfa: Bool } };\n  action drop \
                   appliesTo { principal: User, resource: Doc };\n}\n";
const APP_POLICIES: &str = "@id(\"team\")\npermit (principal in App::Team::\"it's\", action in App::Action::\"all\", resource)\nwhen { \
                            principal.level > 3 && resource[\"it's\"].open && resource.flag == App::Flag::\"on\" && principal has since && principal.since > \
                            datetime(\"2026-01-01\") };\n@id(\"tagged\")\npermit (principal, action == App::Action::\"drop\", resource)\nwhen \
                            { principal.hasTag(\"a b\") && principal.getTag(\"a b\").contains(\"x\") && resource.owner == principal && \
                            principal has net && principal.net.isInRange(ip(\"10.0.0.0/8\")) };\n@id(\"no-edit\")\nforbid \
                            (principal, action == App::Action::\"edit it\", resource) unless { context.mfa };\n";

/// Entities are mostly kept elsewhere: the rows bring their own, and need no others.
#[test]
fn a_store_without_entities_gets_rows_over_made_up_ones() {
    let unfit = r#"[{ "uid": { "type": "App::Team", "id": "t" }, "attrs": {}, "parents": [] }]"#;
    for entities in [None, Some(unfit), Some("[]")] {
        let dir = repository(&[("app.cedarschema", APP), ("p.cedar", APP_POLICIES)], "");
        if let Some(entities) = entities {
            write(dir.path(), &[("entities.json", entities)]);
        }
        let done = run(dir.path(), &["init"]);
        assert!(done.stdout.contains("decides today: 6 rows, over made-up entities"), "{}", done.stdout);
        let text = contents(dir.path())["polcheck_test.yaml"].clone();
        assert!(text.contains("\nentities: []\ntests:\n") || text.contains("\nentities: []\ndefaults:\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 120), "{text}");
        let table = yaml::parse(&text);
        let rows: Vec<_> = table["tests"].as_array().unwrap().iter().collect();
        let kinds: Vec<_> = (rows.iter())
            .map(|row| (row["action"].as_str().unwrap(), row["expect"].as_str().unwrap(), row["because"].to_string()))
            .map(|(action, expect, because)| format!("{action} {expect} {because}"))
            .collect();
        let wanted = [
            "App::Action::\"drop\" allow [\"tagged\"]",
            "App::Action::\"drop\" deny []",
            "App::Action::\"edit it\" allow [\"team\"]",
            "App::Action::\"edit it\" deny [\"no-edit\"]",
            "App::Action::\"view\" allow [\"team\"]",
            "App::Action::\"view\" deny []",
        ];
        assert_eq!(kinds, wanted, "{text}");
        let told = json(dir.path(), &["test"]);
        assert_eq!((statuses(&told.0), told.1), ([6, 0, 0], 0), "{:#}", told.0);
        assert_eq!(verify(dir.path(), "polcheck_test.yaml"), 6);
    }
}

#[cfg(unix)]
#[test]
fn no_link_leads_out_of_the_repository() {
    let dir = small("https://github.com/a/b");
    let outside = TempDir::new().unwrap();
    std::os::unix::fs::symlink(outside.path(), dir.path().join(".github")).unwrap();
    let done = run(dir.path(), &["init"]);
    assert!(done.code == 2 && done.stdout.contains("leads out of the repository"), "{}", done.stdout);
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    // A link that leads nowhere is a file that is there.
    let other = small("");
    std::os::unix::fs::symlink(outside.path().join("new"), other.path().join("polcheck.toml")).unwrap();
    let done = run(other.path(), &["init"]);
    assert!(done.stdout.contains("kept: polcheck.toml"), "{}", done.stdout);
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
}

/// One file that cannot be written is said, and stops none of the others.
#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_stops_no_other() {
    for (make, why) in [
        (
            (|at| std::os::unix::fs::symlink("nowhere", at)) as fn(&Path) -> std::io::Result<()>,
            "a link that leads nowhere",
        ),
        (|at| std::fs::write(at, ""), "its folder is a file"),
        (|at| std::os::unix::fs::symlink(std::env::temp_dir(), at), "a link that leads out of the repository"),
    ] {
        let dir = small("https://github.com/a/b");
        make(&dir.path().join(".github")).unwrap();
        let said = |out: &str| {
            out.lines()
                .any(|line| line.starts_with("not written: .github/workflows/polcheck.yml: ") && line.ends_with(why))
        };
        let dry = run(dir.path(), &["init", "--dry-run"]);
        assert!(dry.code == 2 && said(&dry.stdout), "{why}: {}", dry.stdout);
        let done = run(dir.path(), &["init"]);
        assert!(done.code == 2 && said(&done.stdout), "{why}: {}", done.stdout);
        assert!(done.stderr.contains("not every file can be written"), "{}", done.stderr);
        for name in ["polcheck.toml", ".pre-commit-config.yaml", "polcheck_test.yaml"] {
            assert!(done.stdout.contains(&format!("written: {name}")) && dir.path().join(name).is_file(), "{name}");
        }
    }
}

/// What `init` leaves behind passes as it stands.
#[test]
fn a_repository_that_was_set_up_is_clean() {
    let dir = small("git@github.com:acme/docs.git");
    run(dir.path(), &["init"]);
    let (report, code) = json(dir.path(), &["test"]);
    assert_eq!((statuses(&report), code), ([7, 0, 0], 0), "{report:#}");
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((report["outcome"].as_str(), code), (Some("clean"), 0), "{report:#}");
}

/// The kind: names that move. What is pinned by them would be another rule after the next policy is added above it.
#[test]
fn no_row_is_pinned_to_the_position_of_a_policy() {
    let dir = repository(
        &[
            ("app.cedarschema", SCHEMA),
            ("p.cedar", "permit (principal, action, resource) when { resource.owner == principal };\n"),
            ("q.cedar", "forbid (principal, action, resource) when { context has late && context.late };\n"),
            ("entities.json", ENTITIES),
        ],
        "",
    );
    let done = run(dir.path(), &["init"]);
    assert_eq!(done.code, 0, "{}", done.stderr);
    let table = std::fs::read_to_string(dir.path().join("polcheck_test.yaml")).unwrap();
    assert!(table.contains("expect: allow") && !table.contains("policy0"), "{table}");
    assert_eq!(json(dir.path(), &["test"]).1, 0);
}

/// The kind: repositories that are not clean. They are told what to do about what is there already, and about copies.
#[test]
fn what_is_there_already_is_offered_a_baseline_and_copies_an_exclude() {
    let wrong = "@id(\"w\")\npermit (principal, action, resource) when { resource.nothing };\n";
    let dir = repository(
        &[
            ("app.cedarschema", SCHEMA),
            ("p.cedar", wrong),
            ("policies/a.cedar", POLICIES),
            ("deploy/policies/a.cedar", POLICIES),
        ],
        "git@github.com:acme/docs.git",
    );
    let done = run(dir.path(), &["init"]);
    assert!(done.stdout.contains("`polcheck baseline` and `baseline = \"polcheck-baseline.json\"`"), "{}", done.stdout);
    let config = std::fs::read_to_string(dir.path().join("polcheck.toml")).unwrap();
    assert!(
        config.contains("# exclude = [\"deploy\"]") || config.contains("# exclude = [\"deploy/policies\"]"),
        "{config}"
    );
    // Pull requests are green for what was there: the workflow compares with the base.
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["-c", "core.hooksPath=/dev/null", "commit", "-qm", "set up"]);
    assert_eq!(json(dir.path(), &["check"]).1, 1);
    assert_eq!(json(dir.path(), &["check", "--against", "HEAD"]).1, 0);
}

/// What it proposes is what the policies do anyway, each of them proved, and nothing where that is nothing.
#[test]
fn guardrails_that_hold_are_proposed() {
    let schema = "entity Tenant;\nentity User { tenant: Tenant };\nentity Doc { tenant: Tenant, until: datetime };\n\
                  action view, edit appliesTo { principal: User, resource: Doc, context: { mfa: Bool, now: datetime } };\n";
    let policies = "permit (principal, action == Action::\"view\", resource) when { principal.tenant == resource.tenant };\n\
                    permit (principal, action == Action::\"edit\", resource) when { principal.tenant == resource.tenant && \
                    context.mfa && context.now < resource.until };\n";
    let dir = repository(&[("app/app.cedarschema", schema), ("app/policies/p.cedar", policies)], "");
    let done = run(dir.path(), &["init"]);
    assert!(done.stdout.contains("3 guardrails that hold of store `app` today, proved"), "{}", done.stdout);
    let text = contents(dir.path())["app/guardrails.cedarguard"].clone();
    for part in [
        "principal is User,\n  action,\n  resource is Doc\n)\nwhen { principal.tenant != resource.tenant };",
        "action == Action::\"edit\",\n  resource\n)\nunless { context.mfa };",
        "unless { context.now < resource.until };",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let (report, code) = json(dir.path(), &["prove"]);
    let statuses: Vec<&Value> = report["guardrails"].as_array().unwrap().iter().map(|one| &one["status"]).collect();
    assert_eq!((statuses, code), (vec![&Value::from("holds"); 3], 0));
    assert!(rules(&report).is_empty(), "{report:#}");
    // Who has some already needs none, and what nothing can be said of gets none.
    assert!(!run(dir.path(), &["init", "--dry-run"]).stdout.contains("guardrail"), "a second time");
    let dir = repository(&[("app.cedarschema", schema), ("p.cedar", "permit (principal, action, resource);\n")], "");
    run(dir.path(), &["init"]);
    assert!(!contents(dir.path()).contains_key("guardrails.cedarguard"));
}

const TEMPLATE: &str = "Resources:\n  Store:\n    Type: AWS::VerifiedPermissions::PolicyStore\n    Properties:\n      Schema:\n        \
    CedarFormat: |\n          entity User { team: String };\n          entity Photo;\n          \
    action view appliesTo { principal: User, resource: Photo };\n  View:\n    Type: AWS::VerifiedPermissions::Policy\n    \
    Properties:\n      PolicyStoreId: !Ref Store\n      Definition:\n        Static:\n          Statement: |\n            \
    @id(\"reds\")\n            permit (principal, action == Action::\"view\", resource) when { principal.team == \"red\" };\n";

#[test]
fn a_store_in_a_carrier_gets_its_table_beside_the_carrier() {
    let dir = repository(&[("infra/template.yaml", TEMPLATE)], "");
    let made = run(dir.path(), &["init"]);
    assert_eq!(made.code, 0, "{}", made.stdout);
    assert!(contents(dir.path()).contains_key("infra/polcheck_test.yaml"), "{}", made.stdout);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((code, rules(&report)), (0, vec![]), "{report:#}");
    assert!(report["summary"]["tests"]["pass"].as_u64().unwrap() >= 2, "{report:#}");
    // Of two that lie in one folder nobody knows whose a table would be.
    let dir = repository(&[("infra/a.yaml", TEMPLATE), ("infra/b.yaml", TEMPLATE)], "");
    let made = run(dir.path(), &["init"]);
    assert_eq!(made.code, 0, "{}", made.stdout);
    assert!(made.stdout.contains("lies in its folder too"), "{}", made.stdout);
}
