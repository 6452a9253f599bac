//! Repositories as strangers lay them out, through the command line: what is read, what is said of the rest, and that
//! what is said works.

use serde_json::Value;
use tempfile::TempDir;

use crate::common::{command, finish, git, json, rules, run, statuses, write};

const SCHEMA: &str = "entity User;\nentity Doc;\naction view, edit appliesTo { principal: User, resource: Doc };\n";
const SCHEMA_JSON: &str = r#"{ "": { "entityTypes": { "User": {}, "Doc": {} }, "actions": {
  "view": { "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Doc"] } },
  "edit": { "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Doc"] } } } } }"#;
const POLICY: &str = "permit (principal == User::\"ann\", action == Action::\"view\", resource);\n";
const OTHER_SCHEMA: &str = "namespace O { entity U; action go appliesTo { principal: U, resource: U }; }\n";
const OTHER: &str = "permit (principal == O::U::\"x\", action == O::Action::\"go\", resource);\n";

fn place(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), files);
    dir
}

/// Findings as `level rule path`.
fn found(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().unwrap().iter();
    all.map(|one| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        format!("{} {} {}", text(&one["level"]), text(&one["rule"]), text(&one["location"]["path"]))
    })
    .collect()
}

/// The lines of configuration that `help` shows, as a file; `...` becomes `policies`.
fn shown(help: &str, policies: &str) -> String {
    let parts = help.split('`').skip(1).step_by(2);
    let lines: Vec<&str> =
        parts.filter(|part| *part == "[[store]]" || part.contains(" = ") && !part.starts_with("exclude")).collect();
    format!("{}\n", lines.join("\n").replace("...", policies))
}

fn not_validated(report: &Value) -> Vec<&str> {
    let names = report["summary"]["not_validated"].as_array();
    names.into_iter().flatten().map(|name| name.as_str().unwrap()).collect()
}

/// The kind: a schema of the same name that cannot be read. The policies were not written for another that can.
#[test]
fn a_schema_that_is_broken_still_governs_what_is_called_as_it_is() {
    let policy = "permit (principal, action == Action::\"view\", resource) when { principal.level > 1 };\n";
    for (schema, policies) in [
        ("a-schema.cedarschema", "a-policy.cedar"),
        ("a.cedarschema", "a.cedar"),
        ("a_schema.cedarschema.json", "a_policies.cedar"),
    ] {
        let broken = if schema.ends_with(".json") {
            "{ \"\": { \"entityTypes\": {}, \"actions\": { \"view\": 1 } } }"
        } else {
            "entity User"
        };
        let dir = place(&[
            (schema, broken),
            (policies, policy),
            ("b-schema.cedarschema", SCHEMA),
            ("b-policy.cedar", POLICY),
        ]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!(code, 1, "{report:#}");
        let wrong: Vec<String> = found(&report).into_iter().filter(|one| !one.ends_with(schema)).collect();
        assert!(wrong.iter().all(|one| !one.ends_with(policies)), "{schema}: {wrong:?}");
    }
    // The same where files of an API carry both.
    let carried = |schema: &str| serde_json::json!({ "cedarJson": schema }).to_string();
    let policy = serde_json::json!({ "static": { "statement": policy } }).to_string();
    let other = serde_json::json!({ "static": { "statement": POLICY } }).to_string();
    let dir = place(&[
        ("config/a-schema.json", &carried(r#"{ "": { "entityTypes": {}, "actions": { "view": 1 } } }"#)),
        ("config/a-policy.json", &policy),
        ("config/b-schema.json", &carried(SCHEMA_JSON)),
        ("config/b-policy.json", &other),
    ]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!(code, 1, "{report:#}");
    let wrong: Vec<String> = found(&report).into_iter().filter(|one| one.ends_with("a-policy.json")).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    assert!(!report.to_string().contains("\\u00"), "an internal path is shown: {report:#}");
}

/// The kind: a schema that is there, under a name or in a place that is not the usual one.
#[test]
fn a_schema_is_seen_wherever_it_stands() {
    // What the validator says of this shows that the schema governs.
    let wrong =
        "permit (principal == User::\"ann\", action == Action::\"view\", resource) when { resource.nothing };\n";
    for (path, text) in [
        ("cedar.schema", SCHEMA),
        ("policies/authz-schema.json", SCHEMA_JSON),
        ("schema.prod.v2.json", SCHEMA_JSON),
        ("model/types.cedar", SCHEMA),
        ("model/deep/app.cedarschema", SCHEMA),
        ("schemas/app.cedarschema", SCHEMA),
    ] {
        let dir = place(&[(path, text), ("policies/p.cedar", wrong)]);
        let (report, code) = json(dir.path(), &["validate"]);
        assert!(rules(&report).contains(&"unsafe-attribute-access"), "{path}: {report:#}");
        assert_eq!((code, not_validated(&report).len()), (1, 0), "{path}");
        let misnamed = report["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "misnamed-schema");
        assert_eq!(misnamed.is_some(), path.ends_with(".cedar"), "{path}");
        if let Some(finding) = misnamed {
            assert_eq!(finding["help"], "rename it to `model/types.cedarschema`");
        }
    }
}

/// The kind: several schemas.
#[test]
fn of_several_schemas_the_one_that_declares_the_names_governs() {
    let both = [("a.cedarschema", SCHEMA), ("o.cedarschema", OTHER_SCHEMA)];
    let dir = place(&[both[0], both[1], ("p.cedar", POLICY), ("o.cedar", OTHER)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code, not_validated(&report).len()), (vec![], 0, 0), "{report:#}");
    assert_eq!(report["summary"]["stores"], 2);
    // One that policies do not need is no error, whatever is wrong with it.
    let dir = place(&[both[0], ("o/broken.cedarschema", "entity {"), ("p.cedar", POLICY)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!(code, 0);
    assert_eq!(
        found(&report),
        ["warning unused-schema o/broken.cedarschema", "warning schema-error o/broken.cedarschema"]
    );
    // Equal ones are one, in any syntax and under any name.
    let dir = place(&[both[0], ("copy.cedarschema.json", SCHEMA_JSON), ("p.cedar", POLICY)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code, not_validated(&report).len()), (vec![], 0, 0), "{report:#}");
    // A misspelt name in a policy does not take its schema away.
    let misspelt = "permit (principal == Usr::\"ann\", action == Action::\"view\", resource is Doc);\n";
    let dir = place(&[both[0], both[1], ("p.cedar", misspelt)]);
    let (report, code) = json(dir.path(), &["validate"]);
    assert!(rules(&report).contains(&"unrecognized-entity-type") && code == 1, "{report:#}");
}

/// The kind: what cannot be told. It is told once, only where policies hang on it, and what is to be written settles
/// it.
#[test]
fn a_tie_is_told_once_and_settled_by_the_line_that_it_shows() {
    let more = format!("{SCHEMA}entity More;\n");
    let tie = [("a.cedarschema", SCHEMA), ("b.cedarschema", more.as_str())];
    let dir = place(&[tie[0], tie[1], ("p.cedar", POLICY), ("q.cedar", POLICY)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code), (vec!["error schema-conflict a.cedarschema".to_owned()], 1));
    let help = report["findings"][0]["help"].as_str().unwrap();
    assert!(!help.contains("parts of one"), "{help}");
    let line = shown(help, ".");
    write(dir.path(), &[("polcheck.toml", &line)]);
    let (report, code) = json(dir.path(), &["validate"]);
    // The other one governs nothing then.
    let left = vec!["warning unused-schema b.cedarschema".to_owned()];
    assert_eq!((found(&report), code, not_validated(&report).len()), (left, 0, 0), "{line}: {report:#}");
    let dir = place(&[
        ("s/a.cedarschema", SCHEMA),
        ("s/b.cedarschema", &more),
        ("p/p.cedar", OTHER),
        ("p/o.cedarschema", OTHER_SCHEMA),
    ]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!(code, 0);
    assert!(found(&report).iter().all(|one| one.starts_with("warning unused-schema")), "{report:#}");
}

/// The kind: files of ours that govern, hold or run nothing. What they show can be pasted.
#[test]
fn what_belongs_nowhere_is_a_finding_with_a_line_that_works() {
    let table = "tests:\n  - { principal: 'User::\"ann\"', action: view, resource: 'Doc::\"d\"', expect: allow }\n";
    let entities = r#"[{ "uid": { "type": "User", "id": "ann" }, "attrs": {}, "parents": [] }]"#;
    for (path, text, rule) in [
        ("data/x_test.yaml", table, "unused-table"),
        ("data/entities.json", entities, "unused-entities"),
        ("one/spare.cedarschema", "entity Spare;", "unused-schema"),
    ] {
        let dir = place(&[
            ("one/policies/p.cedar", POLICY),
            ("one/policies/a.cedarschema", SCHEMA),
            ("two/p.cedar", OTHER),
            ("two/o.cedarschema", &format!("{SCHEMA}{OTHER_SCHEMA}")),
            (path, text),
        ]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!((found(&report), code), (vec![format!("warning {rule} {path}")], 0), "{report:#}");
        let help = report["findings"][0]["help"].as_str().unwrap();
        // Below what is there already.
        let line = shown(help, "one/policies");
        let other = "[[store]]\nname = \"other\"\npolicies = \"two\"\nschema = \"two\"\n";
        write(dir.path(), &[("polcheck.toml", &format!("{other}{line}"))]);
        let (report, _) = json(dir.path(), &["check"]);
        assert!(!found(&report).contains(&format!("warning {rule} {path}")), "{line}: {report:#}");
        assert_ne!(report["exit"], 2, "{line}: {report:#}");
    }
}

/// The kind: no schema at all.
#[test]
fn what_needs_a_schema_says_so_where_there_is_none() {
    let dir = place(&[("p.cedar", POLICY)]);
    let (report, code) = json(dir.path(), &["lint"]);
    let notice = &report["notices"][0];
    assert_eq!((code, notice["kind"].as_str()), (0, Some("no-schema")), "{report:#}");
    // What hangs on no type is answered under an inferred schema, unless nobody is to rely on one.
    assert_eq!(json(dir.path(), &["lint", "--conflicts", "--breadth"]).1, 0);
    write(dir.path(), &[("polcheck.toml", "[schema]\ninferred = \"refuse\"\n")]);
    for asked in ["--conflicts", "--breadth"] {
        let (report, code) = json(dir.path(), &["lint", asked]);
        assert_eq!(code, 4, "{asked}: {report:#}");
        assert_eq!(
            report["notices"].as_array().unwrap().iter().filter(|one| one["kind"] == "asked-in-vain").count(),
            1
        );
    }
    write(dir.path(), &[("a.cedarschema", SCHEMA)]);
    assert_eq!(json(dir.path(), &["lint", "--conflicts", "--breadth"]).1, 0);
}

/// The kind: files that have Cedar's names and are another tool's, or a tool's own folders.
#[test]
fn files_of_other_tools_are_left_out_and_named() {
    let own = [("p.cedar", POLICY), ("a.cedarschema", SCHEMA)];
    for (path, text) in [
        ("build/Dockerfile.cedar", "FROM rust:1\nRUN cargo build\n"),
        (
            "ci/pr_test.yml",
            "name: test\non: [pull_request]\njobs:\n  a:\n    runs-on: ubuntu\n    steps:\n      - run: x\n",
        ),
        (
            "alerts_test.yaml",
            "rule_files: [a.yml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series: []\n",
        ),
        ("load_test.json", r#"{ "vus": 3, "scenarios": {} }"#),
        ("tests-api.json", r#"[{ "url": "x", "status": 200 }]"#),
        (
            "batch_test.json",
            r#"{ "policyStoreId": "x", "requests": [{ "principal": { "entityType": "U", "entityId": "a" } }] }"#,
        ),
        ("people_test.csv", "name,age\nann,3\n"),
        ("entities.json", r#"{ "tables": ["a"] }"#),
        ("entities/a.json", r#"[{ "name": "Order", "columns": [] }]"#),
        ("order.schema.json", r#"{ "$schema": "http://json-schema.org/draft-07/schema#", "type": "object" }"#),
        ("linked", "/usr/lib\n"),
        ("api.schema.json", r#"{ "type": "object", "properties": { "actions": { "type": "array" } } }"#),
        ("schema.json", r#"{ "components": { "actions": {} } }"#),
        ("entities/panel.json", r#"{ "uid": "abc", "title": "Dashboard" }"#),
        ("entities/tree.json", r#"[{ "name": "x", "parents": ["y"] }]"#),
    ] {
        let dir = place(&[own[0], own[1], (path, text)]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!((found(&report), code), (vec![], 0), "{path}: {report:#}");
        let left: Vec<_> = report["left_out"].as_array().unwrap().iter().map(|one| &one["path"]).collect();
        assert_eq!(left, [path], "{path}");
        assert!(run(dir.path(), &["check", "-v"]).stdout.contains(path), "{path}");
    }
    // In a tool's own folder only what decides is looked for.
    let table = "tests:\n  - { principal: 'User::\"zoe\"', action: view, resource: 'Doc::\"d\"', expect: allow }\n";
    let dir = place(&[
        own[0],
        own[1],
        (".github/x_test.yaml", table),
        (".cache/entities.json", "[{]"),
        (".x/b.cedarschema", "entity {"),
    ]);
    git(dir.path(), &["init", "-q"]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code), (vec![], 0), "{report:#}");
    write(dir.path(), &[(".deploy/p.cedar", "permit (principal, action")]);
    assert_eq!(json(dir.path(), &["check"]).1, 1, "policies that git tracks are read");
}

/// The kind: text that is broken, hidden or quoted is a policy all the same.
#[test]
fn what_could_be_a_policy_is_never_left_out() {
    for text in [
        "permitt (principal, action, resource);",
        "\"permit (principal, action, resource);",
        "// polcheck\npermit(principal,action,resource)",
        "@id(\"x\") forbid (principal, action, resource) when { false",
    ] {
        let dir = place(&[("p.cedar", text)]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!((rules(&report)[0], code), ("syntax-error", 1), "{text}");
    }
}

/// The kind: sets of policies that lie side by side.
#[test]
fn copies_and_examples_are_stores_of_their_own() {
    let ids = |ids: &[&str]| {
        let policy = |id: &&str| {
            format!("@id(\"{id}\")\npermit (principal == User::\"{id}\", action == Action::\"view\", resource);\n")
        };
        ids.iter().map(policy).collect::<String>()
    };
    let (ab, abc, c) = (ids(&["a", "b"]), ids(&["a", "b", "c"]), ids(&["c"]));
    for (copies, stores) in [
        (&[("policies/all.cedar", &ab), ("deploy/chart/policies/all.cedar", &ab)][..], 2),
        (&[("v1/all.cedar", &ab), ("v2/all.cedar", &abc)], 2),
        (&[("all.cedar", &ab), ("all_old.cedar", &ab), ("all-v2.cedar", &abc)], 3),
        (&[("dev/all.cedar", &ab), ("prod/all.cedar", &ab)], 2),
        (&[("p.cedar", &ab), ("examples/basic/p.cedar", &ab), ("tests/fixtures/p.cedar", &ab)], 3),
        (
            &[
                ("policies/a.cedar", &ab),
                ("policies/c.cedar", &c),
                ("infra/x/p/a.cedar", &ab),
                ("infra/x/p/c.cedar", &c),
            ],
            2,
        ),
        // Parts of one set are one store, however many folders and numbers they have.
        (&[("teams/x/all.cedar", &ab), ("teams/y/all.cedar", &c)], 1),
        (&[("part_1.cedar", &ab), ("part_2.cedar", &c)], 1),
    ] {
        let files: Vec<_> =
            copies.iter().map(|(path, text)| (*path, text.as_str())).chain([("a.cedarschema", SCHEMA)]).collect();
        let dir = place(&files);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!((found(&report), code), (vec![], 0), "{copies:?}: {report:#}");
        assert_eq!(
            (report["summary"]["stores"].as_u64(), not_validated(&report).len()),
            (Some(stores), 0),
            "{copies:?}"
        );
        // Of a copy it is said that it was taken for one.
        let said = report["notices"].as_array().unwrap().iter().any(|one| one["kind"] == "read-apart");
        assert_eq!(said, stores > 1 && !copies.iter().any(|(path, _)| path.starts_with("examples/")), "{report:#}");
    }
    // The same id twice by mistake is one, and is told.
    let dir = place(&[("x/one.cedar", &ab), ("x/two.cedar", &ids(&["b", "d"])), ("a.cedarschema", SCHEMA)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((rules(&report), code), (vec!["duplicate-id"], 1));
}

/// The kind: one set of policies in several folders. What forbids and what permits must not be told apart by where it
/// lies: here a row fails, wherever the schema and the rows are.
#[test]
fn one_set_is_one_store_however_it_is_spread() {
    let permit = "permit (principal, action == Action::\"view\", resource);\n";
    let forbid = "forbid (principal == User::\"eve\", action, resource);\n";
    let row = "unknown: ['Doc::\"d\"']\ntests:\n  - { principal: 'User::\"eve\"', action: view, resource: 'Doc::\"d\"', expect: allow }\n";
    let comment = "// see README\n";
    let schemas = [
        None,
        Some("a.cedarschema"),
        Some("schema/a.cedarschema"),
        Some("config/a.cedarschema"),
        Some("model/v1/a.cedarschema"),
    ];
    let folders = [
        ["policies/permits", "policies/forbids"],
        ["policies/01-allow", "policies/02-deny"],
        ["policies/build", "policies/deploy"],
    ];
    for (schema, folders) in schemas.iter().flat_map(|schema| folders.map(|folders| (schema, folders))) {
        for table in ["policies/a_test.yaml", "tests/a_test.yaml", "a_test.yaml"] {
            for more in [&[][..], &[("tests/p.cedar", permit)], &[("policies/forbids/a.cedarschema", SCHEMA)]] {
                let [one, two] = folders;
                let mut files: Vec<(String, &str)> = vec![
                    (format!("{one}/policy.cedar"), permit),
                    (format!("{one}/head.cedar"), comment),
                    (format!("{two}/policy.cedar"), forbid),
                    (format!("{two}/head.cedar"), comment),
                    (table.to_owned(), row),
                ];
                files.extend(schema.iter().map(|path| ((*path).to_owned(), SCHEMA)));
                // An equal schema in a part of the set is the same schema, where there is one around.
                let around = schema.is_some_and(|path| path.starts_with("a.") || path.starts_with("schema/"));
                if more.iter().any(|(path, _)| path.ends_with("schema")) && !around {
                    continue;
                }
                files.extend(more.iter().map(|(path, text)| ((*path).to_owned(), *text)));
                let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
                let dir = place(&files);
                let (report, code) = json(dir.path(), &["check"]);
                let what = format!("{schema:?} {folders:?} {table} {more:?}: {report:#}");
                assert_eq!((statuses(&report), code), ([0, 1, 0], 1), "{what}");
            }
        }
    }
}

/// The kind: several applications in one repository, each with its schema beside its policies.
#[test]
fn the_schema_that_lies_nearest_governs() {
    let schema = |attribute: &str| {
        format!(
            "entity User;\nentity Doc {{ {attribute}: User }};\naction view appliesTo {{ principal: User, resource: Doc }};\n"
        )
    };
    let policy = |attribute: &str| {
        format!(
            "permit (principal, action == Action::\"view\", resource is Doc) when {{ resource.{attribute} == principal }};\n"
        )
    };
    let (a, b) = (schema("owner"), schema("ownr"));
    // The misspelt attribute of one is right in the other, which must not excuse it.
    for (wrong, code) in [("ownr", 1), ("owner", 0)] {
        let dir = place(&[
            ("apps/a/model/app.cedarschema", &a),
            ("apps/a/policies/p.cedar", &policy(wrong)),
            ("apps/b/model/app.cedarschema", &b),
            ("apps/b/policies/p.cedar", &policy("ownr")),
        ]);
        let (report, exit) = json(dir.path(), &["validate"]);
        assert_eq!((exit, not_validated(&report).len()), (code, 0), "{wrong}: {report:#}");
        assert!(!rules(&report).contains(&"unused-schema"), "{report:#}");
    }
}

/// The kind: what was found goes on being found when a store is spelled out.
#[test]
fn a_store_that_is_spelled_out_keeps_its_rows_and_entities() {
    let row = "tests:\n  - { principal: 'User::\"eve\"', action: view, resource: 'Doc::\"d\"', expect: allow }\n";
    let entities = r#"[{ "uid": { "type": "User", "id": "eve" }, "attrs": {}, "parents": [] }, { "uid": { "type": "Doc", "id": "d" }, "attrs": {}, "parents": [] }]"#;
    let files =
        [("a.cedarschema", SCHEMA), ("policies/p.cedar", POLICY), ("a_test.yaml", row), ("entities.json", entities)];
    let dir = place(&files);
    let plain = json(dir.path(), &["check"]);
    assert_eq!((statuses(&plain.0), found(&plain.0), plain.1), ([0, 1, 0], vec![], 1), "{:#}", plain.0);
    for policies in ["policies", ".", "policies/*.cedar"] {
        let config = format!("store = [{{ name = \"main\", schema = \"a.cedarschema\", policies = \"{policies}\" }}]");
        write(dir.path(), &[("polcheck.toml", &config)]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!((statuses(&report), found(&report), code), ([0, 1, 0], vec![], 1), "{policies}: {report:#}");
        assert_eq!(report["summary"]["entities"], 2, "{policies}");
    }
}

/// The kind: names that nobody wrote as an id.
#[test]
fn a_policy_alone_in_its_file_answers_to_the_files_name() {
    let row = "tests:\n  - { principal: 'User::\"ann\"', action: view, resource: 'Doc::\"d\"', because: [readers], expect: allow }\n  - { principal: 'User::\"bob\"', action: view, resource: 'Doc::\"d\"', because: [bob], expect: allow }\n";
    let template = "permit (principal == ?principal, action == Action::\"view\", resource);\n";
    let link = r#"[{ "template_id": "grant", "link_id": "bob", "args": { "?principal": "User::\"bob\"" } }]"#;
    let known = "unknown: ['Doc::\"d\"']\n";
    let dir = place(&[
        ("a.cedarschema", SCHEMA),
        ("readers.cedar", POLICY),
        ("grant.cedar", template),
        ("linked", link),
        ("x_test.yaml", &format!("{known}{row}")),
    ]);
    let (report, code) = json(dir.path(), &["test"]);
    assert_eq!((statuses(&report), code), ([2, 0, 0], 0), "{report:#}");
    let shown = report["tests"][0]["got"]["reason"].to_string();
    assert!(shown.contains("readers.cedar#policy0"), "its name stays: {shown}");
    // Everything, by one word of configuration.
    write(
        dir.path(),
        &[(
            "polcheck.toml",
            "store = [{ name = \"all\", policies = \".\", schema = \"a.cedarschema\", links = \"linked\", tests = \".\" }]",
        )],
    );
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), statuses(&report), code), (vec![], [2, 0, 0], 0), "{report:#}");
}

/// The kind: rows that look as if they tested something.
#[test]
fn rows_that_repeat_or_contradict_another_are_told() {
    let row = |name: &str, expect: &str, rest: &str| {
        format!(
            "  - {{ name: {name}, principal: 'User::\"ann\"', action: view, resource: 'Doc::\"d\"', expect: {expect}{rest} }}\n"
        )
    };
    let head = "unknown: ['Doc::\"d\"']\ntests:\n";
    for (second, expected) in [
        (row("b", "allow", ""), Some("warning")),
        (row("b", "deny", ""), Some("error")),
        (row("b", "allow", ", because: [p]"), None),
        (row("b", "allow", ", with: { 'User::\"ann\"': { parents: [] } }"), None),
    ] {
        let table = format!("{head}{}{second}", row("a", "allow", ""));
        let dir = place(&[("a.cedarschema", SCHEMA), ("p.cedar", POLICY), ("x_test.yaml", &table)]);
        let (report, _) = json(dir.path(), &["test"]);
        let same: Vec<_> =
            report["findings"].as_array().unwrap().iter().filter(|one| one["rule"] == "same-request-rows").collect();
        assert_eq!(same.first().map(|one| one["level"].as_str().unwrap()), expected, "{second}: {report:#}");
        if let [finding] = same.as_slice() {
            assert!(finding["message"].as_str().unwrap().contains("x_test.yaml#a"), "{finding:#}");
        }
    }
    // Of others: the order of keys makes no other request, and what repeats itself is a note.
    let row = |context: &str| {
        format!(
            "{{ \"request\": {{ \"principal\": \"User::\\\"ann\\\"\", \"action\": \"Action::\\\"view\\\"\", \"resource\": \"Doc::\\\"d\\\"\", \"context\": {context} }}, \"decision\": \"allow\", \"reason\": [\"policy0\"], \"num_errors\": 0 }}"
        )
    };
    let dir = place(&[
        ("p.cedar", POLICY),
        ("tests-a.json", &format!("[{}, {}]", row("{\"a\": 1, \"b\": 2}"), row("{\"b\": 2, \"a\": 1}"))),
    ]);
    let (report, code) = json(dir.path(), &["test"]);
    assert_eq!(
        (code, found(&report).contains(&"note same-request-rows tests-a.json".to_owned())),
        (0, true),
        "{report:#}"
    );
}

/// The kind: a row of another tool's table that passes although policies fail.
#[test]
fn a_row_of_others_that_passes_while_policies_fail_says_so() {
    let policies = format!("{POLICY}forbid (principal, action, resource) when {{ context.nothing }};\n");
    let request =
        r#"{ "principal": "User::\"ann\"", "action": "Action::\"view\"", "resource": "Doc::\"d\"", "context": {} }"#;
    let dir = place(&[("p.cedar", &policies), ("ALLOW/a.json", request)]);
    let (report, code) = json(dir.path(), &["test"]);
    assert_eq!((statuses(&report), code), ([1, 0, 0], 0), "{report:#}");
    let remarks = report["remarks"].to_string();
    assert!(remarks.contains("policy1") && remarks.contains("fails to evaluate"), "{remarks}");
}

/// The kind: nothing to read. What lies there and what to write is said.
#[test]
fn where_nothing_was_checked_it_is_said_what_looks_like_cedar() {
    for (path, text, words) in [
        (
            "infra/main.tf",
            "resource \"x\" \"y\" {\n  statement = \"permit (principal, action, resource);\"\n}\n",
            "infra/main.tf",
        ),
        ("api/schema.json", SCHEMA_JSON, "schema = \"api/schema.json\""),
        ("old/p.cedar.tmpl", "{{ x }}", "old/p.cedar.tmpl"),
        ("P.CEDAR", POLICY, "P.CEDAR"),
        ("cmd/policy.go", "const p = `permit (principal, action, resource);`", "cmd/policy.go"),
        ("README.txt", "hello", "*.cedar"),
    ] {
        let dir = place(&[(path, text)]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!((code, report["outcome"].as_str()), (3, Some("nothing_checked")), "{path}");
        let said = report["notices"].to_string().replace("\\\"", "\"");
        assert!(said.contains(words), "{path}: {said}");
    }
}

/// The kind: folders that are another repository, or only lead to one. They are named, and never silently nothing.
#[test]
fn folders_that_are_not_entered_are_named() {
    let dir = place(&[("app/p.cedar", POLICY), ("app/a.cedarschema", SCHEMA), ("real/p.txt", "x")]);
    let root = dir.path();
    git(root, &["init", "-q"]);
    for name in ["nested", "module"] {
        write(&root.join(name), &[("p.cedar", POLICY)]);
        git(&root.join(name), &["init", "-q"]);
        git(&root.join(name), &["add", "."]);
        git(&root.join(name), &["commit", "-qm", "one"]);
    }
    std::os::unix::fs::symlink("real", root.join("lane")).unwrap();
    git(root, &["-c", "advice.addEmbeddedRepo=false", "add", "app", "module", "lane", "real"]);
    git(root, &["commit", "-qm", "one"]);
    let done = run(root, &["check", "-v"]);
    for words in
        ["nested", "it is a git repository of its own", "module", "it is a submodule", "lane", "a link to a folder"]
    {
        assert!(done.stdout.contains(words), "{words}: {}", done.stdout);
    }
    // Where they are all that there is, that is what is said.
    git(root, &["rm", "-rqf", "app"]);
    for args in [&["check"][..], &["check", "--staged"]] {
        let done = run(root, args);
        assert_eq!(done.code, 3, "{args:?}");
        assert!(
            done.stdout.contains("module") && done.stdout.contains("it is a submodule"),
            "{args:?} {}",
            done.stdout
        );
    }
}

/// The kind: the same said twice, in the other syntax.
#[test]
fn a_translation_is_no_second_set() {
    let json_policy = |condition: &str| {
        let scope = r#""principal": { "op": "==", "entity": { "type": "User", "id": "ann" } },
            "action": { "op": "==", "entity": { "type": "Action", "id": "view" } }, "resource": { "op": "All" }"#;
        format!(
            r#"{{ "templates": {{}}, "templateLinks": [], "staticPolicies": {{ "first":
            {{ "effect": "permit", "annotations": {{ "note": "x" }}, {scope}, "conditions": [{condition}] }} }} }}"#
        )
    };
    let same = [("a.cedarschema", SCHEMA), ("p.cedar", POLICY)];
    let dir = place(&[same[0], same[1], ("p.cedar.json", &json_policy(""))]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code), (vec![], 0), "{report:#}");
    assert_eq!(report["summary"]["policies"], 1, "{report:#}");
    assert!(run(dir.path(), &["check", "-v"]).stdout.contains("`p.cedar` is read in its place"));
    let other = r#"{ "kind": "when", "body": { "Value": true } }"#;
    let dir = place(&[same[0], same[1], ("p.cedar.json", &json_policy(other))]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code), (vec!["error translation-differs p.cedar.json".to_owned()], 1), "{report:#}");
    let message = report["findings"][0]["message"].as_str().unwrap();
    assert!(message.contains("only here: `first`; only there: `policy0`"), "{message}");
    // Under a name of its own it is a set of its own.
    let dir = place(&[same[0], same[1], ("q.cedar.json", &json_policy(other))]);
    assert_eq!(json(dir.path(), &["validate"]).0["summary"]["policies"], 2);
    // The same of schemas, whatever the JSON is called.
    for name in ["a.json", "a.cedarschema.json"] {
        let (name, schema) = (
            if name == "a.json" { "a-schema.json" } else { name },
            if name == "a.json" { "a-schema.cedarschema" } else { "a.cedarschema" },
        );
        let dir = place(&[(schema, SCHEMA), ("p.cedar", POLICY), (name, SCHEMA_JSON)]);
        assert_eq!((found(&json(dir.path(), &["check"]).0)), Vec::<String>::new(), "{name}");
        let less = SCHEMA_JSON.replace("\"User\": {},", "\"User\": {}, \"More\": {},");
        let dir = place(&[(schema, SCHEMA), ("p.cedar", POLICY), (name, &less)]);
        assert_eq!((found(&json(dir.path(), &["check"]).0)), [format!("error schema-conflict {name}")], "{name}");
    }
}

/// The kind: a schema in parts. Where one lacks what another declares they are one, wherever they lie.
#[test]
fn parts_of_a_schema_are_one() {
    let actions = "action view, edit appliesTo { principal: User, resource: Doc };\n";
    for (types, folder, policies) in
        [("types", "", "p.cedar"), ("types", "model/", "p.cedar"), ("z", "a/", "a/b/p.cedar")]
    {
        let dir = place(&[
            (&format!("{folder}{types}.cedarschema"), "entity User;\nentity Doc;\n"),
            (&format!("{folder}actions.cedarschema"), actions),
            (policies, POLICY),
        ]);
        let (report, code) = json(dir.path(), &["check"]);
        assert_eq!((found(&report), code, not_validated(&report).len()), (vec![], 0, 0), "{folder}: {report:#}");
    }
}

/// The kind: schemas under the names of policies, in either syntax, whole or broken.
#[test]
fn a_schema_under_the_name_of_policies_is_told_for_what_it_is() {
    for (name, text, wanted) in [
        ("types.cedar.json", SCHEMA_JSON, &["warning misnamed-schema"][..]),
        ("schema.cedar", "entity User\nentity Doc;\n", &["error schema-error", "warning misnamed-schema"]),
    ] {
        let dir = place(&[(name, text), ("p.cedar", POLICY)]);
        let (report, _) = json(dir.path(), &["check"]);
        let mut found = found(&report);
        found.sort();
        assert_eq!(found, wanted.iter().map(|rule| format!("{rule} {name}")).collect::<Vec<_>>(), "{report:#}");
    }
}

/// The kind: a store that is spelled out and says nothing of a schema is under the one that is there all the same.
#[test]
fn a_store_that_is_spelled_out_is_under_the_schema_around_it() {
    let wrong =
        "permit (principal == User::\"ann\", action == Action::\"view\", resource) when { resource.nothing };\n";
    for schema in ["a.cedarschema", "s/schema/a.cedarschema", "elsewhere/a.cedarschema"] {
        let config = "[[store]]\nname = \"s\"\npolicies = \"s\"\n";
        let dir = place(&[(schema, SCHEMA), ("s/p.cedar", wrong), ("polcheck.toml", config)]);
        let (report, code) = json(dir.path(), &["validate"]);
        assert_eq!((rules(&report), code), (vec!["unsafe-attribute-access"], 1), "{schema}: {report:#}");
        // Unless it says that there is none.
        write(dir.path(), &[("polcheck.toml", &format!("{config}schema = []\n"))]);
        assert_eq!(not_validated(&json(dir.path(), &["validate"]).0), ["s"], "{schema}");
    }
}

/// The kind: one name for two things.
#[test]
fn a_folder_called_as_a_store_is_keeps_a_name_of_its_own() {
    let config = "[[store]]\nname = \"pay\"\npolicies = \"services\"\n";
    let dir = place(&[("services/p.cedar", POLICY), ("pay/p.cedar", POLICY), ("polcheck.toml", config)]);
    let names = |report: &Value| -> Vec<String> { not_validated(report).into_iter().map(str::to_owned).collect() };
    assert_eq!(names(&json(dir.path(), &["check"]).0), ["./pay", "pay"]);
    let (report, _) = json(dir.path(), &["check", "--store", "./pay"]);
    assert_eq!(names(&report), ["./pay"]);
}

/// The kind: an unusual state of git.
#[test]
fn without_git_a_repository_is_not_guessed_at() {
    let dir = place(&[("p.cedar", POLICY), ("secret/p.cedar", POLICY)]);
    git(dir.path(), &["init", "-q"]);
    let gone = finish(command(dir.path()).env("PATH", "/nonexistent").arg("check").output().unwrap());
    assert_eq!(gone.code, 2, "{}", gone.stdout);
    assert!(gone.stderr.contains("git") && gone.stderr.contains("PATH"), "{}", gone.stderr);
    let plain = place(&[("p.cedar", POLICY)]);
    let outside = finish(command(plain.path()).env("PATH", "/nonexistent").arg("check").output().unwrap());
    assert_eq!(outside.code, 0, "{}", outside.stderr);
}

/// The kind: configuration that says something of what is not there.
#[test]
fn a_store_without_policies_is_told() {
    let config = "store = [{ name = \"x\", schema = \"a.cedarschema\" }]";
    let dir = place(&[("a.cedarschema", SCHEMA), ("p.cedar", POLICY), ("polcheck.toml", config)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code), (vec!["warning unused-configuration polcheck.toml".to_owned()], 0));
    assert_eq!(not_validated(&report).len(), 0, "its schema governs what lies there all the same");
    write(dir.path(), &[("polcheck.toml", &config.replace(" }", ", policies = \".\" }"))]);
    let (report, _) = json(dir.path(), &["validate"]);
    assert_eq!((found(&report), not_validated(&report).len()), (vec![], 0), "{report:#}");
}

/// The kind: configuration that says something of what is not there.
#[test]
fn accepted_changes_that_accept_nothing_are_told() {
    let accepted =
        |until: &str| format!("[[accepted]]\nwhat = \"x\"\nowner = \"y\"\nuntil = \"{until}\"\nfingerprint = \"z\"\n");
    let dir =
        place(&[("a.cedarschema", SCHEMA), ("p.cedar", POLICY), ("polcheck-accepted.toml", &accepted("2026-01-31"))]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    let (report, code) = json(dir.path(), &["check", "--now", "2026-02-01"]);
    assert_eq!((found(&report), code), (vec!["warning unused-configuration polcheck-accepted.toml".to_owned()], 0));
    assert_eq!(rules(&json(dir.path(), &["check", "--now", "2026-01-31"]).0), [""; 0]);
    let (report, _) = json(dir.path(), &["check", "--against", "HEAD", "--now", "2026-01-31"]);
    assert_eq!(found(&report), ["note unused-configuration polcheck-accepted.toml"]);
}

/// The kind: what a `[[store]]` names by its folder, under no name of Cedar's. It is read, or it is said that nothing
/// of the kind is there.
#[test]
fn what_a_store_names_by_folder_is_read() {
    let config = "[[store]]\nname = \"s\"\npolicies = \"rules\"\nschema = \"m\"\nentities = \"d\"\nlinks = \"k\"\ntests = \"cases\"\n";
    let template = "@id(\"t\")\npermit (principal == ?principal, action == Action::\"view\", resource);\n";
    let entities = r#"[{ "uid": { "type": "User", "id": "bob" }, "attrs": {}, "parents": [] },
        { "uid": { "type": "Doc", "id": "d" }, "attrs": {}, "parents": [] }]"#;
    let links = r#"[{ "template_id": "t", "link_id": "one", "args": { "?principal": "User::\"bob\"" } }]"#;
    let row =
        "tests:\n  - { name: bob, principal: 'User::\"bob\"', action: view, resource: 'Doc::\"d\"', expect: allow }\n";
    let all = [
        ("rules/t.cedar", template),
        ("m/a.json", SCHEMA_JSON),
        ("d/e.json", entities),
        ("k/l.json", links),
        ("cases/one.yaml", row),
        ("polcheck.toml", config),
    ];
    let dir = place(&all);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code, not_validated(&report).len()), (vec![], 0, 0), "{report:#}");
    assert_eq!((statuses(&report), report["summary"]["links"].as_u64()), ([1, 0, 0], Some(1)), "{report:#}");
    assert_eq!(report["summary"]["entities"], 2);
    // One folder may be named for several kinds: content tells them apart, and what is none of them is named.
    let one = config.replace("\"d\"", "\"data\"").replace("\"k\"", "\"data\"").replace("\"cases\"", "\"data\"");
    let dir = place(&[
        all[0],
        all[1],
        ("data/e.json", entities),
        ("data/l.json", links),
        ("data/one.yaml", row),
        ("data/other.json", "{}"),
        ("polcheck.toml", &one),
    ]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code, statuses(&report)), (vec![], 0, [1, 0, 0]), "{report:#}");
    assert_eq!(report["summary"]["entities"], 2);
    assert_eq!(report["left_out"][0]["path"], "data/other.json");
    for (path, what) in [
        ("rules/t.cedar", "policies"),
        ("m/a.json", "schema"),
        ("d/e.json", "entities"),
        ("k/l.json", "template links"),
        ("cases/one.yaml", "decision tables"),
    ] {
        let dir = place(&all);
        std::fs::remove_file(dir.path().join(path)).unwrap();
        let folder = path.split('/').next().unwrap();
        write(dir.path(), &[(&format!("{folder}/readme.txt"), "x")]);
        let (report, code) = json(dir.path(), &["check"]);
        let message = format!("`{folder}` holds no {what}");
        let said = report["findings"].as_array().unwrap().iter().any(|one| one["message"] == message.as_str());
        assert!(said && code == 2, "{message}: {report:#}");
    }
}

/// The kind: a file that is a link to one in another folder. What hangs on it has it.
#[test]
fn a_link_to_a_file_elsewhere_is_that_file() {
    let wrong =
        "permit (principal == User::\"ann\", action == Action::\"view\", resource) when { resource.nothing };\n";
    let dir = place(&[
        ("shared/app.cedarschema", SCHEMA),
        ("shared/common.cedar", wrong),
        ("one/p.cedar", POLICY),
        ("two/q.cedar", wrong),
    ]);
    for folder in ["one", "two"] {
        std::os::unix::fs::symlink("../shared/app.cedarschema", dir.path().join(folder).join("app.cedarschema"))
            .unwrap();
    }
    std::os::unix::fs::symlink("../shared/common.cedar", dir.path().join("one/common.cedar")).unwrap();
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((code, not_validated(&report).len()), (1, 0), "{report:#}");
    let all = found(&report);
    assert!(all.contains(&"error unsafe-attribute-access two/q.cedar".to_owned()), "{all:?}");
    assert!(all.contains(&"error unsafe-attribute-access shared/common.cedar".to_owned()), "{all:?}");
    assert!(!all.iter().any(|one| one.contains("unused-schema")), "{all:?}");
    // Asked for by the folder that has the link, it is reported there.
    let (report, code) = json(dir.path(), &["check", "one"]);
    let linked = "error unsafe-attribute-access one/common.cedar".to_owned();
    assert!(code == 1 && found(&report).contains(&linked), "{report:#}");
    // The store that has the link has the policy.
    let (report, _) = json(dir.path(), &["validate", "--store", "one"]);
    assert_eq!(report["summary"]["policies"], 2, "{report:#}");
}

/// The kind: a configuration that is about one store says nothing of the others.
#[test]
fn a_schema_that_a_store_names_governs_the_others_too() {
    let wrong =
        "permit (principal == User::\"ann\", action == Action::\"view\", resource) when { resource.nothing };\n";
    let config = "[[store]]\nname = \"b\"\npolicies = \"b\"\nschema = \"app.cedarschema\"\n";
    let dir =
        place(&[("app.cedarschema", SCHEMA), ("a/p.cedar", wrong), ("b/q.cedar", POLICY), ("polcheck.toml", config)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code), (vec!["error unsafe-attribute-access a/p.cedar".to_owned()], 1), "{report:#}");
    // Rows belong to the store that has policies around them.
    let both = "[[store]]\nname = \"one\"\npolicies = [\"common\", \"one\"]\n[[store]]\nname = \"two\"\npolicies = [\"common\", \"two\"]\n";
    let row = "tests:\n  - { principal: 'User::\"ann\"', action: view, resource: 'Doc::\"d\"', expect: allow, unknown: ['Doc::\"d\"'] }\n";
    let dir = place(&[
        ("app.cedarschema", SCHEMA),
        ("common/p.cedar", POLICY),
        ("one/p.cedar", &POLICY.replace("view", "edit")),
        ("two/p.cedar", &POLICY.replace("ann", "bob")),
        ("one/x_test.yaml", row),
        ("two/x_test.yaml", row),
        ("polcheck.toml", both),
    ]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code, statuses(&report)), (vec![], 0, [2, 0, 0]), "{report:#}");
}

/// The kind: what is nearly right. A schema without its namespace is an error, a table or schema of nearly the right
/// name is named, and a policy that is cut off is broken.
#[test]
fn what_is_nearly_right_is_not_silently_nothing() {
    let bare = r#"{ "entityTypes": { "User": {} }, "actions": {} }"#;
    let dir = place(&[("schema.json", bare), ("p.cedar", POLICY)]);
    assert_eq!(found(&json(dir.path(), &["check"]).0), ["error schema-error schema.json"]);
    let dir = place(&[("p.cedar", "@id(\"x\")\n"), ("a.cedarschema", SCHEMA)]);
    assert_eq!(found(&json(dir.path(), &["check"]).0), ["error syntax-error p.cedar"]);
    let row = "tests:\n  - { principal: 'User::\"ann\"', action: view, resource: 'Doc::\"d\"', expect: deny }\n";
    let nearly = [
        "tests/authz_tests.yaml",
        "authz.test.yaml",
        "CedarSchema.json",
        "app.cedarscheme",
        "l.cedartemplatelink.json",
        "x.cedarentity.json",
    ];
    let mut files = vec![("a.cedarschema", SCHEMA), ("p.cedar", POLICY)];
    files.extend(nearly.iter().map(|path| (*path, if path.ends_with("yaml") { row } else { "{}" })));
    let (report, _) = json(place(&files).path(), &["check"]);
    let left: Vec<&str> =
        report["left_out"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect();
    for path in nearly {
        assert!(left.contains(&path), "{path}: {left:?}");
    }
}

/// The kind: schemas and policies that are kept apart, in folders that correspond.
#[test]
fn folders_that_are_called_alike_belong_together() {
    // What these policies name is declared in both.
    let neutral = "permit (principal, action, resource) when { resource.kind == \"a\" };\n";
    let schema = |ty: &str, attribute: &str| {
        format!(
            "entity User; entity {ty}; entity Thing{ty} {{ {attribute}: String }};\naction do{ty} appliesTo {{ principal: {ty}, resource: Thing{ty} }};\n"
        )
    };
    let (docs, orders) = (schema("D", "kind"), schema("O", "other"));
    let of_orders = "permit (principal, action == Action::\"doO\", resource) when { resource.other == \"a\" };\n";
    for (one, two) in [
        ("schemas/docs.cedarschema", "schemas/orders.cedarschema"),
        ("schema/docs/app.cedarschema", "schema/orders/app.cedarschema"),
    ] {
        let dir = place(&[
            (one, &docs),
            (two, &orders),
            ("policies/docs/a.cedar", neutral),
            ("policies/orders/o.cedar", of_orders),
        ]);
        let (report, code) = json(dir.path(), &["validate"]);
        assert_eq!((found(&report), code, not_validated(&report).len()), (vec![], 0, 0), "{one}: {report:#}");
    }
}

/// The kind: a schema in parts, one in each folder, that build on what is declared around them.
#[test]
fn a_schema_below_another_may_build_on_it() {
    let part = |ty: &str| format!("entity {ty};\naction do{ty} appliesTo {{ principal: User, resource: {ty} }};\n");
    let dir = place(&[
        ("base.cedarschema", "entity User;\n"),
        ("docs/docs.cedarschema", &part("Doc")),
        ("docs/p.cedar", "permit (principal == User::\"a\", action == Action::\"doDoc\", resource);\n"),
        ("orders/orders.cedarschema", &part("Order")),
        ("orders/p.cedar", "permit (principal == User::\"a\", action == Action::\"doOrder\", resource);\n"),
    ]);
    let (report, code) = json(dir.path(), &["check"]);
    assert_eq!((found(&report), code, not_validated(&report).len()), (vec![], 0, 0), "{report:#}");
    assert_eq!(report["summary"]["stores"], 2);
}

/// The kind: hidden files outside of git, which are as much a part of the folder as inside.
#[test]
fn a_hidden_file_is_read() {
    let dir = place(&[("a.cedarschema", SCHEMA), (".late.cedar", OTHER)]);
    let (report, code) = json(dir.path(), &["check"]);
    assert!(code == 1 && rules(&report).contains(&"unrecognized-entity-type"), "{report:#}");
}

/// Cedar's JSON under a name that says nothing is read as policies: a set, and a policy by itself. What tools write of
/// files that are read too counts once, and JSON of other tools with the same words is left alone.
#[test]
fn policies_in_json_are_read_whatever_their_file_is_called() {
    let schema = "entity User, Db;\naction read, write appliesTo { principal: User, resource: Db };\n";
    let scope = |action: &str| {
        format!(
            r#""principal": {{"op": "All"}}, "action": {{"op": "==", "entity": {{"type": "Action", "id": "{action}"}}}},
               "resource": {{"op": "All"}}, "conditions": []"#
        )
    };
    let one = |action: &str| format!(r#"{{"effect": "permit", {}}}"#, scope(action));
    let set = |all: &[(&str, String)]| {
        let all: Vec<String> = all.iter().map(|(id, policy)| format!("\"{id}\": {policy}")).collect();
        format!(r#"{{"staticPolicies": {{{}}}, "templates": {{}}, "templateLinks": []}}"#, all.join(", "))
    };
    let names = |files: &[(&str, &str)]| {
        let dir = place(&[&[("app.cedarschema", schema)], files].concat());
        let (report, code) = json(dir.path(), &["check", "-v"]);
        let counted = report["summary"]["policies"].as_u64().unwrap();
        (counted, code, report["left_out"].to_string())
    };
    let both = set(&[("a", one("read")), ("b", one("write"))]);
    assert_eq!(names(&[("policies/all.json", &both)]).0, 2);
    assert_eq!(names(&[("authz/reading.json", &one("read"))]).0, 1);
    // A change of one is a change.
    let dir = place(&[("app.cedarschema", schema), ("p/all.json", &set(&[("a", one("read"))]))]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "before"]);
    write(dir.path(), &[("p/all.json", &both)]);
    let (report, _) = json(dir.path(), &["diff", "HEAD"]);
    assert_eq!(report["outcome"], "changes", "{report}");
    let reads = "permit (principal, action == Action::\"read\", resource);";
    let writes = "permit (principal, action == Action::\"write\", resource);";
    // A translation, and what was put together of several files.
    let (count, _, left_out) = names(&[("p.cedar", reads), ("p.json", &set(&[("policy0", one("read"))]))]);
    assert_eq!((count, left_out.contains("`p.cedar` is read in its place")), (1, true), "{left_out}");
    let (count, _, left_out) = names(&[("r.cedar", reads), ("w.cedar", writes), ("built.json", &both)]);
    assert_eq!((count, left_out.contains("count once")), (2, true), "{left_out}");
    // One that says more is not.
    assert_eq!(names(&[("p.cedar", reads), ("p.json", &both)]).0, 3);
    // The interface for other languages takes the same with texts in Cedar's syntax, one of all or one for each.
    let texts = |text: &str| format!(r#"{{"staticPolicies": {text}, "templates": {{}}, "templateLinks": []}}"#);
    let quoted = |text: &str| serde_json::to_string(text).unwrap();
    assert_eq!(names(&[("all.json", &texts(&quoted(&format!("{reads}{writes}"))))]).0, 2);
    let each = format!(r#"{{"a": {}, "b": {}}}"#, quoted(reads), quoted(writes));
    assert_eq!(names(&[("all.json", &texts(&each))]).0, 2);
    // What stands beside such texts and is not read is said.
    let mixed = format!(r#"{{"a": {}, "b": {}}}"#, quoted(reads), one("write"));
    assert_eq!(names(&[("all.json", &texts(&mixed))]).1, 4);
    // A key of that name and nothing in it is no set.
    assert_eq!(names(&[("p.cedar", reads), ("none.json", &texts("[1, \"x\"]"))]).0, 1);
    // Broken JSON with Cedar's words is not passed over, and other JSON with some of them is.
    let cut = both.get(..both.len() - 3).unwrap();
    assert_eq!(names(&[("p.cedar", reads), ("all.json", cut)]).1, 4);
    let others = r#"{"conditions": [{"effect": "permit"}], "effect": "permit", "principal": "x"}"#;
    assert_eq!(names(&[("p.cedar", reads), ("workflow.json", others)]).0, 1);
}
