//! Messages that mean harm, and editors that leave without a word.

use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::{Editor, capabilities, uri};
use crate::common::write;

fn framed(body: &str) -> Vec<u8> {
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[test]
fn nothing_that_is_said_ends_it() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("p.cedar", "permit (principal, action, resource)")]);
    let mut editor = Editor::in_folder(dir.path());
    let policy = uri(dir.path(), "p.cedar");
    editor.until_rules(&policy, &["syntax-error"]);
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for (raw, code) in [
        (framed("{"), -32700),
        (framed(&deep), -32700),
        (b"Content-Length: 99999999999999999999999\r\n\r\n".to_vec(), -32700),
        (b"Garbage: 1\r\n\r\n".to_vec(), -32700),
        (framed("[]"), -32600),
        (framed("null"), -32600),
        (framed(r#"{"jsonrpc":"2.0","id":{},"method":"textDocument/hover"}"#), -32600),
        (framed(r#"{"jsonrpc":"2.0","id":"a","method":7}"#), -32600),
        (framed(r#"{"jsonrpc":"2.0","id":"b","method":"textDocument/hover","params":[1]}"#), -32602),
        (framed(r#"{"jsonrpc":"2.0","id":"b2","method":"textDocument/hover"}"#), -32602),
        (framed(r#"{"jsonrpc":"2.0","id":"c","method":"no/such"}"#), -32601),
        (framed(r#"{"jsonrpc":"2.0","id":"d","method":"initialize","params":{}}"#), -32600),
    ] {
        editor.send_raw(&raw);
        let answer = loop {
            let message = editor.next().expect("an answer");
            if message.get("method").is_none() {
                break message;
            }
        };
        assert_eq!(answer["error"]["code"], code, "{}: {answer}", String::from_utf8_lossy(&raw[..raw.len().min(80)]));
    }
    // What asks for no answer gets none, and does nothing.
    for (method, params) in [
        ("textDocument/didChange", json!({})),
        (
            "textDocument/didChange",
            json!({ "textDocument": { "uri": "file:///not/open", "version": 1 }, "contentChanges": [] }),
        ),
        (
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": ":", "languageId": "cedar", "version": 1, "text": "permit" } }),
        ),
        ("textDocument/didClose", json!({ "textDocument": { "uri": "file:///%00" } })),
        ("textDocument/didSave", Value::Null),
        ("$/cancelRequest", json!({ "id": 1e300 })),
        ("$/cancelRequest", json!({ "id": 12345 })),
        ("workspace/didChangeWatchedFiles", json!({ "changes": 5 })),
        (
            "workspace/didChangeWorkspaceFolders",
            json!({ "event": { "added": [{ "uri": "file:///no/such/folder" }], "removed": [{}] } }),
        ),
        ("no/such", json!([])),
    ] {
        editor.tell(method, params);
    }
    // Places that are nowhere.
    editor.open(&policy, 1, "permit (principal, action, resource);\n");
    for method in ["textDocument/hover", "textDocument/definition", "textDocument/completion"] {
        for (line, character) in [(0_u32, u32::MAX), (u32::MAX, 0), (9, 9), (1, 0)] {
            let position = json!({ "line": line, "character": character });
            editor.ask(method, json!({ "textDocument": { "uri": policy }, "position": position }));
        }
    }
    let range = json!({ "start": { "line": 5, "character": 5 }, "end": { "line": 0, "character": 0 } });
    let turned = json!({ "textDocument": { "uri": policy }, "range": range, "context": { "diagnostics": [] } });
    editor.ask("textDocument/codeAction", turned);
    editor.change(&policy, 2, json!([{ "range": range, "text": "\u{1F600}" }]));
    editor.until("the change", |editor| editor.version(&policy) == Some(2));
    assert_eq!(
        editor.ask(
            "textDocument/hover",
            json!({ "textDocument": { "uri": "file:///not/open" }, "position": { "line": 0, "character": 0 } })
        ),
        Value::Null
    );
    let id =
        editor.begin("codeAction/resolve", json!({ "title": "x", "data": { "uri": policy, "fingerprint": "none" } }));
    assert_eq!(editor.answer(id)["error"]["code"], -32801);
    assert_eq!(editor.leave(), 0);
}

#[test]
fn who_leaves_without_a_word_is_told_apart() {
    let dir = TempDir::new().unwrap();
    write(dir.path(), &[("p.cedar", "permit (principal, action, resource);")]);
    // At once, in the middle of a message, by `exit` alone, and as agreed.
    assert_eq!(Editor::bare(dir.path()).gone(), 1);
    let mut editor = Editor::in_folder(dir.path());
    editor.send_raw(b"Content-Length: 100\r\n\r\n{\"jsonrpc\"");
    assert_eq!(editor.gone(), 1);
    let mut editor = Editor::in_folder(dir.path());
    editor.tell("exit", Value::Null);
    assert_eq!(editor.gone(), 1);
    let mut editor = Editor::bare(dir.path());
    editor.tell("exit", Value::Null);
    assert_eq!(editor.gone(), 1);
    let mut editor = Editor::in_folder(dir.path());
    editor.ask("shutdown", Value::Null);
    let id = editor.begin("textDocument/hover", json!({}));
    assert_eq!(editor.answer(id)["error"]["code"], -32600);
    editor.tell("exit", Value::Null);
    assert_eq!(editor.gone(), 0);
}

#[test]
fn nothing_is_answered_before_it_is_agreed_what_can_be_done() {
    let dir = TempDir::new().unwrap();
    let mut editor = Editor::bare(dir.path());
    editor.tell("textDocument/didOpen", json!({}));
    let id = editor.begin("textDocument/hover", json!({}));
    assert_eq!(editor.answer(id)["error"]["code"], -32002);
    let answer = editor.ask("initialize", json!({ "capabilities": capabilities(), "rootUri": uri(dir.path(), "") }));
    assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");
    assert_eq!(editor.leave(), 0);
}

#[test]
fn a_request_that_is_cancelled_is_answered_so() {
    let dir = TempDir::new().unwrap();
    let text = "permit (principal, action, resource) when { 1 == 1 && 2 == 2 };\n".repeat(300);
    let mut editor = Editor::in_folder(dir.path());
    let policy = uri(dir.path(), "p.cedar");
    editor.open(&policy, 1, &text);
    let ask = json!({ "textDocument": { "uri": policy }, "options": { "tabSize": 2, "insertSpaces": true } });
    let all: Vec<i64> = (0..20).map(|_| editor.begin("textDocument/formatting", ask.clone())).collect();
    // It stands behind nineteen others, which take their time.
    let last = *all.last().unwrap();
    editor.tell("$/cancelRequest", json!({ "id": last }));
    let mut answers = std::collections::BTreeMap::new();
    while answers.len() < all.len() {
        let message = editor.next().expect("every request is answered");
        if let Some(id) = message["id"].as_i64().filter(|_| message.get("method").is_none()) {
            assert!(answers.insert(id, message).is_none(), "{id} is answered twice");
        }
    }
    assert_eq!(answers[&last]["error"]["code"], -32800, "{}", answers[&last]);
    assert!(answers[&all[0]]["result"].is_array(), "{}", answers[&all[0]]);
    // An id that has its answer can be used again.
    assert!(editor.ask("textDocument/formatting", ask).is_array());
    assert_eq!(editor.leave(), 0);
}
