//! What an editor is shown and offered.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Editor, applied, capabilities, uri};
use crate::common::{git, write};

const SCHEMA: &str = "\
entity Team;
/// People.
entity User in [Team] {
  @doc(\"how far they may go\")
  level: Long,
  boss?: User,
  home: { city: String },
} tags String;
entity Doc { owner: User };
action \"read\", \"write\" appliesTo { principal: User, resource: Doc, context: { mfa: Bool } };
";

fn store(policies: &str) -> TempDir {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", policies)]);
    dir
}

fn start(dir: &Path, text: &str) -> (Editor, String) {
    let mut editor = Editor::in_folder(dir);
    let policy = uri(dir, "p.cedar");
    editor.open(&policy, 1, text);
    editor.until("a look", |editor| editor.version(&policy) == Some(1));
    (editor, policy)
}

fn labels(items: &Value) -> Vec<&str> {
    items["items"].as_array().unwrap().iter().map(|item| item["label"].as_str().unwrap()).collect()
}

#[test]
fn what_is_typed_is_looked_at_before_it_is_saved() {
    let good = "permit (principal, action == Action::\"read\", resource) when { resource.owner == principal };\n";
    let dir = store(good);
    let (mut editor, policy) = start(dir.path(), good);
    let schema = uri(dir.path(), "app.cedarschema");
    editor.until_rules(&policy, &[]);
    // `owner` becomes `ownr`.
    let at = good.find("owner").unwrap();
    let range = json!({ "start": { "line": 0, "character": at + 3 }, "end": { "line": 0, "character": at + 4 } });
    editor.change(&policy, 2, json!([{ "range": range, "text": "" }]));
    editor.until("the mistake", |editor| {
        editor.version(&policy) == Some(2) && editor.rules(&policy) == ["unsafe-attribute-access"]
    });
    let found = &editor.shown[&policy].diagnostics[0];
    assert_eq!(
        (&found["range"]["start"]["line"], &found["severity"], &found["source"]),
        (&json!(0), &json!(1), &json!("polcheck"))
    );
    assert!(
        found["codeDescription"]["href"].as_str().unwrap().ends_with("/docs/rules/unsafe-attribute-access.md"),
        "{found}"
    );
    // The schema is changed so that it is right, in the editor alone.
    editor.open(&schema, 1, &SCHEMA.replace("owner", "ownr"));
    editor.until_rules(&policy, &[]);
    // A schema that is broken says so where it stands; nothing is made up about the policies.
    editor.replace(&schema, 2, "entity User {");
    editor.until_rules(&schema, &["schema-error"]);
    assert!(!editor.rules(&policy).contains(&"unsafe-attribute-access"));
    // What could be used last is still completed by.
    let typed = "permit (principal, action, resource) when { resource.| };";
    editor.replace(&policy, 3, &typed.replace('|', ""));
    assert!(labels(&editor.ask_at("textDocument/completion", &policy, typed)).contains(&"ownr"));
    // Closed without being saved, both are what lies on the disk.
    editor.close(&schema);
    editor.close(&policy);
    editor.until("both as saved", |editor| {
        [&schema, &policy].iter().all(|uri| editor.version(uri).is_none() && editor.rules(uri).is_empty())
    });
    assert_eq!(editor.leave(), 0);
}

#[test]
fn proofs_come_and_stay_while_other_policies_are_edited() {
    let first = "permit (principal, action == Action::\"read\", resource) when { principal.level > 1 };\n";
    let shadowed =
        "permit (principal, action == Action::\"read\", resource) when { principal.level > 1 && context.mfa };\n";
    let other = "forbid (principal, action == Action::\"write\", resource) when { principal.level < 3 };\n";
    let text = format!("{first}{shadowed}{other}");
    let dir = store(&text);
    let (mut editor, policy) = start(dir.path(), &text);
    editor.until_rules(&policy, &["shadowed-permit"]);
    let found = editor.shown[&policy].diagnostics[0].clone();
    assert_eq!((&found["range"]["start"]["line"], &found["tags"]), (&json!(1), &json!([1])), "{found}");
    let related = &found["relatedInformation"][0];
    assert_eq!(
        (&related["location"]["uri"], &related["location"]["range"]["start"]["line"]),
        (&json!(policy), &json!(0)),
        "{found}"
    );
    // A line above, and another policy: in each version that is shown it is there, one line further down.
    let heard = editor.heard.len();
    for version in 2..6 {
        editor.replace(&policy, version, &format!("\n{first}{shadowed}{}", other.replace('3', &version.to_string())));
        editor.until("the version", |editor| editor.version(&policy) == Some(version));
    }
    let shown = editor.heard[heard..].iter().filter(|message| {
        message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == policy.as_str()
    });
    let mut seen = 0;
    for message in shown.filter(|message| message["params"]["version"].as_i64() >= Some(2)) {
        seen += 1;
        let all = message["params"]["diagnostics"].as_array().unwrap();
        assert!(
            all.iter().any(|one| one["code"] == "shadowed-permit" && one["range"]["start"]["line"] == 2),
            "{message}"
        );
    }
    assert!(seen >= 4, "{seen}");
    // Once the policy that it hangs on says something else, it is not said any more.
    editor.replace(&policy, 9, &format!("{}{shadowed}{other}", first.replace("read", "write")));
    editor.until("the change", |editor| {
        editor.version(&policy) == Some(9) && !editor.rules(&policy).contains(&"shadowed-permit")
    });
    assert_eq!(editor.leave(), 0);
}

#[test]
fn a_fix_is_proved_and_applied() {
    let text = "permit (principal, action == Action::\"read\", resource) when { principal.level > 1 };\r\n// \u{1F600} gone\r\n\
                permit (principal, action == Action::\"read\", resource) when { principal.level > 1 && context.mfa };\r\n";
    let dir = store(text);
    let (mut editor, policy) = start(dir.path(), text);
    editor.until_rules(&policy, &["shadowed-permit"]);
    let actions = editor.actions(&policy);
    let titles: Vec<&str> = actions.iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert_eq!(titles, ["Remove this policy", "Ignore shadowed-permit here, with a reason"]);
    assert!(
        actions[0].get("edit").is_none() && actions[0]["diagnostics"][0]["code"] == "shadowed-permit",
        "{}",
        actions[0]
    );
    let resolved = editor.ask("codeAction/resolve", actions[0].clone());
    let document = &resolved["edit"]["documentChanges"][0]["textDocument"];
    assert_eq!((&document["uri"], &document["version"]), (&json!(policy), &json!(1)));
    let mended = applied(text, &resolved["edit"]);
    assert!(
        mended.starts_with("permit (principal, action == Action::\"read\", resource) when") && !mended.contains("mfa"),
        "{mended}"
    );
    // Ignored instead.
    let ignored = applied(text, &actions[1]["edit"]);
    assert!(ignored.contains("\r\n// polcheck: ignore[shadowed-permit] TODO: say why\r\npermit"), "{ignored}");
    editor.replace(&policy, 2, &ignored);
    editor.until("nothing", |editor| editor.version(&policy) == Some(2) && editor.rules(&policy).is_empty());
    editor.replace(&policy, 3, &mended);
    editor.until("nothing", |editor| editor.version(&policy) == Some(3) && editor.rules(&policy).is_empty());
    // The action is of a text that is not there any more.
    let id = editor.begin("codeAction/resolve", actions[0].clone());
    assert_eq!(editor.answer(id)["error"]["code"], -32801);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn an_editor_that_cannot_ask_for_edits_gets_them_at_once() {
    let text = "permit (principal, action == Action::\"read\", resource);\n\
                permit (principal, action == Action::\"read\", resource) when { context.mfa };\n";
    let dir = store(text);
    let mut editor = Editor::open_with(dir.path(), &[dir.path()], json!({}));
    let policy = uri(dir.path(), "p.cedar");
    editor.open(&policy, 1, text);
    editor.until("the finding", |editor| editor.rules(&policy).contains(&"shadowed-permit"));
    let at = editor.rules(&policy).iter().position(|rule| *rule == "shadowed-permit").unwrap();
    let found = editor.shown[&policy].diagnostics[at].clone();
    assert!(
        ["tags", "codeDescription", "data", "relatedInformation"].iter().all(|key| found.get(key).is_none()),
        "{found}"
    );
    let params =
        json!({ "textDocument": { "uri": policy }, "range": found["range"], "context": { "diagnostics": [found] } });
    let actions = editor.ask("textDocument/codeAction", params.clone());
    let fix = actions.as_array().unwrap().iter().find(|action| action["title"] == "Remove this policy").unwrap();
    assert!(applied(text, &fix["edit"]["changes"][&policy]).ends_with("resource);\n"), "{fix}");
    let mut other = params;
    other["context"]["only"] = json!(["refactor"]);
    assert_eq!(editor.ask("textDocument/codeAction", other), json!([]));
    assert_eq!(editor.leave(), 0);
}

#[test]
fn what_stands_at_a_place_is_told_and_found() {
    let text = "@id(\"\u{1F600}\") permit (principal is User, action == Action::\"read\", resource) when { principal.level > 1 && principal has boss };\n\
                @id(\"t\") permit (principal == ?principal, action, resource);\n";
    let dir = store(text);
    write(
        dir.path(),
        &[
            (
                "links.cedartemplatelinks.json",
                r#"[{ "template_id": "t", "link_id": "ann-t", "args": { "?principal": "User::\"ann\"" } }]"#,
            ),
            (
                "entities.json",
                r#"[{ "uid": { "type": "User", "id": "ann" }, "attrs": { "level": 1, "home": { "city": "x" } }, "parents": [] }]"#,
            ),
        ],
    );
    let (mut editor, policy) = start(dir.path(), text);
    let schema = uri(dir.path(), "app.cedarschema");
    let marked = |word: &str| {
        let at = text.find(word).unwrap();
        format!("{}|{}", &text[..at], &text[at..])
    };
    for (word, wanted) in [
        ("level >", &["User.level: Long", "how far they may go"][..]),
        ("boss }", &["User.boss?: User"]),
        ("User,", &["entity User in [Team]", "People.", "tags String"]),
        ("Action::", &["action \"read\" appliesTo", "principal: [User]", "mfa: Bool"]),
        ("resource) when", &["resource: Doc"]),
        ("id(\"t\")", &["template t has 1 link", "ann\\-t in links.cedartemplatelinks.json&#58;1"]),
    ] {
        let hover = editor.ask_at("textDocument/hover", &policy, &marked(word));
        let shown = hover["contents"]["value"].as_str().unwrap_or_else(|| panic!("{word}: {hover}"));
        assert!(wanted.iter().all(|wanted| shown.contains(wanted)), "{word}: {shown}");
    }
    for (word, file, line) in [
        ("level >", &schema, 4),
        ("boss }", &schema, 5),
        ("User,", &schema, 2),
        ("Action::", &schema, 9),
        ("id(\"t\")", &uri(dir.path(), "links.cedartemplatelinks.json"), 0),
    ] {
        let found = editor.ask_at("textDocument/definition", &policy, &marked(word));
        assert_eq!(
            (&found[0]["uri"], &found[0]["range"]["start"]["line"]),
            (&json!(file), &json!(line)),
            "{word}: {found}"
        );
    }
    // An entity is where its file has it.
    let named = "permit (principal == User::\"|ann\", action, resource);\n";
    editor.replace(&policy, 2, &named.replace('|', ""));
    let found = editor.ask_at("textDocument/definition", &policy, named);
    assert_eq!(found[0]["uri"], uri(dir.path(), "entities.json"), "{found}");
    // In the schema a type leads to its declaration, from a text that is open.
    let moved = format!("\n{SCHEMA}");
    editor.open(&schema, 1, &moved);
    let at = moved.find("User };").unwrap();
    let found = editor.ask_at("textDocument/definition", &schema, &format!("{}|{}", &moved[..at], &moved[at..]));
    assert_eq!((&found[0]["uri"], &found[0]["range"]["start"]["line"]), (&json!(schema), &json!(3)), "{found}");
    // A finding has the page of its rule.
    let odd = "permit (principal, action, resource) when { principal.|levl > 1 };";
    editor.replace(&policy, 3, &odd.replace('|', ""));
    let hover = editor.ask_at("textDocument/hover", &policy, odd);
    assert!(hover["contents"]["value"].as_str().unwrap().contains("[unsafe-attribute-access](https://"), "{hover}");
    assert_eq!(editor.leave(), 0);
}

#[test]
fn what_may_be_typed_is_offered() {
    let dir = store("");
    let (mut editor, policy) = start(dir.path(), "");
    for (version, (typed, wanted)) in [
        ("permit (principal, action, resource is Doc) when { resource.|", &["owner"][..]),
        ("permit (principal, action, resource) when { \"\u{1F600}\" == principal.home.|};", &["city"]),
        ("permit (principal, action, resource) when { principal.|", &["boss", "home", "level", "getTag", "hasTag"]),
        ("permit (principal, action, resource) when { context.m|", &["mfa"]),
        ("permit (principal, action == |", &["Action::\"read\"", "Action::\"write\""]),
        ("permit (principal, action in [Action::|", &["\"read\"", "\"write\""]),
        ("permit (principal is |", &["Doc", "Team", "User"]),
        ("@|", &["doc", "expires", "id", "temporary"]),
        ("|", &["permit", "forbid"]),
        ("// principal.|", &[]),
    ]
    .into_iter()
    .enumerate()
    {
        editor.replace(&policy, version as i64 + 2, &typed.replace('|', ""));
        let items = editor.ask_at("textDocument/completion", &policy, typed);
        assert_eq!(labels(&items), wanted, "{typed}");
    }
    assert_eq!(editor.leave(), 0);
}

#[test]
fn a_file_is_laid_out_where_that_changes_nothing() {
    let dir = store("");
    let (mut editor, policy) = start(dir.path(), "permit(principal,action,resource)\r\n  when{true};\r\n");
    let ask = json!({ "textDocument": { "uri": policy }, "options": { "tabSize": 2, "insertSpaces": true } });
    let edits = editor.ask("textDocument/formatting", ask.clone());
    let after = applied("permit(principal,action,resource)\r\n  when{true};\r\n", &edits);
    assert_eq!(after, "permit (principal, action, resource)\r\nwhen { true };\r\n");
    editor.replace(&policy, 2, &after);
    assert_eq!(editor.ask("textDocument/formatting", ask.clone()), json!([]));
    editor.replace(&policy, 3, "permit (principal");
    assert_eq!(editor.ask("textDocument/formatting", ask), Value::Null);
    assert!(editor.heard.iter().any(|message| message["method"] == "window/logMessage"
        && message["params"]["message"].as_str().unwrap().contains("left as it is")));
    assert_eq!(editor.leave(), 0);
}

const TABLE: &str = "\
tests:
  - { name: a, principal: 'User::\"ann\"', action: read, resource: 'Doc::\"d\"', context: { mfa: true }, expect: allow }
  - { name: b, principal: 'User::\"ann\"', action: read, resource: 'Doc::\"d\"', context: { mfa: false }, expect: deny }
  - { name: c, principal: 'User::\"bob\"', action: read, resource: 'Doc::\"d\"', context: { mfa: true }, expect: allow }
";
const ENTITIES: &str = r#"[
  { "uid": { "type": "User", "id": "ann" }, "attrs": { "level": 1, "home": { "city": "x" } }, "parents": [] },
  { "uid": { "type": "User", "id": "bob" }, "attrs": { "level": 1, "home": { "city": "x" } }, "parents": [] },
  { "uid": { "type": "Doc", "id": "d" }, "attrs": { "owner": { "__entity": { "type": "User", "id": "ann" } } }, "parents": [] }
]"#;

fn lenses(editor: &mut Editor, policy: &str) -> Vec<String> {
    let all = editor.ask("textDocument/codeLens", json!({ "textDocument": { "uri": policy } }));
    all.as_array().unwrap().iter().map(|lens| lens["command"]["title"].as_str().unwrap().to_owned()).collect()
}

fn until_lenses(editor: &mut Editor, policy: &str, wanted: &[&str]) {
    loop {
        let shown = lenses(editor, policy);
        if shown == wanted {
            return;
        }
        let refreshed = editor.heard.len();
        editor.until(&format!("{wanted:?}, not {shown:?}"), |editor| {
            editor.heard[refreshed..].iter().any(|message| message["method"] == "workspace/codeLens/refresh")
        });
    }
}

#[test]
fn lenses_say_what_rows_decide_and_what_changed() {
    let before = "permit (principal, action == Action::\"read\", resource) when { context.mfa };\n";
    let dir = store(before);
    write(dir.path(), &[("p_test.yaml", TABLE), ("entities.json", ENTITIES)]);
    git(dir.path(), &["init", "-q"]);
    git(dir.path(), &["add", "."]);
    git(dir.path(), &["commit", "-q", "-m", "x"]);
    let (mut editor, policy) = start(dir.path(), before);
    until_lenses(&mut editor, &policy, &["2 rows, 1 environment"]);
    // What is not saved counts.
    let after = "permit (principal, action, resource) when { context.mfa };\n";
    editor.replace(&policy, 2, after);
    until_lenses(&mut editor, &policy, &["2 rows, 2 environments; since main: gained 1"]);
    editor.replace(&policy, 3, &format!("{after}@id(\"t\") permit (principal == ?principal, action, resource);\n"));
    until_lenses(&mut editor, &policy, &["2 rows, 2 environments; since main: gained 1", "no link, 2 environments"]);
    // Without a base that can be had, nothing is said of it.
    git(dir.path(), &["checkout", "-q", "--detach"]);
    git(dir.path(), &["branch", "-q", "-D", "main"]);
    editor.replace(&policy, 4, after);
    until_lenses(&mut editor, &policy, &["2 rows, 2 environments"]);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn places_are_counted_as_was_agreed() {
    let text = "\u{feff}// \u{1F600}\r\npermit (principal == User::\"\u{1F600}\u{e9}\", action, resource) when { principal.levl > 1 };\r\n";
    let dir = store(text);
    for (offered, units) in [(json!(["utf-16"]), 2), (json!(["utf-16", "utf-8"]), 4), (json!(["utf-32"]), 1)] {
        let mut asked = capabilities();
        asked["general"]["positionEncodings"] = offered.clone();
        let mut editor = Editor::open_with(dir.path(), &[dir.path()], asked);
        let policy = uri(dir.path(), "p.cedar");
        editor.until("the mistake", |editor| editor.rules(&policy).contains(&"unsafe-attribute-access"));
        let line = text.split("\r\n").nth(1).unwrap();
        let before = line.split("principal.levl").next().unwrap();
        let count = before.chars().map(|c| match units {
            2 => c.len_utf16(),
            4 => c.len_utf8(),
            _ => 1,
        });
        let wanted = json!({ "line": 1, "character": count.sum::<usize>() });
        let found =
            editor.shown[&policy].diagnostics.iter().find(|one| one["code"] == "unsafe-attribute-access").unwrap();
        let start = &found["range"]["start"];
        assert_eq!(start["line"], 1);
        assert!(start["character"].as_u64() >= wanted["character"].as_u64(), "{offered}: {found} {wanted}");
        assert!(
            start["character"].as_u64().unwrap() <= wanted["character"].as_u64().unwrap() + 10,
            "{offered}: {found} {wanted}"
        );
        assert_eq!(editor.leave(), 0);
    }
}
