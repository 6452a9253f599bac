//! In a pull request its author controls the head: what decides what is read and what fails comes from both sides, and
//! the stricter holds. And what configuration names has to be somewhere.

use std::collections::BTreeSet;
use std::path::Path;

use crate::common::{git, json, rules, run, write};
use serde_json::Value;
use tempfile::TempDir;

const SCHEMA: &str = "entity User { boss: User, team: String }; entity Doc { owner?: User }; entity Account;\n\
    action view, edit appliesTo { principal: User, resource: [Doc, Account], context: { mfa: Bool } };\n";
/// Nothing of the action `view` that somebody could gain.
const NARROW: &str = "entity User { boss: User, team: String }; entity Doc { owner?: User }; entity Account;\n\
    action edit appliesTo { principal: User, resource: [Doc, Account], context: { mfa: Bool } };\n";
const OLD: &str =
    "@id(\"view\")\npermit (principal, action == Action::\"view\", resource is Doc) when { context.mfa };\n";
const EVIL: &str = "@id(\"evil\")\npermit (principal, action == Action::\"view\", resource);\n";
const TEMPLATE: &str = "@id(\"reads\")\npermit (principal == ?principal, action == Action::\"view\", resource);\n";
const LINKS: &str = r#"[{"template_id": "reads", "link_id": "one", "args": {"?principal": "User::\"mallory\""}}]"#;

const BASELINE: &str = r#"{ "baseline": 1, "findings": [ { "rule": "unconditional-permit", "path": "policies/evil.cedar", "policy": null,
    "message": "m", "fingerprint": "f", "count": 1 } ] }"#;

/// A repository with one commit: the schema, a policy, `config`, and `more`.
fn repository(config: &str, more: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(dir.path(), &[("schema/app.cedarschema", SCHEMA), ("policies/p.cedar", OLD), ("polcheck.toml", config)]);
    write(dir.path(), more);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    dir
}

fn weakened(report: &Value) -> BTreeSet<String> {
    report["weakened"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap().to_owned()).collect()
}

/// A head that loosens one key of the configuration, and what else it changes.
struct Loosening {
    key: &'static str,
    base: &'static str,
    head: &'static str,
    /// Files of the head.
    files: &'static [(&'static str, &'static str)],
    /// What is listed as weakened.
    listed: &'static [&'static str],
}

const STORE: &str = "[[store]]\nname = \"main\"\nschema = \"schema\"\npolicies = \"policies\"\nlinks = \"links\"\nentities = \"data\"\n\
    tests = \"rows\"\nlevel = 1\n[diff]\ndeny = [\"gained\"]\n";

const GAINS: &[(&str, &str)] = &[("policies/evil.cedar", EVIL)];

/// A gained change that the base's gate refuses, and a head that tries to carry it past by each key.
const PAST_THE_GATE: &[Loosening] = &[
    Loosening { key: "", base: "[diff]\ndeny = [\"gained\"]\n", head: "", files: GAINS, listed: &["gate_removed"] },
    Loosening {
        key: "baseline",
        base: "[diff]\ndeny = [\"gained\"]\n",
        head: "baseline = \"b.json\"\n[diff]\ndeny = [\"gained\"]\n",
        files: &[("policies/evil.cedar", EVIL), ("b.json", BASELINE)],
        listed: &["baseline_extended"],
    },
    Loosening {
        key: "diff.accept",
        base: "[diff]\ndeny = [\"gained\"]\naccept = \"base\"\n",
        head: "[diff]\ndeny = [\"gained\"]\n",
        files: GAINS,
        listed: &["accept_loosened"],
    },
    Loosening {
        key: "diff.migrated",
        base: "[diff]\ndeny = [\"gained\"]\n",
        head: "[diff]\ndeny = [\"gained\"]\nmigrated = \"allow\"\n",
        files: GAINS,
        listed: &["migrated_allowed"],
    },
    Loosening {
        key: "schema",
        base: "[schema]\ninferred = \"refuse\"\n[diff]\ndeny = [\"gained\"]\n",
        head: "[diff]\ndeny = [\"gained\"]\n",
        files: GAINS,
        listed: &["inference_allowed"],
    },
    Loosening {
        key: "schema.inferred",
        base: "[schema]\ninferred = \"refuse\"\n[diff]\ndeny = [\"gained\"]\n",
        head: "[schema]\ninferred = \"use\"\n[diff]\ndeny = [\"gained\"]\n",
        files: GAINS,
        listed: &["inference_allowed"],
    },
    Loosening {
        key: "required-version",
        base: "[diff]\ndeny = [\"gained\"]\n",
        head: "required-version = \"*\"\n",
        files: GAINS,
        listed: &["gate_removed"],
    },
    Loosening {
        key: "fail-on",
        base: "[diff]\ndeny = [\"gained\"]\n",
        head: "fail-on = \"never\"\n",
        files: GAINS,
        listed: &["fail_on_lowered", "gate_removed"],
    },
    Loosening {
        key: "exclude",
        base: "[diff]\ndeny = [\"gained\"]\n",
        head: "exclude = [\"policies/evil.cedar\"]\n[diff]\ndeny = [\"gained\"]\n",
        files: GAINS,
        listed: &["exclude_added"],
    },
    Loosening {
        key: "rules",
        base: "[diff]\ndeny = [\"gained\"]\n",
        head: "[rules]\nover-broad = \"off\"\n",
        files: GAINS,
        listed: &["gate_removed", "level_lowered"],
    },
    Loosening {
        key: "override",
        base: "[diff]\ndeny = [\"gained\"]\n",
        head: "[[override]]\npaths = [\"policies/**\"]\nrules = { over-broad = \"off\" }\n",
        files: GAINS,
        listed: &["gate_removed", "level_lowered"],
    },
    Loosening {
        key: "override.paths",
        base: "[diff]\ndeny = [\"gained\"]\n[[override]]\npaths = [\"policies/**\"]\nrules = { over-broad = \"error\" }\n",
        head: "[[override]]\npaths = [\"schema/**\"]\nrules = { over-broad = \"error\" }\n",
        files: GAINS,
        listed: &["gate_removed", "level_lowered"],
    },
    Loosening {
        key: "override.rules",
        base: "[diff]\ndeny = [\"gained\"]\n[[override]]\npaths = [\"policies/**\"]\nrules = { over-broad = \"error\" }\n",
        head: "[[override]]\npaths = [\"policies/**\"]\nrules = { over-broad = \"note\" }\n",
        files: GAINS,
        listed: &["gate_removed", "level_lowered"],
    },
    Loosening {
        key: "coverage-floor",
        base: "coverage-floor = 0\n[diff]\ndeny = [\"gained\"]\n",
        head: "",
        files: GAINS,
        listed: &["gate_removed"],
    },
    Loosening {
        key: "diff",
        base: "[diff]\ndeny = [\"gained\"]\n",
        head: "[diff]\n",
        files: GAINS,
        listed: &["gate_removed"],
    },
    Loosening {
        key: "diff.deny",
        base: "[diff]\ndeny = [\"gained\"]\n",
        head: "[diff]\ndeny = [\"lost\"]\n",
        files: GAINS,
        listed: &["gate_removed"],
    },
    Loosening {
        key: "diff.gate",
        base: "[[diff.gate]]\ndeny = [\"gained\"]\n",
        head: "",
        files: GAINS,
        listed: &["gate_removed"],
    },
    Loosening {
        key: "diff.gate.deny",
        base: "[[diff.gate]]\ndeny = [\"gained\"]\nactions = [\"view\"]\n",
        head: "[[diff.gate]]\ndeny = [\"lost\"]\nactions = [\"view\"]\n",
        files: GAINS,
        listed: &["gate_removed"],
    },
    Loosening {
        key: "diff.gate.actions",
        base: "[[diff.gate]]\ndeny = [\"gained\"]\nactions = [\"view\"]\n",
        head: "[[diff.gate]]\ndeny = [\"gained\"]\nactions = [\"edit\"]\n",
        files: GAINS,
        listed: &["gate_removed"],
    },
    Loosening {
        key: "diff.gate.resources",
        base: "[[diff.gate]]\ndeny = [\"gained\"]\nresources = [\"Account\"]\n",
        head: "[[diff.gate]]\ndeny = [\"gained\"]\nresources = [\"Doc\"]\n",
        files: &[("policies/evil.cedar", "permit (principal, action == Action::\"view\", resource is Account);\n")],
        listed: &["gate_removed"],
    },
    Loosening {
        key: "diff.gate.stores",
        base: "[[diff.gate]]\ndeny = [\"gained\"]\nstores = [\".\"]\n",
        head: "[[store]]\nname = \"other\"\nschema = \"schema\"\npolicies = \"policies\"\n[[diff.gate]]\ndeny = [\"gained\"]\nstores = [\"other\"]\n",
        files: GAINS,
        listed: &["gate_removed"],
    },
    Loosening {
        key: "store",
        base: "[[store]]\nname = \"main\"\nschema = \"schema\"\npolicies = \"policies\"\n[[diff.gate]]\ndeny = [\"gained\"]\nstores = [\"main\"]\n",
        head: "",
        files: GAINS,
        listed: &["gate_removed"],
    },
    Loosening {
        key: "store.name",
        base: "[[store]]\nname = \"main\"\nschema = \"schema\"\npolicies = \"policies\"\n[[diff.gate]]\ndeny = [\"gained\"]\nstores = [\"main\"]\n",
        head: "[[store]]\nname = \"side\"\nschema = \"schema\"\npolicies = \"policies\"\n",
        files: GAINS,
        listed: &["gate_removed"],
    },
    Loosening {
        key: "store.policies",
        base: STORE,
        head: "[[store]]\nname = \"main\"\nschema = \"schema\"\npolicies = [\"policies/p.cedar\", \"policies/t.cedar\"]\nlinks = \"links\"\nentities = \"data\"\ntests = \"rows\"\nlevel = 1\n[[store]]\nname = \"hidden\"\nschema = \"other/app.cedarschema\"\npolicies = \"policies/evil.cedar\"\n",
        files: &[("policies/evil.cedar", EVIL), ("other/app.cedarschema", NARROW)],
        listed: &["gate_removed", "store_narrowed"],
    },
    Loosening {
        key: "store.schema",
        base: STORE,
        head: "[[store]]\nname = \"main\"\nschema = \"other\"\npolicies = \"policies\"\nlinks = \"links\"\nentities = \"data\"\ntests = \"rows\"\nlevel = 1\n",
        files: &[("policies/evil.cedar", EVIL), ("other/app.cedarschema", NARROW)],
        listed: &["gate_removed", "store_narrowed"],
    },
    Loosening {
        key: "store.links",
        base: STORE,
        head: "[[store]]\nname = \"main\"\nschema = \"schema\"\npolicies = \"policies\"\nlinks = \"side\"\nentities = \"data\"\ntests = \"rows\"\nlevel = 1\n[diff]\ndeny = [\"gained\"]\n",
        files: &[("links/l.cedartemplatelinks.json", LINKS), ("side/l.cedartemplatelinks.json", "[]")],
        listed: &["store_narrowed"],
    },
    Loosening {
        key: "store.entities",
        base: STORE,
        head: "[[store]]\nname = \"main\"\nschema = \"schema\"\npolicies = \"policies\"\nlinks = \"links\"\nentities = \"side\"\ntests = \"rows\"\nlevel = 1\n",
        files: &[("policies/evil.cedar", EVIL), ("side/e.cedarentities.json", "[]")],
        listed: &["gate_removed", "store_narrowed"],
    },
    Loosening {
        key: "store.tests",
        base: STORE,
        head: "[[store]]\nname = \"main\"\nschema = \"schema\"\npolicies = \"policies\"\nlinks = \"links\"\nentities = \"data\"\ntests = \"side\"\nlevel = 1\n",
        files: &[("policies/evil.cedar", EVIL), ("side/s_test.yaml", "tests: []\n")],
        listed: &["gate_removed", "row_removed", "store_narrowed"],
    },
    Loosening {
        key: "store.level",
        base: STORE,
        head: "[[store]]\nname = \"main\"\nschema = \"schema\"\npolicies = \"policies\"\nlinks = \"links\"\nentities = \"data\"\ntests = \"rows\"\nlevel = 9\n",
        files: GAINS,
        listed: &["gate_removed", "level_validation_loosened"],
    },
];

/// Files that the `[[store]]` of [`STORE`] names.
const OF_STORE: &[(&str, &str)] = &[
    ("policies/t.cedar", TEMPLATE),
    ("links/l.cedartemplatelinks.json", "[]"),
    ("data/e.cedarentities.json", r#"[{"uid":{"type":"Account","id":"a"},"attrs":{},"parents":[]}]"#),
    (
        "rows/r_test.yaml",
        "tests:\n  - name: none\n    principal: 'User::\"mallory\"'\n    action: edit\n    resource: 'Account::\"a\"'\n    context: { mfa: true }\n    expect: deny\n    with: { 'User::\"mallory\"': { attrs: { boss: 'User::\"mallory\"', team: x } } }\n",
    ),
];

#[test]
fn no_key_that_the_head_loosens_carries_a_refused_change_past_the_base() {
    for case in PAST_THE_GATE {
        let key = case.key;
        let dir = repository(case.base, if case.base == STORE { OF_STORE } else { &[] });
        write(dir.path(), &[("polcheck.toml", case.head)]);
        write(dir.path(), case.files);
        for args in [
            &["diff", "HEAD"][..],
            &["check", "--against", "HEAD"],
            &["check", "--against", "HEAD", "policies"],
            &["diff", "HEAD", "--", "policies"],
        ] {
            let (report, code) =
                if args[0] == "diff" { crate::common::diff(dir.path(), &args[1..]) } else { json(dir.path(), args) };
            assert_ne!(code, 0, "{key} {args:?}: {report:#}");
            let listed: BTreeSet<String> = case.listed.iter().map(|kind| (*kind).to_owned()).collect();
            assert_eq!(weakened(&report), listed, "{key} {args:?}");
        }
        assert_ne!(run(&dir.path().join("policies"), &["check", "--against", "HEAD"]).code, 0, "{key}");
        // Committed, it is the same.
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-qm", "two"]);
        assert_ne!(run(dir.path(), &["diff", "HEAD~1..HEAD"]).code, 0, "{key}");
        assert_ne!(run(dir.path(), &["check", "--against", "HEAD~1"]).code, 0, "{key}");
    }
}

/// The keys of the configuration, `store.name` and so on, from its JSON schema. Names of rules are not keys of ours.
fn keys() -> BTreeSet<String> {
    fn walk(root: &Value, node: &Value, prefix: &str, found: &mut BTreeSet<String>) {
        let node = match node["$ref"].as_str() {
            Some(reference) => root.pointer(reference.trim_start_matches('#')).unwrap(),
            None => node,
        };
        if let Some(items) = node.get("items") {
            walk(root, items, prefix, found);
        }
        for variant in ["anyOf", "oneOf", "allOf"].into_iter().filter_map(|word| node[word].as_array()).flatten() {
            walk(root, variant, prefix, found);
        }
        for (name, inner) in node["properties"].as_object().into_iter().flatten() {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            if found.insert(path.clone()) && !matches!(name.as_str(), "rules") {
                walk(root, inner, &path, found);
            }
        }
    }
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("polcheck.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let mut found = BTreeSet::new();
    walk(&schema, &schema, "", &mut found);
    found
}

#[test]
fn every_key_of_the_configuration_has_a_head_that_loosens_it() {
    let tried: BTreeSet<String> =
        PAST_THE_GATE.iter().map(|case| case.key.to_owned()).filter(|key| !key.is_empty()).collect();
    // Guardrails, rules of a repository's own and what is filled in have tests of their own; `step-up` fails no run.
    let others = ["guardrail", "rule.", "step-up", "template"];
    let elsewhere = |key: &String| key == "rule" || others.iter().any(|other| key.starts_with(other));
    assert_eq!(tried, keys().into_iter().filter(|key| !elsewhere(key)).collect());
}

/// What fails by the base's configuration and would pass by the head's alone.
#[test]
fn what_fails_a_run_is_the_stricter_of_both_sides() {
    let noted = "permit (principal, action, resource) when { principal.team == \"YOUR_TEAM_HERE\" };\n";
    let wild = "permit (principal == User::\"a*\", action == Action::\"view\", resource is Account);\n";
    let far = "permit (principal, action == Action::\"edit\", resource) when { principal.boss.boss.team == \"x\" && context.mfa };\n";
    for (what, base, head, files, rule) in [
        ("rules", "", "[rules]\nplaceholder = \"off\"\n", &[("policies/n.cedar", noted)][..], "placeholder"),
        (
            "rules",
            "[rules]\nwildcard-in-entity-id = \"error\"\n",
            "",
            &[("policies/n.cedar", wild)],
            "wildcard-in-entity-id",
        ),
        (
            "fail-on",
            "fail-on = \"warning\"\n",
            "fail-on = \"error\"\n",
            &[("policies/n.cedar", wild)],
            "wildcard-in-entity-id",
        ),
        ("fail-on", "", "fail-on = \"never\"\n", &[("policies/n.cedar", noted)], "placeholder"),
        (
            "override",
            "",
            "[[override]]\npaths = [\"policies\"]\nrules = { placeholder = \"off\" }\n",
            &[("policies/n.cedar", noted)],
            "placeholder",
        ),
        (
            "override",
            "[[override]]\npaths = [\"policies\"]\nrules = { wildcard-in-entity-id = \"error\" }\n",
            "",
            &[("policies/n.cedar", wild)],
            "wildcard-in-entity-id",
        ),
        ("exclude", "", "exclude = [\"policies/n.cedar\"]\n", &[("policies/n.cedar", noted)], "placeholder"),
        (
            "level",
            "[[store]]\nname = \"main\"\nschema = \"schema\"\npolicies = \"policies\"\nlevel = 1\n",
            "",
            &[("policies/n.cedar", far)],
            "level-exceeded",
        ),
    ] {
        let dir = repository(base, &[]);
        write(dir.path(), &[("polcheck.toml", head)]);
        write(dir.path(), files);
        let found = |args: &[&str]| {
            let (report, code) = json(dir.path(), args);
            (code, rules(&report).contains(&rule))
        };
        assert_eq!(found(&["check", "--against", "HEAD"]), (1, true), "{what}: {base:?} {head:?}");
        // Merged, the head's word is the only one.
        assert_eq!(run(dir.path(), &["check"]).code, 0, "{what}: {base:?} {head:?}");
    }
}

#[test]
fn the_floor_of_coverage_is_the_higher_of_both_sides() {
    let row = "tests:\n  - name: one\n    principal: 'User::\"u\"'\n    action: view\n    resource: 'Doc::\"d\"'\n    context: { mfa: true }\n    expect: allow\n    \
               with: { 'User::\"u\"': { attrs: { boss: 'User::\"u\"', team: x } }, 'Doc::\"d\"': {} }\n";
    let dir = repository("coverage-floor = 60\n", &[("a_test.yaml", row)]);
    write(dir.path(), &[("polcheck.toml", "coverage-floor = 1\n")]);
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!((code, &report["coverage"]["floor"]), (1, &60.into()), "{}", report["coverage"]);
    assert!(weakened(&report).contains("coverage_floor_lowered"));
    assert_eq!(json(dir.path(), &["check"]).1, 0);
}

#[test]
fn failing_rows_that_the_head_takes_out_of_a_store_still_fail() {
    let dir = repository(STORE, OF_STORE);
    let allowed = "permit (principal, action == Action::\"edit\", resource) when { context.mfa };\n";
    let head = STORE.replace("tests = \"rows\"\n", "").replace("deny = [\"gained\"]", "");
    write(dir.path(), &[("polcheck.toml", &head), ("policies/n.cedar", allowed)]);
    let (report, code) = json(dir.path(), &["check", "--against", "HEAD"]);
    assert_eq!((code, crate::common::statuses(&report)[1]), (1, 1), "{:#}", report["tests"]);
}

#[test]
fn a_file_that_only_one_side_leaves_out_is_compared_on_both() {
    // A head that reads more is not a head that gains more.
    let dir = repository("exclude = [\"policies/evil.cedar\"]\n[diff]\ndeny = [\"gained\"]\n", GAINS);
    write(dir.path(), &[("polcheck.toml", "[diff]\ndeny = [\"gained\"]\n")]);
    let (report, code) = json(dir.path(), &["diff", "HEAD"]);
    assert_eq!((code, &report["outcome"]), (0, &"clean".into()), "{:#}", report["changes"]);
    // What both leave out stays out.
    write(
        dir.path(),
        &[
            ("polcheck.toml", "exclude = [\"policies/evil.cedar\"]\n[diff]\ndeny = [\"gained\"]\n"),
            ("policies/evil.cedar", EVIL),
        ],
    );
    assert_eq!(json(dir.path(), &["diff", "HEAD"]).1, 0);
}

#[test]
fn another_layout_that_means_the_same_is_no_change() {
    let block = "[[store]]\nname = \"main\"\nschema = \"schema\"\npolicies = \"policies\"\n";
    let dir = repository("", &[]);
    write(dir.path(), &[("polcheck.toml", block)]);
    let (report, code) = json(dir.path(), &["diff", "HEAD", "--deny", "gained", "--deny", "lost"]);
    assert_eq!((code, &report["outcome"]), (0, &"clean".into()), "{:#}", report["changes"]);
    // Policies that move with their configuration, too.
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "two"]);
    git(dir.path(), &["mv", "policies", "rules"]);
    write(dir.path(), &[("polcheck.toml", &block.replace("\"policies\"", "\"rules\""))]);
    let (report, code) = json(dir.path(), &["diff", "HEAD", "--deny", "gained"]);
    assert_eq!(code, 0, "{:#}", report["weakened"]);
}

#[test]
fn a_gate_names_what_is_on_one_of_the_sides() {
    let gate = |key: &str, name: &str| format!("[[diff.gate]]\ndeny = [\"gained\"]\n{key} = ['{name}']\n");
    for (key, wrong, meant) in [
        ("actions", "veiw", Some("view")),
        ("actions", "Action::\"veiw\"", Some("Action::\"view\"")),
        ("actions", "App::Action::\"view\"", Some("Action::\"view\"")),
        ("resources", "Dok", Some("Doc")),
        ("resources", "App::Doc", Some("Doc")),
        ("stores", "..", Some(".")),
        ("stores", "payments", None),
    ] {
        let dir = repository("", &[]);
        write(dir.path(), &[("polcheck.toml", &gate(key, wrong)), ("policies/evil.cedar", EVIL)]);
        for args in [&["diff", "HEAD"][..], &["check", "--against", "HEAD"], &["check"]] {
            let (report, code) = json(dir.path(), args);
            assert_eq!(code, 2, "{key} {wrong} {args:?}");
            let finding =
                report["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "configuration").unwrap();
            assert_eq!(finding["location"]["start"]["line"], 3, "{key} {wrong} {args:?}");
            if let Some(meant) = meant {
                assert_eq!(finding["help"], format!("did you mean `{meant}`?"), "{key} {wrong} {args:?}");
            }
        }
    }
    // What only the old side has is named rightly: the change is that it goes.
    let dir = repository("", &[]);
    let without = SCHEMA.replace("view, edit", "edit");
    write(
        dir.path(),
        &[
            ("schema/app.cedarschema", &without),
            ("policies/p.cedar", ""),
            ("policies/t.cedar", ""),
            ("polcheck.toml", &gate("actions", "view")),
        ],
    );
    assert_eq!(json(dir.path(), &["diff", "HEAD"]).1, 0);
    // Where a store has no schema, nobody knows its actions.
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("p.cedar", OLD), ("polcheck.toml", &gate("actions", "veiw"))]);
    assert_eq!(json(dir.path(), &["check"]).1, 0);
}

#[test]
fn a_path_of_the_configuration_that_matches_nothing_is_a_warning() {
    for (config, unused) in [
        ("exclude = [\"polices\"]\n", true),
        ("exclude = [\"policies/*.json\"]\n", true),
        ("[[override]]\npaths = [\"polices/**\"]\nrules = { placeholder = \"off\" }\n", true),
        ("exclude = [\"policies/p.cedar\"]\n", false),
        ("exclude = [\"ignored\"]\n", false),
        ("[[override]]\npaths = [\"policies/**\"]\nrules = { placeholder = \"off\" }\n", false),
        ("exclude = [\"polices\"]\n[rules]\nunused-configuration = \"off\"\n", false),
    ] {
        let dir = repository("", &[(".gitignore", "ignored\n"), ("ignored/x.cedar", "permit (")]);
        write(dir.path(), &[("polcheck.toml", config)]);
        for args in [&["check"][..], &["validate"], &["diff", "HEAD"], &["check", "--against", "HEAD"], &["test"]] {
            let (report, _) = json(dir.path(), args);
            let told = report["findings"]
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one["rule"] == "unused-configuration" && one["level"] == "warning");
            // A level that the base's default holds against is not turned off by the head.
            let held = config.contains("unused-configuration") && args.contains(&"HEAD");
            assert_eq!(told, unused || held, "{config:?} {args:?}");
            assert_ne!(report["exit"], 2, "{config:?} {args:?}");
        }
    }
    // One that matched on the old side has done its work.
    let dir = repository("exclude = [\"old.cedar\"]\n", &[("old.cedar", "permit (")]);
    git(dir.path(), &["rm", "-q", "old.cedar"]);
    let (report, _) = json(dir.path(), &["diff", "HEAD"]);
    assert_eq!(rules(&report), Vec::<&str>::new());
}

#[test]
fn a_store_that_goes_by_another_name_is_still_the_gate_s() {
    let gate = "[[diff.gate]]\ndeny = [\"gained\"]\nstores = [\"payments\"]\n";
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(
        dir.path(),
        &[("payments/app.cedarschema", SCHEMA), ("payments/p.cedar", OLD), ("other/app.cedarschema", NARROW)],
    );
    write(dir.path(), &[("other/p.cedar", "permit (principal, action == Action::\"edit\", resource is Doc);\n")]);
    write(dir.path(), &[("polcheck.toml", gate)]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "one"]);
    git(dir.path(), &["mv", "payments", "paid"]);
    // Renamed with its policies, and renamed and written anew.
    for (policies, code) in [(OLD, 0), (EVIL, 1), (&format!("{OLD}{EVIL}"), 1)] {
        write(dir.path(), &[("paid/p.cedar", policies), ("polcheck.toml", gate)]);
        assert_eq!(json(dir.path(), &["diff", "HEAD"]).1, code, "{policies}");
    }
}

#[test]
fn a_store_that_the_head_makes_for_its_own_policy_is_no_way_around_a_gate() {
    let block = |name: &str, policies: &str| {
        format!("[[store]]\nname = \"{name}\"\nschema = \"schema\"\npolicies = \"{policies}\"\n")
    };
    let gate = |store: &str| format!("[[diff.gate]]\ndeny = [\"gained\"]\nstores = [\"{store}\"]\n");
    // Whether the base spells its store out or not; the same schema, so that both readings find the same effects.
    for (base, store) in [(block("main", "policies"), "main"), (String::new(), ".")] {
        let dir = repository(&format!("{base}{}", gate(store)), &[]);
        let split = format!("{}{}", block("main", "policies/p.cedar"), block("hidden", "policies/evil.cedar"));
        write(dir.path(), &[("policies/evil.cedar", EVIL)]);
        for head in [
            split.clone(),
            format!("{split}{}", gate("main")),
            format!("{split}{}", gate("hidden").replace("gained", "lost")),
        ] {
            write(dir.path(), &[("polcheck.toml", &head)]);
            for args in
                [&["diff", "HEAD"][..], &["check", "--against", "HEAD"], &["check", "--against", "HEAD", "policies"]]
            {
                assert_eq!(json(dir.path(), args).1, 1, "{store}: {head} {args:?}");
            }
        }
    }
}
