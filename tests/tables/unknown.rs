//! Rows about entities that exist nowhere: what exists, what is said of the rest, and how a row says that it is meant.

use std::path::Path;

use crate::common::{git, json, run, statuses, write};
use serde_json::Value;
use tempfile::TempDir;

const SCHEMA: &str = r#"
entity Team;
entity User in [Team] = { level?: Long, boss?: User } tags String;
entity Doc = { owner?: User, open?: Bool };
entity Room;
entity Mode enum ["day", "night"];
action view, edit appliesTo { principal: [User], resource: [Doc], context: { approver?: User, mode?: Mode, room?: Room } };
action enter appliesTo { principal: [User], resource: [Room], context: { now?: datetime } };
action join appliesTo { principal: [User], resource: [Team] };
"#;

const POLICIES: &str = r#"
@id("owner") permit(principal, action, resource is Doc) when { resource has owner && resource.owner == principal };
@id("staff") permit(principal in Team::"staff", action == Action::"view", resource is Doc);
@id("root") permit(principal == User::"root", action, resource);
@id("by-name") permit(principal, action == Action::"edit", resource is Doc) when { [User::"eve"].contains(principal) };
"#;

const ENTITIES: &str = r#"[
  { "uid": { "type": "User", "id": "bob" }, "attrs": { "boss": { "type": "User", "id": "bea" } }, "parents": [{ "type": "Team", "id": "ops" }] },
  { "uid": { "type": "User", "id": "alexandra" }, "attrs": {}, "parents": [], "tags": {} },
  { "uid": { "type": "Doc", "id": "d" }, "attrs": { "owner": { "type": "User", "id": "oz" } }, "parents": [] }
]"#;

/// The store with these files besides.
fn place(files: &[(&str, &str)]) -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("s.cedarschema", SCHEMA), ("p.cedar", POLICIES), ("entities.json", ENTITIES)]);
    write(dir.path(), files);
    dir
}

/// What is found in `dir` by `args`, each as `level line:column message`, and the report.
fn found_by(dir: &Path, args: &[&str]) -> (Vec<String>, Value) {
    let (report, _) = json(dir, args);
    // Rows of the forms of others may repeat each other here.
    let asked = |finding: &&Value| finding["rule"] != "same-request-rows";
    let said = report["findings"].as_array().unwrap().iter().filter(asked).map(|finding| {
        assert_eq!(finding["rule"], "unknown-in-row", "{finding:#}");
        let start = &finding["location"]["start"];
        let (level, message) = (finding["level"].as_str().unwrap(), finding["message"].as_str().unwrap());
        format!("{level} {}:{} {message}", start["line"], start["column"])
    });
    (said.collect(), report)
}

fn found(dir: &Path) -> Vec<String> {
    found_by(dir, &["test"]).0
}

/// The findings of a YAML table with these rows: the entities that they start with, and in brackets the text at the
/// place.
fn of(table: &str) -> Vec<String> {
    let dir = place(&[("a_test.yaml", table)]);
    let (said, report) = found_by(dir.path(), &["test"]);
    assert_eq!(statuses(&report)[2], 0, "{:#}", report["tests"]);
    let findings = report["findings"].as_array().unwrap();
    let place = |finding: &Value| {
        let at = |key: &str| usize::try_from(finding["location"][key].as_u64().unwrap()).unwrap();
        table.get(at("offset")..at("offset") + at("length")).unwrap().to_owned()
    };
    said.iter()
        .zip(findings)
        .map(|(said, finding)| {
            let message = said.splitn(3, ' ').nth(2).unwrap();
            let uid = message.split('`').find(|part| part.contains("::")).unwrap();
            assert!(place(finding).contains(uid) || place(finding).contains("id:"), "{said}: {}", place(finding));
            let why = message.rsplit(", so ").next().unwrap();
            format!("{uid}: {why}")
        })
        .collect()
}

/// One row with this in it.
fn row(parts: &str) -> String {
    format!("tests:\n  - {{ {parts} }}\n")
}

#[test]
fn what_exists_is_not_said() {
    for (user, exists) in [
        ("bob", true),
        ("alexandra", true),
        // A boss and an owner in the entity file; the subject of a scope, and of a condition.
        ("bea", true),
        ("oz", true),
        ("root", true),
        ("eve", true),
        ("zed", false),
        ("b", false),
        ("", false),
        ("Bob", false),
        ("somebody whose name is long and like no other", false),
    ] {
        let said =
            of(&row(&format!("principal: 'User::\"{user}\"', action: edit, resource: 'Doc::\"d\"', deny: [edit]")
                .replace("action: edit, ", "")));
        let wanted = format!("User::\"{user}\": this row is about nobody");
        assert_eq!(said, if exists { vec![] } else { vec![wanted] }, "{user}");
    }
    for (resource, action, exists) in [
        ("Doc::\"d\"", "view", true),
        ("Doc::\"e\"", "view", false),
        ("Team::\"staff\"", "join", true),
        ("Team::\"ops\"", "join", true),
        ("Team::\"stuff\"", "join", false),
        // Rooms are all alike, and nothing names one.
        ("Room::\"any\"", "enter", true),
    ] {
        let said =
            of(&row(&format!("principal: 'User::\"bob\"', action: {action}, resource: '{resource}', expect: deny")));
        let wanted = format!("{resource}: this row is about nothing");
        assert_eq!(said, if exists { vec![] } else { vec![wanted] }, "{resource}");
    }
}

#[test]
fn entities_that_are_all_alike_count_once_one_is_named() {
    let table = row("principal: 'User::\"bob\"', action: enter, resource: 'Room::\"x\"', expect: deny");
    for (extra, text) in [
        ("q.cedar", "permit(principal, action == Action::\"enter\", resource == Room::\"y\");"),
        ("q.cedar", "forbid(principal, action, resource) when { resource == Room::\"y\" };"),
        ("rooms.cedarentities.json", r#"[{ "uid": { "type": "Room", "id": "y" }, "attrs": {}, "parents": [] }]"#),
    ] {
        let dir = place(&[("a_test.yaml", &table), (extra, text)]);
        let said = found(dir.path());
        assert!(said.len() == 1 && said[0].contains("Room::\"x\""), "{text}: {said:#?}");
    }
}

#[test]
fn links_of_templates_name_entities() {
    let template = "@id(\"t\") permit(principal == ?principal, action, resource in ?resource);";
    let links = r#"[{ "template_id": "t", "link_id": "l",
        "args": { "?principal": "User::\"lin\"", "?resource": "Team::\"linked\"" } }]"#;
    let table = row("principal: 'User::\"lin\"', action: join, resource: 'Team::\"linked\"', expect: allow");
    let dir = place(&[("a_test.yaml", &table), ("t.cedar", template), ("x.cedartemplatelinks.json", links)]);
    let (said, report) = found_by(dir.path(), &["test"]);
    assert_eq!((said, statuses(&report)), (vec![], [1, 0, 0]), "{report:#}");
}

#[test]
fn every_kind_of_row_is_looked_at() {
    let said = of(r#"
clock: { attribute: now, start: 2026-11-20T09:00:00Z }
tests:
  - { name: matrix, principal: 'User::"m"', resource: 'Doc::"d"', deny: rest }
  - { name: times, principal: 'User::"t"', action: enter, resource: 'Room::"r"', at: { 0m: deny, 1m: deny } }
  - { name: who, who-can: { action: view, resource: 'Doc::"w"', expect: [] } }
  - { name: both, principal: 'User::"p"', action: view, resource: 'Doc::"q"', expect: deny }
  - { name: allowed, principal: 'User::"a"', action: view, resource: 'Doc::"d"', expect: deny, because: [] }
  - { name: later, principal: 'User::"l"', action: view, resource: 'Doc::"d"', skip: not yet }
"#);
    assert_eq!(
        said,
        [
            "User::\"m\": this row is about nobody",
            "User::\"t\": this row is about nobody",
            "Doc::\"w\": this row is about nothing",
            "User::\"p\": this row is about nobody",
            "Doc::\"q\": this row is about nothing",
            "User::\"a\": this row is about nobody",
        ]
    );
}

#[test]
fn a_row_that_fails_is_looked_at_and_one_in_error_is_not() {
    let dir = place(&[(
        "a_test.yaml",
        "tests:\n  - { principal: 'User::\"zed\"', action: view, resource: 'Doc::\"d\"', expect: allow }\n  \
         - { principal: 'User::\"zod\"', action: view, resource: 'Team::\"x\"', expect: deny }\n",
    )]);
    let (said, report) = found_by(dir.path(), &["test"]);
    assert_eq!(statuses(&report), [0, 1, 1]);
    assert!(said.len() == 1 && said[0].contains("zed"), "{said:#?}");
}

#[test]
fn defaults_are_said_where_they_stand() {
    let said = of(r#"
defaults: { principal: 'User::"zed"', resource: 'Doc::"nope"', context: { approver: 'User::"zod"' } }
tests:
  - { action: view, expect: deny }
  - { action: edit, expect: deny }
  - { action: edit, principal: 'User::"bob"', expect: deny }
"#);
    assert_eq!(
        said,
        [
            "User::\"zed\": this row and 1 more are about nobody",
            "Doc::\"nope\": this row and 2 more are about nothing",
            "User::\"zod\": this value stands for nothing (in 2 more rows too)",
        ]
    );
}

#[test]
fn what_a_row_makes_exists_for_it() {
    for with in [
        "'User::\"zed\"':",
        "'User::\"zed\"': { attrs: { level: 1 } }",
        "'Doc::\"d\"': { attrs: { owner: 'User::\"zed\"' } }",
        "'User::\"bob\"': { attrs: { boss: 'User::\"zed\"' } }",
    ] {
        let said = of(&row(&format!(
            "principal: 'User::\"zed\"', action: edit, resource: 'Doc::\"d\"', with: {{ {with} }}, deny: [edit]"
        )
        .replace("action: edit, ", "")));
        assert!(said.is_empty(), "{with}: {said:#?}");
    }
    // For that row alone.
    let said = of(r#"
tests:
  - { principal: 'User::"zed"', resource: 'Doc::"d"', deny: [edit], with: { 'User::"zed"': } }
  - { principal: 'User::"zed"', resource: 'Doc::"d"', deny: [edit] }
"#);
    assert_eq!(said, ["User::\"zed\": this row is about nobody"]);
    // And for all, where the table makes it.
    for table in [
        "with: { 'User::\"zed\"': }",
        "entities: [{ uid: 'User::\"zed\"' }]",
        "entities: [{ uid: 'Doc::\"x\"', attrs: { owner: 'User::\"zed\"' } }]",
    ] {
        let row = "tests:\n  - { principal: 'User::\"zed\"', resource: 'Doc::\"d\"', deny: [edit] }\n";
        assert_eq!(of(&format!("{table}\n{row}")), Vec::<String>::new(), "{table}");
    }
}

#[test]
fn an_entity_file_of_the_table_counts() {
    let table = "entities: other.json\ntests:\n  - { principal: 'User::\"zed\"', resource: 'Doc::\"d\"', deny: [edit] }\n  \
                 - { principal: 'User::\"boz\"', resource: 'Doc::\"d\"', deny: [edit] }\n  \
                 - { principal: 'User::\"bob\"', resource: 'Doc::\"d\"', deny: [edit] }\n  \
                 - { principal: 'User::\"zod\"', resource: 'Doc::\"d\"', deny: [edit] }\n";
    let other = r#"[{ "uid": { "type": "User", "id": "zed" }, "attrs": { "boss": { "type": "User", "id": "boz" } }, "parents": [] }]"#;
    let dir = place(&[("tables/a_test.yaml", table), ("tables/other.json", other)]);
    let said = found(dir.path());
    assert!(said.len() == 1 && said[0].contains("`User::\"zod\"`"), "{said:#?}");
}

#[test]
fn parents_have_to_be_named_elsewhere() {
    for (with, unknown) in [
        ("'User::\"bob\"': { parents: ['Team::\"staff\"', 'Team::\"ops\"'] }", None),
        ("'User::\"bob\"': { parents: ['Team::\"x\"'] }", Some("Team::\"x\"")),
        ("'User::\"bob\"': { parents: 'Team::\"staf\"' }", Some("Team::\"staf\"")),
        ("'User::\"bob\"': { parents: ['Team::\"x\"'] }, 'Team::\"x\"':", None),
        ("'User::\"bob\"': { parents: ['Team::\"x\"'] }, 'User::\"eve\"': { parents: ['Team::\"x\"'] }", None),
    ] {
        let said =
            of(&row(&format!("principal: 'User::\"bob\"', resource: 'Doc::\"d\"', deny: [edit], with: {{ {with} }}")));
        let wanted: Vec<_> = unknown.iter().map(|uid| format!("{uid}: being in it makes no difference")).collect();
        assert_eq!(said, wanted, "{with}");
    }
    // The row's own resource.
    let said = of(&row(
        "principal: 'User::\"bob\"', action: join, resource: 'Team::\"x\"', expect: deny, with: { 'User::\"bob\"': { parents: ['Team::\"x\"'] } }",
    ));
    assert_eq!(said, Vec::<String>::new());
    // In Cedar's JSON, in a table of JSON lists.
    let said = of(&row(
        "principal: 'User::\"bob\"', resource: 'Doc::\"d\"', deny: [edit], with: [{ uid: { type: User, id: bob }, parents: [{ type: Team, id: x }] }]",
    ));
    assert_eq!(said, ["Team::\"x\": being in it makes no difference"]);
}

#[test]
fn parents_of_a_whole_table_have_to_be_named_by_some_row() {
    let table = |rows: &str| format!("with: {{ 'User::\"bob\"': {{ parents: ['Team::\"night\"'] }} }}\ntests:\n{rows}");
    let plain = "  - { principal: 'User::\"bob\"', resource: 'Doc::\"d\"', deny: [edit] }\n";
    let joins = "  - { principal: 'User::\"bob\"', action: join, resource: 'Team::\"night\"', expect: deny }\n";
    let makes =
        "  - { principal: 'User::\"bob\"', resource: 'Doc::\"d\"', deny: [edit], with: { 'Team::\"night\"': } }\n";
    assert_eq!(of(&table(plain)), ["Team::\"night\": being in it makes no difference"]);
    for other in [joins, makes] {
        assert_eq!(of(&table(&format!("{plain}{other}"))), Vec::<String>::new(), "{other}");
    }
    // Rows that are not looked at may name it.
    assert_eq!(of(&table(&format!("{plain}  - {{ skip: later }}\n"))), Vec::<String>::new());
    let dir = place(&[("a_test.yaml", &table(&format!("{plain}{joins}")))]);
    assert_eq!(found_by(dir.path(), &["test", "--filter", "#1"]).0, Vec::<String>::new());
    assert_eq!(of(&format!("unknown: ['Team::\"night\"']\n{}", table(plain))), Vec::<String>::new());
}

#[test]
fn what_is_said_of_an_entity_that_nothing_comes_to_is_said() {
    let said = of(&row(
        "principal: 'User::\"bob\"', resource: 'Doc::\"d\"', deny: [edit], with: { 'User::\"bbo\"': { attrs: { level: 3 } } }",
    ));
    assert_eq!(said, ["User::\"bbo\": what is said of it makes no difference"]);
    // Everybody is asked for.
    let said = of(&row(
        "who-can: { action: edit, resource: 'Doc::\"d\"', expect: ['User::\"root\"', 'User::\"eve\"'] }, with: { 'User::\"root\"': , 'User::\"eve\"': , 'User::\"new\"': }",
    ));
    assert_eq!(said, Vec::<String>::new());
    // A slip for what the row makes is said once.
    let said = of(&row(
        "principal: 'User::\"zedd\"', resource: 'Doc::\"d\"', deny: [edit], with: { 'User::\"zed\"': { attrs: { level: 3 } } }",
    ));
    assert_eq!(said, ["User::\"zedd\": this row is about nobody"]);
}

#[test]
fn values_stand_for_somebody() {
    for (parts, unknown) in [
        ("with: { 'Doc::\"d\"': { attrs: { owner: 'User::\"zed\"' } } }", true),
        ("with: { 'Doc::\"d\"': { attrs: { owner: 'User::\"bea\"' } } }", false),
        ("context: { approver: 'User::\"zed\"' }", true),
        ("context: { approver: { type: User, id: zed } }", true),
        ("context: { approver: 'User::\"oz\"' }", false),
        ("context: { approver: 'User::\"zed\"' }, with: { 'User::\"zed\"': }", false),
        (
            "context: { approver: 'User::\"zed\"' }, with: { 'Doc::\"d\"': { attrs: { owner: 'User::\"zed\"' } } }",
            false,
        ),
        // A member of an enumeration, and a room like all others: that an entity file names one makes no difference to
        // a value.
        ("context: { mode: 'Mode::\"night\"', room: 'Room::\"r\"' }", false),
    ] {
        let said = of(&row(&format!("principal: 'User::\"bob\"', resource: 'Doc::\"d\"', deny: [edit], {parts}")));
        let wanted = if unknown { vec!["User::\"zed\": this value stands for nothing"] } else { vec![] };
        assert_eq!(said, wanted, "{parts}");
    }
}

#[test]
fn values_of_a_type_that_no_policy_names_are_compared_with_other_values_only() {
    let rooms = r#"[{ "uid": { "type": "Room", "id": "known" }, "attrs": {}, "parents": [] }]"#;
    let table =
        row("principal: 'User::\"bob\"', resource: 'Doc::\"d\"', deny: [edit], context: { room: 'Room::\"other\"' }");
    let dir = place(&[("a_test.yaml", &table), ("rooms.cedarentities.json", rooms)]);
    assert_eq!(found(dir.path()), Vec::<String>::new());
    let policy = "forbid(principal, action == Action::\"view\", resource) when { context has room && context.room == Room::\"known\" };";
    write(dir.path(), &[("q.cedar", policy)]);
    let said = found(dir.path());
    assert!(said.len() == 1 && said[0].contains("Room::\"other\""), "{said:#?}");
}

#[test]
fn one_entity_is_one_finding() {
    let mut table = "tests:\n".to_owned();
    for at in 0..12 {
        table.push_str(&format!(
            "  - {{ name: n{at}, principal: 'User::\"zed\"', resource: 'Doc::\"d\"', deny: [view, edit] }}\n"
        ));
    }
    let dir = place(&[("a_test.yaml", &table)]);
    for command in ["test", "check"] {
        let (said, _) = found_by(dir.path(), &[command]);
        assert_eq!(
            said,
            [
                "warning 2:28 `User::\"zed\"` exists in no entity file, policy or `with` here, so this row and 11 more are about nobody"
            ]
        );
    }
}

#[test]
fn a_table_about_entities_that_are_kept_elsewhere_is_not_flooded() {
    let mut table = "tests:\n".to_owned();
    for at in 0..40 {
        table.push_str(&format!("  - {{ principal: 'User::\"user-{at}\"', resource: 'Doc::\"d\"', deny: [edit] }}\n"));
    }
    table.push_str("  - { principal: 'User::\"alexandre\"', resource: 'Doc::\"d\"', deny: [edit] }\n");
    let dir = place(&[("a_test.yaml", &table)]);
    let (said, report) = found_by(dir.path(), &["test"]);
    assert_eq!(said.len(), 11, "{said:#?}");
    assert!(
        said[9].ends_with(
            "`User::\"user-9\"` and 30 more entities of these rows exist in no entity file, policy or `with` here"
        ),
        "{said:#?}"
    );
    // A likely slip is not lost among them.
    assert!(said[10].contains("alexandre"), "{said:#?}");
    assert_eq!(report["findings"][10]["help"], "did you mean `User::\"alexandra\"`?");
}

#[test]
fn help_says_what_is_meant_or_how_to_say_that_it_is() {
    let help = |parts: &str| {
        let dir = place(&[("a_test.yaml", &row(parts))]);
        let (said, report) = found_by(dir.path(), &["test"]);
        assert_eq!(said.len(), 1, "{said:#?}");
        report["findings"][0]["help"].as_str().unwrap().to_owned()
    };
    let of = |user: &str| help(&format!("principal: 'User::\"{user}\"', resource: 'Doc::\"d\"', deny: [edit]"));
    assert_eq!(of("bop"), "did you mean `User::\"bob\"`?");
    assert_eq!(
        of("zoe"),
        "if it is meant to exist nowhere, say so with `unknown: ['User::\"zoe\"']`; else add it to the entities or to `with`"
    );
    // What help says to write is taken.
    let row_of =
        |more: &str| row(&format!("principal: 'User::\"o''brien\"', resource: 'Doc::\"d\"', deny: [edit]{more}"));
    let excuse = of("o''brien").split('`').nth(1).unwrap().to_owned();
    assert_eq!(self::of(&row_of(&format!(", {excuse}"))), Vec::<String>::new());
    // What the row itself makes.
    let made =
        help("principal: 'User::\"carrol\"', resource: 'Doc::\"d\"', deny: [edit], with: { 'User::\"carol\"': }");
    assert_eq!(made, "did you mean `User::\"carol\"`?");
}

#[test]
fn a_row_says_that_it_is_meant() {
    let said = of(r#"
tests:
  - { principal: 'User::"zed"', resource: 'Doc::"d"', deny: [edit], unknown: ['User::"zed"'] }
  - { principal: 'User::"zed"', resource: 'Doc::"e"', deny: [edit], unknown: ['User::"zed"', 'Doc::"e"'] }
  - { principal: 'User::"bob"', resource: 'Doc::"d"', deny: [edit], unknown: 'Team::"x"', with: { 'User::"bob"': { parents: ['Team::"x"'] } } }
  - { principal: 'User::"bob"', resource: 'Doc::"d"', deny: [edit], unknown: 'User::"zed"', context: { approver: 'User::"zed"' } }
  - { principal: 'User::"bob"', action: enter, resource: 'Room::"r"', expect: deny, unknown: 'Room::"r"' }
  - { who-can: { action: view, resource: 'Doc::"w"', expect: [] }, unknown: ['Doc::"w"'] }
  - { principal: 'User::"bob"', resource: 'Doc::"d"', deny: [edit], unknown: [] }
"#);
    assert_eq!(said, Vec::<String>::new());
    // One excuse is not the other's.
    let said = of(&row("principal: 'User::\"zed\"', resource: 'Doc::\"e\"', deny: [edit], unknown: ['User::\"zed\"']"));
    assert_eq!(said, ["Doc::\"e\": this row is about nothing"]);
}

#[test]
fn a_table_says_it_for_all_of_its_rows() {
    let table = "unknown: ['User::\"zed\"']\ntests:\n  - { principal: 'User::\"zed\"', resource: 'Doc::\"d\"', deny: [edit] }\n  \
                 - { principal: 'User::\"bob\"', resource: 'Doc::\"d\"', deny: [edit] }\n";
    assert_eq!(of(table), Vec::<String>::new());
    let dir = place(&[("a_test.yaml", table)]);
    let (report, _) = json(dir.path(), &["test"]);
    assert_eq!(
        (&report["tests"][0]["unknown"], &report["tests"][1]["unknown"]),
        (&serde_json::json!(["User::\"zed\""]), &Value::Null)
    );
    // What no row needs, and what exists.
    for (unknown, message) in [
        ("User::\"zod\"", "no row of this table names `User::\"zod\"`"),
        ("User::\"bob\"", "`User::\"bob\"` exists, so `unknown` does not hold"),
        ("Nobody::\"bob\"", "the schema has no entity type `Nobody`; no row of this table is run"),
        ("bob", "`bob` is not an entity; no row of this table is run"),
    ] {
        let table = table.replace("['User::\"zed\"']", &format!("['User::\"zed\"', '{unknown}']"));
        write(dir.path(), &[("a_test.yaml", &table)]);
        let (report, code) = json(dir.path(), &["test"]);
        let finding = &report["findings"][0];
        assert_eq!(
            (finding["rule"].as_str(), finding["message"].as_str(), code),
            (Some("test-mismatch"), Some(message), 1)
        );
        assert_eq!(finding["location"]["start"]["line"], 1);
    }
    // Of a part of the rows that cannot be told.
    write(dir.path(), &[("a_test.yaml", table)]);
    assert_eq!(json(dir.path(), &["test", "--filter", "#2"]).1, 0);
    assert_eq!(json(dir.path(), &["test", "--list"]).1, 0);
}

#[test]
fn an_excuse_that_has_outlived_its_reason_is_an_error_of_its_row() {
    let message = |parts: &str| {
        let dir = place(&[("a_test.yaml", &row(&format!("resource: 'Doc::\"d\"', deny: [edit], {parts}")))]);
        let (report, code) = json(dir.path(), &["test"]);
        assert_eq!((statuses(&report), code), ([0, 0, 1], 1), "{parts}");
        let fault = &report["tests"][0]["faults"][0];
        // At the entry.
        assert_eq!(fault["location"]["start"]["line"], 2);
        (fault["message"].as_str().unwrap().to_owned(), fault["help"].as_str().unwrap_or_default().to_owned())
    };
    for (parts, wanted) in [
        (
            "principal: 'User::\"bob\"', unknown: ['User::\"bob\"']",
            "`User::\"bob\"` exists, so `unknown` does not hold",
        ),
        (
            "principal: 'User::\"eve\"', unknown: ['User::\"eve\"']",
            "`User::\"eve\"` exists, so `unknown` does not hold",
        ),
        ("principal: 'User::\"bob\"', unknown: ['User::\"zed\"']", "nothing else in this row names `User::\"zed\"`"),
        ("principal: 'User::\"bob\"', unknown: ['Room::\"r\"']", "nothing else in this row names `Room::\"r\"`"),
        (
            "principal: 'User::\"zed\"', with: { 'User::\"zed\"': }, unknown: ['User::\"zed\"']",
            "`User::\"zed\"` exists in this row, whose `with` makes it",
        ),
        ("principal: 'User::\"zed\"', unknown: ['User::\"zed\"', 'User::\"zed\"']", "`User::\"zed\"` is listed twice"),
        ("principal: 'User::\"zed\"', unknown: [zed]", "`zed` is not an entity"),
        ("principal: 'User::\"zed\"', unknown: ['Usr::\"zed\"']", "the schema has no entity type `Usr`"),
        ("principal: 'User::\"zed\"', unkown: ['User::\"zed\"']", "unknown key `unkown` in a row"),
    ] {
        assert_eq!(message(parts).0, wanted, "{parts}");
    }
    let (_, help) = message("principal: 'User::\"zedric\"', unknown: ['User::\"zedrik\"']");
    assert_eq!(help, "did you mean `User::\"zedric\"`?");
    assert_eq!(message("principal: 'User::\"zed\"', unkown: ['User::\"zed\"']").1, "did you mean `unknown`?");
}

#[test]
fn csv_has_a_column_for_it() {
    let table = "principal,action,resource,expect,unknown\n\
        \"User::\"\"zed\"\"\",view,\"Doc::\"\"d\"\"\",deny,\n\
        \"User::\"\"zed\"\"\",view,\"Doc::\"\"e\"\"\",deny,\"User::\"\"zed\"\"; Doc::\"\"e\"\"\"\n\
        \"User::\"\"a;b\"\"\",view,\"Doc::\"\"d\"\"\",deny,\"User::\"\"a;b\"\"\"\n";
    let dir = place(&[("a_test.csv", table)]);
    let (said, report) = found_by(dir.path(), &["test"]);
    assert_eq!(statuses(&report), [3, 0, 0]);
    assert_eq!(
        said,
        ["warning 2:1 `User::\"zed\"` exists in no entity file, policy or `with` here, so this row is about nobody"]
    );
    let help =
        "if it is meant to exist nowhere, write `User::\"zed\"` in a column `unknown`; else add it to the entities";
    assert_eq!(report["findings"][0]["help"], help);
    write(dir.path(), &[("a_test.csv", &table.replace("deny,\n", "deny,\"Doc::\"\"d\"\"\"\n"))]);
    assert_eq!(statuses(&json(dir.path(), &["test"]).0), [2, 0, 1]);
}

const JSON_ROW: &str = r#"{ "request": { "principal": "User::\"P\"", "action": "Action::\"view\"", "resource": "Doc::\"R\"", "context": {} },
  "decision": "deny" ENTITIES }"#;

#[test]
fn tables_of_others_get_one_note() {
    let row = |principal: &str, entities: &str| {
        JSON_ROW.replace("\"P", &format!("\"{principal}")).replace("\"R", "\"d").replace("ENTITIES", entities)
    };
    let inline = r#", "entities": [{ "uid": { "type": "User", "id": "made" }, "attrs": { "boss": { "type": "User", "id": "boz" } }, "parents": [] }]"#;
    let rows = [
        row("bob", ""),
        row("zed", ""),
        row("zod", ""),
        row("zed", ""),
        row("made", inline),
        row("boz", inline),
        row("mad", inline),
    ];
    let dir = place(&[("tests-a.json", &format!("[{}]", rows.join(",\n")))]);
    for command in ["test", "check"] {
        let (said, report) = found_by(dir.path(), &[command]);
        assert_eq!(
            said,
            [
                "note 13:29 `User::\"mad\"` and 2 more entities of these rows exist in no entity file, policy or row here"
            ]
        );
        let unknown =
            report["findings"].as_array().unwrap().iter().find(|one| one["rule"] == "unknown-in-row").unwrap();
        assert_eq!(unknown["help"], "did you mean `User::\"made\"`?");
        assert_eq!(report["exit"], 0);
    }
    assert!(!run(dir.path(), &["test"]).stdout.contains("zed"));
    // A single one is said as ever, and a level does not make it worse.
    write(
        dir.path(),
        &[
            ("tests-a.json", &format!("[{}]", row("zed", ""))),
            ("polcheck.toml", "[rules]\nunknown-in-row = \"error\"\n"),
        ],
    );
    let said = found(dir.path());
    assert!(said[0].starts_with("note 1:30 `User::\"zed\"` exists in no"), "{said:#?}");
    assert!(said[0].ends_with("so this row is about nobody"), "{said:#?}");
    // Where nobody is known, they are kept elsewhere.
    std::fs::remove_file(dir.path().join("entities.json")).unwrap();
    assert_eq!(found(dir.path()), Vec::<String>::new());
}

#[test]
fn a_store_without_entities_or_schema_has_policies_that_name_some() {
    let table = "tests:\n  - { principal: 'User::\"root\"', action: 'Action::\"view\"', resource: 'Doc::\"d\"', expect: allow }\n  \
                 - { principal: 'User::\"rot\"', action: 'Action::\"view\"', resource: 'Doc::\"d\"', expect: deny, with: { 'Doc::\"d\"': } }\n";
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("p.cedar", "permit(principal == User::\"root\", action, resource);"), ("a_test.yaml", table)]);
    let (said, report) = found_by(dir.path(), &["test"]);
    assert_eq!(statuses(&report), [2, 0, 0]);
    assert_eq!(said.len(), 2, "{said:#?}");
    assert!(said[0].contains("Doc::\"d\"") && said[1].contains("User::\"rot\""), "{said:#?}");
    assert_eq!(report["findings"][1]["help"], "did you mean `User::\"root\"`?");
    // A schema alone.
    let table = row("principal: 'User::\"zed\"', action: enter, resource: 'Room::\"r\"', expect: deny");
    write(dir.path(), &[("p.cedar", POLICIES), ("s.cedarschema", SCHEMA), ("a_test.yaml", &table)]);
    let said = found(dir.path());
    assert!(said.len() == 1 && said[0].contains("zed"), "{said:#?}");
}

#[test]
fn levels_are_the_configurations() {
    let table = row("principal: 'User::\"zed\"', resource: 'Doc::\"d\"', deny: [edit]");
    let dir = place(&[("old/a_test.yaml", &table), ("new/a_test.yaml", &table)]);
    let level = |config: &str, args: &[&str]| {
        write(dir.path(), &[("polcheck.toml", config)]);
        let mut all = Vec::new();
        for command in ["test", "check"] {
            let (report, code) = json(dir.path(), &[&[command], args].concat());
            let levels = report["findings"].as_array().unwrap().iter();
            all.push((levels.map(|finding| finding["level"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), code));
        }
        assert_eq!(all[0], all[1], "{config}");
        (all[0].0.join(" "), all[0].1)
    };
    let said = |levels: &str, code: i32| (levels.to_owned(), code);
    assert_eq!(level("", &[]), said("warning warning", 0));
    assert_eq!(level("", &["--fail-on", "warning"]), said("warning warning", 1));
    assert_eq!(level("[rules]\nunknown-in-row = \"error\"\n", &[]), said("error error", 1));
    assert_eq!(level("[rules]\nunknown-in-row = \"note\"\n", &["--fail-on", "warning"]), said("note note", 0));
    assert_eq!(level("[rules]\nunknown-in-row = \"off\"\n", &["--fail-on", "note"]), said("", 0));
    assert_eq!(
        level("[[override]]\npaths = [\"old/**\"]\nrules = { unknown-in-row = \"off\" }\n", &[]),
        said("warning", 0)
    );
    assert!(run(dir.path(), &["rules", "unknown-in-row"]).stdout.contains("unknown: ['User::\"gone\"']"));
}

#[test]
fn one_cause_is_said_once() {
    let dir = place(&[(
        "a_test.yaml",
        "tests:\n  - { principal: 'User::\"alexandre\"', resource: 'Doc::\"d\"', deny: [edit] }\n  \
         - { principal: 'User::\"alexandro\"', resource: 'Doc::\"d\"', deny: [edit], unknown: ['User::\"alexandro\"'] }\n  \
         - { principal: 'User::\"bob\"', resource: 'Doc::\"d\"', deny: [edit], with: { 'User::\"alexendra\"': { attrs: { level: 1 } } } }\n",
    )]);
    let (said, report) = found_by(dir.path(), &["test"]);
    assert_eq!((said.len(), &report["remarks"]), (2, &Value::Null), "{said:#?}");
    // That a name that the row uses is new and like another is said as before.
    let table = row(
        "principal: 'User::\"alexandre\"', resource: 'Doc::\"d\"', deny: [edit], with: { 'User::\"alexandre\"': { attrs: { level: 1 } } }",
    );
    write(dir.path(), &[("a_test.yaml", &table)]);
    let (said, report) = found_by(dir.path(), &["test"]);
    assert_eq!((said.len(), report["remarks"].as_array().unwrap().len()), (0, 1), "{said:#?}");
}

#[test]
fn text_from_strangers_does_no_harm() {
    let table =
        "tests:\n  - { principal: \"User::\\\"\\u001b[31m\\u202e\\\"\", resource: 'Doc::\"d\"', deny: [edit] }\n";
    let dir = place(&[("a_test.yaml", table)]);
    for report in ["human", "github", "markdown", "gitlab", "junit", "sarif"] {
        let shown = run(dir.path(), &["test", "--report", report]).stdout;
        assert!(!shown.contains('\u{1b}') && !shown.contains('\u{202e}'), "{report}: {shown}");
    }
    let said = found(dir.path());
    assert!(said[0].contains("\\u{1b}[31m\\u{202e}"), "{said:#?}");
}

#[test]
fn a_new_excuse_is_a_loosening() {
    let table = |extra: &str| {
        format!(
            "tests:\n  - {{ name: n, principal: 'User::\"zed\"', resource: 'Doc::\"d\"', deny: [view, edit]{extra} }}\n"
        )
    };
    let dir = place(&[("a_test.yaml", &table(""))]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-qm", "old"]);
    write(dir.path(), &[("a_test.yaml", &table(", unknown: ['User::\"zed\"']"))]);
    let (report, _) = json(dir.path(), &["check", "--against", "HEAD"]);
    let weakened: Vec<_> = report["weakened"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["kind"].as_str().unwrap(), one["what"].as_str().unwrap()))
        .collect();
    let what =
        |action: &str| format!("the row `a_test.yaml#n / {action}` may be about `User::\"zed\"`, which exists nowhere");
    assert_eq!(weakened, [("unknown_added", &*what("edit")), ("unknown_added", &what("view"))]);
    git(dir.path(), &["commit", "-qam", "new"]);
    write(dir.path(), &[("a_test.yaml", &table(", unknown: ['User::\"zed\"'], with: { 'Doc::\"d\"': }"))]);
    assert_eq!(json(dir.path(), &["check", "--against", "HEAD"]).0["weakened"], serde_json::json!([]));
}

#[test]
fn what_init_writes_is_about_somebody() {
    let schema = "entity Team; entity User in [Team]; entity Doc { owner: User };\n\
        action view appliesTo { principal: User, resource: Doc, context: { approver: User } };\n";
    let policies = "permit(principal, action, resource) when { resource.owner == principal && context.approver in Team::\"leads\" };\n\
        permit(principal in Team::\"leads\", action, resource) when { context.approver != principal };\n";
    for entities in [
        None,
        Some(
            r#"[{ "uid": { "type": "User", "id": "a" }, "attrs": {}, "parents": [] },
        { "uid": { "type": "Doc", "id": "d" }, "attrs": { "owner": { "type": "User", "id": "a" } }, "parents": [] }]"#,
        ),
    ] {
        let dir = TempDir::new().unwrap();
        write(dir.path(), &[("s.cedarschema", schema), ("p.cedar", policies)]);
        if let Some(entities) = entities {
            write(dir.path(), &[("entities.json", entities)]);
        }
        let done = run(dir.path(), &["init"]);
        assert_eq!(done.code, 0, "{}", done.stderr);
        let text = std::fs::read_to_string(dir.path().join("polcheck_test.yaml")).unwrap();
        let (said, report) = found_by(dir.path(), &["test"]);
        let [pass, fail, error] = statuses(&report);
        assert!(said.is_empty() && pass > 0 && fail + error == 0, "{said:#?}\n{text}");
    }
}
