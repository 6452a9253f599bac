//! Files that belong to several stores, and links that decide: what is named counts wherever it is named.

use crate::common::{diff, json, run, statuses, write};
use tempfile::TempDir;

const SCHEMA: &str = "entity User; entity Doc;\naction view appliesTo { principal: User, resource: Doc };\n";
const PERMIT: &str = "@id(\"all\")\npermit (principal, action, resource);\n";
const FORBID: &str = "@id(\"never-mallory\")\nforbid (principal == User::\"mallory\", action, resource);\n";

fn rows(name: &str) -> String {
    format!(
        "tests:\n  - name: {name}\n    principal: 'User::\"mallory\"'\n    action: view\n    resource: 'Doc::\"d\"'\n    expect: deny\n"
    )
}

#[test]
fn a_file_that_two_stores_name_belongs_to_both_in_any_order() {
    let block = |name: &str| {
        format!(
            "[[store]]\nname = \"{name}\"\nschema = \"shared/app.cedarschema\"\npolicies = [\"{name}\", \"shared\"]\ntests = \"{name}\"\n\
                 entities = \"shared\"\n"
        )
    };
    for order in [["a", "b"], ["b", "a"]] {
        let dir = TempDir::new().unwrap();
        let entities = r#"[{"uid":{"type":"User","id":"mallory"},"attrs":{},"parents":[]},{"uid":{"type":"Doc","id":"d"},"attrs":{},"parents":[]}]"#;
        write(
            dir.path(),
            &[
                ("shared/app.cedarschema", SCHEMA),
                ("shared/forbid.cedar", FORBID),
                ("shared/entities.json", entities),
                ("a/p.cedar", PERMIT),
                ("b/p.cedar", PERMIT),
                ("a/a_test.yaml", &rows("a")),
                ("b/b_test.yaml", &rows("b")),
                ("polcheck.toml", &order.map(block).concat()),
            ],
        );
        let (report, code) = json(dir.path(), &["check", "--fail-on", "never"]);
        assert_eq!((statuses(&report), code), ([2, 0, 0], 0), "{order:?}: {report:#}");
        assert_eq!(report["summary"]["policies"], 4, "{order:?}");
        assert!(report["summary"]["not_validated"].is_null());
        // What is wrong with a shared file is said once.
        write(dir.path(), &[("shared/forbid.cedar", "forbid (")]);
        let (report, _) = json(dir.path(), &["validate"]);
        assert_eq!(crate::common::rules(&report), ["syntax-error"], "{order:?}");
        write(
            dir.path(),
            &[("shared/forbid.cedar", "@id(\"x\")\nforbid (principal == Usr::\"mallory\", action, resource);\n")],
        );
        let (report, _) = json(dir.path(), &["validate"]);
        assert_eq!(crate::common::rules(&report), ["unrecognized-entity-type"], "{order:?}");
    }
}

const TEMPLATE: &str = "@id(\"reads\")\npermit (principal == ?principal, action, resource);\n";

fn link(who: &str) -> String {
    format!(r#"[{{"template_id": "reads", "link_id": "one", "args": {{"?principal": "User::\"{who}\""}}}}]"#)
}

#[test]
fn links_among_the_policies_count_wherever_policies_are_named() {
    let dir = TempDir::new().unwrap();
    for (side, who) in [("old", "alice"), ("new", "mallory")] {
        write(
            dir.path(),
            &[
                (&format!("{side}/p.cedar"), TEMPLATE),
                (&format!("{side}/p.cedartemplatelinks.json"), &link(who)),
                ("app.cedarschema", SCHEMA),
            ],
        );
    }
    for args in [
        &["--files", "old", "new", "-s", "app.cedarschema"][..],
        &["--files", "old", "new", "--old-schema", "app.cedarschema", "--new-schema", "app.cedarschema"],
    ] {
        let (report, code) = diff(dir.path(), &[args, &["--deny", "gained"]].concat());
        assert_eq!(code, 1, "{args:?}");
        assert_eq!(report["changes"][0]["relation"], "both", "{args:?}");
    }
    // With the schema in the folders there is nothing to name, and nothing else changes.
    for side in ["old", "new"] {
        write(dir.path(), &[(&format!("{side}/app.cedarschema"), SCHEMA)]);
    }
    assert_eq!(diff(dir.path(), &["--files", "old", "new", "--deny", "gained"]).1, 1);
    // `-p` is the same for the other commands.
    let row = |who: &str| {
        format!(
            "tests:\n  - name: reads\n    principal: 'User::\"{who}\"'\n    action: view\n    resource: 'Doc::\"d\"'\n    expect: allow\n"
        )
    };
    write(dir.path(), &[("rows.yaml", &row("mallory")), ("more/l.cedartemplatelinks.json", &link("alice"))]);
    let args = ["test", "-p", "new", "-s", "app.cedarschema", "--tests", "rows.yaml"];
    assert_eq!(run(dir.path(), &args).code, 0);
    // Links that are named take the place of those that lie there.
    assert_eq!(run(dir.path(), &[&args[..], &["-k", "more"]].concat()).code, 1);
}
