//! Unusual situations: many edits at once, files that come and go, folders, texts that belong nowhere.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Editor, capabilities, uri};
use crate::common::{copy, git, write};

const SCHEMA: &str = "entity User { level: Long };\naction go appliesTo { principal: User, resource: User };\n";
const GOOD: &str = "permit (principal, action == Action::\"go\", resource) when { principal.level > 1 };\n";

#[test]
fn of_many_edits_the_last_one_counts() {
    let dir = TempDir::new().unwrap();
    let many: String = (0..200)
        .map(|n| format!("permit (principal, action, resource == User::\"u{n}\") when {{ principal.level > {n} }};\n"))
        .collect();
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", &many)]);
    let mut editor = Editor::in_folder(dir.path());
    let policy = uri(dir.path(), "p.cedar");
    editor.open(&policy, 0, &many);
    editor.until("a look", |editor| editor.version(&policy) == Some(0));
    let heard = editor.heard.len();
    // One letter after the other, as fast as they come, with questions in between.
    let end = json!({ "line": 200, "character": 0 });
    let typed = "permit (principal, action == Action::\"go\", resource) when { principal.levl";
    let mut asked = Vec::new();
    for (at, c) in typed.chars().enumerate() {
        let start = json!({ "line": 200, "character": at });
        editor.change(
            &policy,
            at as i64 + 1,
            json!([{ "range": { "start": start, "end": start }, "text": c.to_string() }]),
        );
        if at % 20 == 0 {
            asked.push(
                editor
                    .begin("textDocument/completion", json!({ "textDocument": { "uri": policy }, "position": start })),
            );
        }
    }
    let last = typed.len() as i64;
    for id in asked {
        assert!(editor.answer(id).get("error").is_none());
    }
    editor.until("the last edit", |editor| {
        editor.version(&policy) == Some(last) && editor.rules(&policy).contains(&"syntax-error")
    });
    let versions: Vec<i64> = editor.heard[heard..]
        .iter()
        .filter(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == policy.as_str()
        })
        .map(|message| message["params"]["version"].as_i64().unwrap())
        .collect();
    assert!(versions.is_sorted() && versions.len() < typed.len(), "{versions:?}");
    editor.change(
        &policy,
        last + 1,
        json!([{ "range": { "start": end, "end": { "line": 201, "character": 0 } }, "text": "" }]),
    );
    editor.until("the good text", |editor| {
        editor.version(&policy) == Some(last + 1) && !editor.rules(&policy).contains(&"syntax-error")
    });
    // Closed in the middle of it.
    editor.replace(&policy, last + 2, "permit (");
    editor.close(&policy);
    editor.until("what is saved", |editor| {
        editor.version(&policy).is_none() && !editor.rules(&policy).contains(&"syntax-error")
    });
    assert_eq!(editor.leave(), 0);
}

#[test]
fn files_come_and_go_on_the_disk() {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", GOOD)]);
    let mut asked = capabilities();
    asked["workspace"]["didChangeWatchedFiles"] = json!({ "dynamicRegistration": true });
    let mut editor = Editor::open_with(dir.path(), &[dir.path()], asked);
    editor.until("to be asked to watch", |editor| {
        editor.heard.iter().any(|message| message["method"] == "client/registerCapability")
    });
    let (policy, new) = (uri(dir.path(), "p.cedar"), uri(dir.path(), "new.cedar"));
    let changed = |editor: &mut Editor, uri: &str, kind: u32| {
        editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": [{ "uri": uri, "type": kind }] }));
    };
    write(dir.path(), &[("new.cedar", "permit (")]);
    changed(&mut editor, &new, 1);
    editor.until_rules(&new, &["syntax-error"]);
    std::fs::rename(dir.path().join("new.cedar"), dir.path().join("other.cedar")).unwrap();
    changed(&mut editor, &new, 3);
    editor.until_rules(&uri(dir.path(), "other.cedar"), &["syntax-error"]);
    editor.until_rules(&new, &[]);
    std::fs::remove_file(dir.path().join("other.cedar")).unwrap();
    changed(&mut editor, &uri(dir.path(), "other.cedar"), 3);
    editor.until_rules(&uri(dir.path(), "other.cedar"), &[]);
    // Saved elsewhere, and told by saving something: what lies on the disk is read again.
    std::fs::write(dir.path().join("app.cedarschema"), SCHEMA.replace("level", "rank")).unwrap();
    editor.open(&policy, 1, GOOD);
    editor.tell("textDocument/didSave", json!({ "textDocument": { "uri": policy } }));
    editor.until_rules(&policy, &["unsafe-attribute-access"]);
    // A text that is open and was never saved belongs to its folder.
    let unsaved = uri(dir.path(), "sub/unsaved.cedar");
    editor.open(&unsaved, 1, &GOOD.replace("level", "rnk"));
    editor.until_rules(&unsaved, &["unsafe-attribute-access"]);
    editor.close(&unsaved);
    editor.until_rules(&unsaved, &[]);
    // Deleted while it is open, it is what the editor has.
    std::fs::remove_file(dir.path().join("p.cedar")).unwrap();
    changed(&mut editor, &policy, 3);
    editor.replace(&policy, 2, "permit (");
    editor.until("the text that is open", |editor| {
        editor.version(&policy) == Some(2) && editor.rules(&policy) == ["syntax-error"]
    });
    assert_eq!(editor.leave(), 0);
}

#[test]
fn folders_are_opened_and_closed() {
    let (one, other) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    for (dir, text) in [(&one, "permit ("), (&other, "forbid (")] {
        write(dir.path(), &[("app.cedarschema", SCHEMA), ("p.cedar", text), ("deep/down/q.cedar", text)]);
    }
    let (first, second) = (uri(one.path(), "p.cedar"), uri(other.path(), "p.cedar"));
    let mut editor = Editor::open_with(one.path(), &[one.path(), &one.path().join("deep")], capabilities());
    editor.until_rules(&first, &["syntax-error"]);
    editor.until_rules(&uri(one.path(), "deep/down/q.cedar"), &["syntax-error"]);
    assert!(!editor.shown.contains_key(&second));
    let folder = json!({ "uri": uri(other.path(), ""), "name": "other" });
    editor.tell("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": [folder], "removed": [] } }));
    editor.until_rules(&second, &["syntax-error"]);
    editor.tell("workspace/didChangeWorkspaceFolders", json!({ "event": { "added": [], "removed": [folder] } }));
    editor.until_rules(&second, &[]);
    assert_eq!(editor.rules(&first), ["syntax-error"]);
    // A file of a folder that is not open any more is read with its repository, and shown alone.
    editor.open(&second, 1, "permit (principal, action, resource) when { principal.rank };");
    editor.until_rules(&second, &["unsafe-attribute-access"]);
    assert!(editor.rules(&uri(other.path(), "deep/down/q.cedar")).is_empty());
    editor.close(&second);
    editor.until_rules(&second, &[]);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn a_folder_of_a_repository_shows_what_lies_in_it() {
    let dir = TempDir::new().unwrap();
    git(dir.path(), &["init", "-q"]);
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("in/p.cedar", "permit ("), ("out/p.cedar", "permit (")]);
    let mut editor = Editor::in_folder(&dir.path().join("in"));
    editor.until_rules(&uri(dir.path(), "in/p.cedar"), &["syntax-error"]);
    // A schema above it that is open and not saved is the one that counts.
    let (policy, schema) = (uri(dir.path(), "in/p.cedar"), uri(dir.path(), "app.cedarschema"));
    editor.open(&policy, 1, GOOD);
    editor.until_rules(&policy, &[]);
    editor.open(&schema, 1, &SCHEMA.replace("level", "rank"));
    editor.until_rules(&policy, &["unsafe-attribute-access"]);
    assert!(!editor.shown.contains_key(&uri(dir.path(), "out/p.cedar")));
    assert_eq!(editor.leave(), 0);
}

#[test]
fn texts_that_belong_nowhere_are_looked_at_by_themselves() {
    let (dir, apart) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    write(dir.path(), &[("app.cedarschema", SCHEMA)]);
    let mut editor = Editor::in_folder(dir.path());
    for (uri, text, rule) in [
        ("untitled:Untitled-1", "permit (", "syntax-error"),
        ("untitled:new.cedarschema", "entity A in B;", "schema-error"),
        (&*uri(apart.path(), "alone.cedar"), "permit (", "syntax-error"),
        ("file:///no/such/place/a b%20c.cedar", "permit (", "syntax-error"),
        ("file:///c%3A/Users/x.cedar", "permit (", "syntax-error"),
    ] {
        editor.open(uri, 7, text);
        let shown = uri.replace("a b", "a%20b");
        editor.until_rules(&shown, &[rule]);
        assert_eq!(editor.version(&shown), Some(7));
        editor.close(uri);
        editor.until_rules(&shown, &[]);
    }
    editor.open("untitled:notes", 1, "permit (");
    let hover = json!({ "textDocument": { "uri": "untitled:notes" }, "position": { "line": 0, "character": 0 } });
    assert_eq!(editor.ask("textDocument/hover", hover), Value::Null);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn what_other_files_carry_is_shown_there() {
    let dir = TempDir::new().unwrap();
    let carrier = "apiVersion: cedar.k8s.aws/v1alpha1\nkind: Policy\nmetadata: { name: p }\nspec:\n  content: |\n    // \u{e9}\n    permit (principal, action, resource\n";
    write(dir.path(), &[("policy.yaml", carrier)]);
    let mut editor = Editor::in_folder(dir.path());
    let file = uri(dir.path(), "policy.yaml");
    editor.until_rules(&file, &["syntax-error"]);
    assert_eq!(editor.shown[&file].diagnostics[0]["range"]["start"]["line"], 6);
    editor.open(&file, 1, &format!("# one line more\n{carrier}"));
    editor.until("the open text", |editor| editor.version(&file) == Some(1));
    assert_eq!(editor.shown[&file].diagnostics[0]["range"]["start"]["line"], 7);
    editor.replace(&file, 2, &carrier.replace("resource\n", "resource) when { context.a == 1 };\n"));
    editor.until("no mistake", |editor| editor.version(&file) == Some(2) && editor.rules(&file).is_empty());
    assert_eq!(editor.leave(), 0);
}

#[test]
fn what_is_not_looked_at_is_said() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("p.cedar", GOOD), ("polcheck.toml", "no-such-key = 1\n")]);
    let mut editor = Editor::in_folder(dir.path());
    editor.until_rules(&uri(dir.path(), "polcheck.toml"), &["configuration"]);
    editor.until("what is not validated", |editor| {
        editor.heard.iter().any(|message| {
            message["method"] == "window/logMessage"
                && message["params"]["message"].as_str().unwrap().contains("has no schema")
        })
    });
    // A failing row is shown at the row, once all was looked at.
    let table =
        "tests:\n  - { name: a, principal: 'User::\"u\"', action: go, resource: 'User::\"u\"', expect: allow }\n";
    write(dir.path(), &[("app.cedarschema", SCHEMA), ("p_test.yaml", table)]);
    std::fs::remove_file(dir.path().join("polcheck.toml")).unwrap();
    let changes = ["app.cedarschema", "p_test.yaml", "polcheck.toml"]
        .map(|path| json!({ "uri": uri(dir.path(), path), "type": 1 }));
    editor.tell("workspace/didChangeWatchedFiles", json!({ "changes": changes }));
    let table = uri(dir.path(), "p_test.yaml");
    editor.until("the row", |editor| {
        editor.shown.get(&table).is_some_and(|shown| shown.diagnostics[0]["range"]["start"]["line"] == 1)
    });
    assert_eq!(editor.leave(), 0);
}

/// Waits until all of the state that was told last was looked at, and what changed since the base.
fn until_whole(editor: &mut Editor, from: usize) {
    editor.until("a whole look", |editor| {
        editor.heard[from..].iter().any(|message| message["method"] == "workspace/codeLens/refresh")
    });
}

#[test]
fn a_glance_says_what_a_whole_look_says_of_the_same_text() {
    let repositories = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/repos");
    let mut compared = 0;
    for name in ["step-up-broken", "fine-grained-broken", "audit-broken"] {
        let dir = TempDir::new().unwrap();
        copy(&repositories.join(name), dir.path());
        let extra = "@id(\"more\")\npermit (principal, action, resource)\nwhen { true };\n\n\
                     // polcheck: ignore[never-matches] it is not so\n\
                     @id(\"less\")\nforbid (principal, action, resource) when { principal.nothing };\n";
        let files: Vec<_> =
            std::fs::read_dir(dir.path().join("policies")).unwrap().map(|file| file.unwrap().path()).collect();
        let path = files.iter().find(|path| path.extension().is_some_and(|ending| ending == "cedar")).unwrap();
        let text = format!("{}{extra}", std::fs::read_to_string(path).unwrap());
        let policy = uri(dir.path(), path.strip_prefix(dir.path()).unwrap().to_str().unwrap());
        let mut editor = Editor::in_folder(dir.path());
        editor.open(&policy, 1, &text);
        // Only a proof finds that it matches everything.
        editor.until("a whole look", |editor| editor.rules(&policy).contains(&"unconditional-permit"));
        // Other files are told of behind it, and lenses last of all.
        let from = editor.heard.len();
        until_whole(&mut editor, from);
        let whole = editor.shown[&policy].diagnostics.clone();
        assert!(whole.len() > 2, "{name}: {whole:#?}");
        let others: Vec<String> = editor.shown.keys().filter(|uri| **uri != policy).cloned().collect();
        let shown = |editor: &Editor| -> Vec<Value> {
            let mut all: Vec<Value> = others.iter().flat_map(|uri| editor.shown[uri].diagnostics.clone()).collect();
            // Places in the text that moves move with it.
            all.iter_mut().for_each(|one| _ = one.as_object_mut().unwrap().remove("relatedInformation"));
            all
        };
        let around = shown(&editor);
        // The same text in a new version, and the text with a line more, which moves everything by one.
        for (version, moved) in [(2, 0), (3, 1)] {
            let from = editor.heard.len();
            editor.replace(&policy, version, &format!("{}{text}", "\n".repeat(moved)));
            editor.until("the version", |editor| editor.version(&policy) == Some(version));
            let glance = editor.shown[&policy].diagnostics.clone();
            until_whole(&mut editor, from);
            assert_eq!(shown(&editor), around, "{name}");
            let places = |all: &[Value], by: u64| -> Vec<(Value, u64)> {
                all.iter()
                    .map(|one| (one["code"].clone(), one["range"]["start"]["line"].as_u64().unwrap() + by))
                    .collect()
            };
            if moved == 0 {
                assert_eq!(glance, whole, "{name}");
            }
            let unused = |(code, _): &(Value, u64)| code != "unused-suppression";
            let wanted: Vec<_> = places(&whole, moved as u64).into_iter().filter(unused).collect();
            let found: Vec<_> = places(&glance, 0).into_iter().filter(unused).collect();
            assert_eq!(found, wanted, "{name} {version}");
            compared += found.len();
        }
        assert_eq!(editor.leave(), 0);
    }
    assert!(compared > 10, "{compared}");
}
