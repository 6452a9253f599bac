//! An editor, as far as the protocol goes.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

use crate::common::command;

/// Longer than anything that is waited for takes on a slow machine.
const LONG: Duration = Duration::from_secs(120);

/// What a text was told to be, and what was found in it.
pub(super) struct Shown {
    pub(super) version: Option<i64>,
    pub(super) diagnostics: Vec<Value>,
}

/// polcheck, with an editor at its other end.
pub(super) struct Editor {
    process: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    last_id: i64,
    /// The last diagnostics of each URI.
    pub(super) shown: BTreeMap<String, Shown>,
    /// Every message that is no answer, in order.
    pub(super) heard: Vec<Value>,
}

/// Everything that is asked for.
pub(super) fn capabilities() -> Value {
    json!({
        "general": { "positionEncodings": ["utf-16"] },
        "textDocument": {
            "publishDiagnostics": {
                "relatedInformation": true, "tagSupport": { "valueSet": [1, 2] }, "codeDescriptionSupport": true,
                "dataSupport": true, "versionSupport": true,
            },
            "hover": { "contentFormat": ["markdown", "plaintext"] },
            "codeAction": { "dataSupport": true, "resolveSupport": { "properties": ["edit"] } },
            "codeLens": {},
        },
        "workspace": { "workspaceEdit": { "documentChanges": true }, "codeLens": { "refreshSupport": true } },
    })
}

pub(super) fn uri(dir: &Path, path: &str) -> String {
    format!("file://{}", dir.canonicalize().unwrap().join(path).display())
}

impl Editor {
    /// Starts polcheck in `dir`; nothing was said yet.
    pub(super) fn bare(dir: &Path) -> Self {
        let mut process = command(dir);
        process.args(["lsp", "--stdio"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit());
        let mut process = process.spawn().unwrap();
        let (input, output) = (process.stdin.take(), process.stdout.take().unwrap());
        let (send, messages) = channel();
        std::thread::spawn(move || {
            let mut output = BufReader::new(output);
            while let Some(message) = read(&mut output) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        Self { process, input, messages, last_id: 0, shown: BTreeMap::new(), heard: Vec::new() }
    }

    /// The same with `folders` open.
    pub(super) fn open_with(dir: &Path, folders: &[&Path], capabilities: Value) -> Self {
        let mut editor = Self::bare(dir);
        let folders: Vec<Value> = folders.iter().map(|folder| json!({ "uri": uri(folder, ""), "name": "x" })).collect();
        let params =
            json!({ "processId": null, "rootUri": null, "workspaceFolders": folders, "capabilities": capabilities });
        let answer = editor.ask("initialize", params);
        assert_eq!(answer["capabilities"]["textDocumentSync"]["change"], 2, "{answer}");
        editor.tell("initialized", json!({}));
        editor
    }

    /// The same with `dir` open.
    pub(super) fn in_folder(dir: &Path) -> Self {
        Self::open_with(dir, &[dir], capabilities())
    }

    pub(super) fn send_raw(&mut self, text: &[u8]) {
        let input = self.input.as_mut().unwrap();
        input.write_all(text).unwrap();
        input.flush().unwrap();
    }

    pub(super) fn send(&mut self, message: &Value) {
        let body = message.to_string();
        self.send_raw(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    pub(super) fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request and gives its id.
    pub(super) fn begin(&mut self, method: &str, params: Value) -> i64 {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    /// The next message; what it tells is kept.
    pub(super) fn next(&mut self) -> Option<Value> {
        let message = self.messages.recv_timeout(LONG).ok()?;
        if message.get("method").is_some() {
            if let Some(id) = message.get("id") {
                let answer = json!({ "jsonrpc": "2.0", "id": id, "result": null });
                if self.input.is_some() {
                    self.send(&answer);
                }
            }
            if message["method"] == "textDocument/publishDiagnostics" {
                let params = &message["params"];
                let shown = Shown {
                    version: params["version"].as_i64(),
                    diagnostics: params["diagnostics"].as_array().unwrap().clone(),
                };
                self.shown.insert(params["uri"].as_str().unwrap().to_owned(), shown);
            }
            self.heard.push(message.clone());
        }
        Some(message)
    }

    /// The whole answer to the request `id`.
    pub(super) fn answer(&mut self, id: i64) -> Value {
        loop {
            let message = self.next().unwrap_or_else(|| panic!("no answer to {id}: {:#?}", self.heard));
            if message["id"] == id && message.get("method").is_none() {
                return message;
            }
        }
    }

    /// The result of a request.
    pub(super) fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.begin(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    pub(super) fn open(&mut self, uri: &str, version: i64, text: &str) {
        let language = if uri.ends_with("schema") { "cedarschema" } else { "cedar" };
        let document = json!({ "uri": uri, "languageId": language, "version": version, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces the whole text.
    pub(super) fn replace(&mut self, uri: &str, version: i64, text: &str) {
        self.change(uri, version, json!([{ "text": text }]));
    }

    pub(super) fn change(&mut self, uri: &str, version: i64, changes: Value) {
        let document = json!({ "uri": uri, "version": version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": changes }));
    }

    pub(super) fn close(&mut self, uri: &str) {
        self.tell("textDocument/didClose", json!({ "textDocument": { "uri": uri } }));
    }

    /// The rules of the diagnostics of `uri` that are shown.
    pub(super) fn rules(&self, uri: &str) -> Vec<&str> {
        let all = self.shown.get(uri).into_iter().flat_map(|shown| &shown.diagnostics);
        all.map(|one| one["code"].as_str().unwrap()).collect()
    }

    pub(super) fn version(&self, uri: &str) -> Option<i64> {
        self.shown.get(uri)?.version
    }

    /// Waits until `holds`.
    pub(super) fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        while !holds(self) {
            if self.next().is_none() {
                let shown: Vec<_> = self.shown.iter().map(|(uri, shown)| (uri, &shown.diagnostics)).collect();
                panic!("{what}: {shown:#?}");
            }
        }
    }

    /// Waits until the diagnostics of `uri` are those of `rules`, in order.
    pub(super) fn until_rules(&mut self, uri: &str, rules: &[&str]) {
        self.until(&format!("{uri} {rules:?}"), |editor| editor.shown.contains_key(uri) && editor.rules(uri) == rules);
    }

    /// Asks for what is at the `|` of `text`, the text of the document `uri`; several lines are fine.
    pub(super) fn ask_at(&mut self, method: &str, uri: &str, marked: &str) -> Value {
        let before = &marked[..marked.find('|').unwrap()];
        let position = json!({
            "line": before.matches('\n').count(),
            "character": before.rsplit('\n').next().unwrap().encode_utf16().count(),
        });
        self.ask(method, json!({ "textDocument": { "uri": uri }, "position": position }))
    }

    /// The actions for the first diagnostic of `uri`.
    pub(super) fn actions(&mut self, uri: &str) -> Vec<Value> {
        let diagnostic = self.shown[uri].diagnostics[0].clone();
        let params = json!({
            "textDocument": { "uri": uri }, "range": diagnostic["range"], "context": { "diagnostics": [diagnostic] },
        });
        self.ask("textDocument/codeAction", params).as_array().unwrap().clone()
    }

    /// Leaves as agreed; the exit code.
    pub(super) fn leave(mut self) -> i32 {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        self.gone()
    }

    /// Closes the stream and waits; the exit code.
    pub(super) fn gone(mut self) -> i32 {
        self.input = None;
        self.process.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim() {
            "" => break,
            line => length = line.strip_prefix("Content-Length: ").and_then(|length| length.parse().ok()).or(length),
        }
    }
    let mut body = vec![0; length.expect("a message has a length")];
    output.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("a message is JSON"))
}

/// `text` with `edits` of one document of a workspace edit, which an editor applies all at once.
pub(super) fn applied(text: &str, edit: &Value) -> String {
    let edits = edit["documentChanges"][0]["edits"].as_array().or_else(|| edit.as_array()).unwrap();
    let offset = |position: &Value| {
        let line = position["line"].as_u64().unwrap() as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        let mut units = position["character"].as_u64().unwrap() as usize;
        let mut at = start;
        for c in text[start..].chars() {
            if units == 0 {
                break;
            }
            units -= c.len_utf16();
            at += c.len_utf8();
        }
        at
    };
    let mut all: Vec<(usize, usize, &str)> = edits
        .iter()
        .map(|edit| {
            let range = &edit["range"];
            (offset(&range["start"]), offset(&range["end"]), edit["newText"].as_str().unwrap())
        })
        .collect();
    all.sort();
    let mut made = text.to_owned();
    for (start, end, new) in all.into_iter().rev() {
        made.replace_range(start..end, new);
    }
    made
}
