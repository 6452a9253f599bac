//! Data that is declared again with another type: what hangs on how it is carried over is told as such.

use polcheck::config::Config;
use polcheck::diff::{Compared, compare};
use polcheck::repo::{self, Repo};
use polcheck::source::Memory;
use serde_json::Value;

use crate::common::{diff as run_diff, git, run, write};

fn repo(schema: &str, policies: &str) -> Repo {
    let files = [("s.cedarschema", schema), ("p.cedar", policies)];
    repo::load(&Memory::new(files), &Config::default(), &repo::Request::default()).unwrap()
}

fn schema(role: &str) -> String {
    format!(
        "entity Team; entity Role {{ level: Long }}; entity User in [Team] {{ role: {role}, age: Long, tier?: Long }};
         entity Doc {{ owner: User }};
         action view appliesTo {{ principal: User, resource: Doc }};"
    )
}

/// Direction and what it hangs on, for each group.
fn effects(compared: &Compared) -> Vec<(&'static str, Vec<&str>)> {
    let groups = compared.stores[0].groups.iter();
    groups.map(|group| (group.direction.as_str(), group.migrated())).collect()
}

fn changes(old: (&str, &str), new: (&str, &str)) -> Compared {
    compare(&repo(&schema(old.0), old.1), &repo(&schema(new.0), new.1))
}

const BY_TEXT: &str = "@id(\"admins\") permit (principal, action, resource) when { principal.role == \"admin\" };";
const BY_SET: &str =
    "@id(\"admins\") permit (principal, action, resource) when { principal.role.contains(\"admin\") };";

/// A string becomes a set: who had the role may have lost it, or others may have got it.
#[test]
fn what_hangs_on_data_that_is_carried_over_is_marked() {
    let compared = changes(("String", BY_TEXT), ("Set<String>", BY_SET));
    assert_eq!(effects(&compared), [("gained", vec!["role"]), ("lost", vec!["role"])]);
    // Nothing was carried over: the same attribute with the same type.
    let compared = changes(("String", BY_TEXT), ("String", &BY_TEXT.replace("\"admin\"", "\"root\"")));
    assert_eq!(effects(&compared), [("gained", vec![]), ("lost", vec![])]);
}

/// What no new value undoes is gained or lost, however data is carried over.
#[test]
fn what_hangs_on_no_data_that_is_carried_over_is_not_marked() {
    let more = "@id(\"all\") permit (principal, action, resource) when { principal.age > 18 };";
    let compared = changes(("String", BY_TEXT), ("Set<String>", &format!("{BY_SET}{more}")));
    let marks: Vec<bool> = compared.stores[0].groups.iter().map(|group| group.migrated().is_empty()).collect();
    let all = effects(&compared);
    assert!(all.iter().any(|(direction, hangs)| *direction == "gained" && hangs.is_empty()), "{all:?}");
    assert!(marks.contains(&true));
    // A forbid that reads the new value may undo the gain, unless it looks at others only.
    let forbid = |also: &str| {
        format!("@id(\"no\") forbid (principal, action, resource) when {{ principal.role.contains(\"x\"){also} }};")
    };
    let compared = changes(("String", ""), ("Set<String>", &format!("{more}{}", forbid(""))));
    assert_eq!(effects(&compared), [("gained", vec!["role"])]);
    let compared = changes(("String", ""), ("Set<String>", &format!("{more}{}", forbid(" && principal.age > 60"))));
    assert_eq!(effects(&compared), [("gained", vec![])]);
    // Taken away whatever the role is carried over to.
    let compared = changes(("String", BY_TEXT), ("Set<String>", ""));
    assert_eq!(effects(&compared), [("lost", vec![])]);
    let stop = "@id(\"stop\") forbid (principal, action, resource) when { principal.age > 60 };";
    let compared = changes(("String", BY_TEXT), ("Set<String>", &format!("{BY_SET}{stop}")));
    let all = effects(&compared);
    assert!(all.contains(&("lost", vec![])) && all.contains(&("gained", vec!["role"])), "{all:?}");
}

/// A record that becomes an entity, an attribute inside of a record, and tags.
#[test]
fn every_kind_of_declaring_again_counts() {
    let policy = |text: &str| format!("permit (principal, action, resource) when {{ {text} }};");
    let compared = changes(
        ("{ level: Long }", &policy("principal.role.level > 3")),
        ("Role", &policy("principal.role.level > 3")),
    );
    assert_eq!(effects(&compared), [("gained", vec!["role"]), ("lost", vec!["role"])]);
    let compared = changes(
        ("{ level: Long }", &policy("principal.role.level > 3")),
        ("{ level: String }", &policy("principal.role.level like \"a*\"")),
    );
    assert_eq!(effects(&compared), [("gained", vec!["level"]), ("lost", vec!["level"])]);
    let tags = |ty: &str, text: &str| {
        let schema =
            format!("entity User tags {ty}; entity Doc; action view appliesTo {{ principal: User, resource: Doc }};");
        repo(&schema, &policy(text))
    };
    let old = tags("String", "principal.hasTag(\"a\") && principal.getTag(\"a\") == \"x\"");
    let new = tags("Long", "principal.hasTag(\"a\") && principal.getTag(\"a\") == 1");
    assert_eq!(effects(&compare(&old, &new)), [("gained", vec!["tags"]), ("lost", vec!["tags"])]);
}

/// A gate refuses it like the rest, unless the base says otherwise; the change cannot.
#[test]
fn gates_refuse_what_may_be_gained_unless_the_base_allows_it() {
    let gate = |more: &str| format!("[diff]\ndeny = [\"gained\"]\n{more}");
    for (base, head, code) in [
        (gate(""), gate(""), 1),
        (gate("migrated = \"allow\"\n"), gate("migrated = \"allow\"\n"), 0),
        (gate(""), gate("migrated = \"allow\"\n"), 1),
        ("[diff]\ndeny = [\"migrated\"]\n".to_owned(), "[diff]\ndeny = [\"migrated\"]\n".to_owned(), 1),
    ] {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), &[("s.cedarschema", &schema("String")), ("p.cedar", BY_TEXT), ("polcheck.toml", &base)]);
        git(dir.path(), &["init", "-q"]);
        git(dir.path(), &["add", "."]);
        git(dir.path(), &["commit", "-qm", "one"]);
        write(dir.path(), &[("s.cedarschema", &schema("Set<String>")), ("p.cedar", BY_SET), ("polcheck.toml", &head)]);
        let (report, exit) = run_diff(dir.path(), &["HEAD"]);
        assert_eq!(exit, code, "{base} -> {head}: {report:#}");
        let gained =
            &report["changes"].as_array().unwrap().iter().find(|one| one["relation"] != "same").unwrap()["gained"];
        assert_eq!(
            (&gained["effects"][0]["migrated"], &gained["effects"][0]["hangs_on"]),
            (&true.into(), &Value::from(vec!["role"]))
        );
        let shown = run(dir.path(), &["diff", "HEAD"]).stdout;
        assert!(
            shown.split_whitespace().collect::<Vec<_>>().join(" ").matches("depending on how data").count() == 1,
            "{shown}"
        );
        assert!(
            shown.contains("User may gain ") && shown.contains("depending on how `role` is carried over"),
            "{shown}"
        );
    }
}
