//! The conversation: what the editor tells and asks, one after the other. What takes time is done elsewhere.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender};

use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::{
    CodeActionParams, CodeLensParams, CompletionParams, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, DocumentFormattingParams, GotoDefinitionParams, HoverParams,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::client::Client;
use super::documents::{Document, Snapshot};
use super::uri::{escape_all, path_of};
use super::wire::Incoming;
use super::work::{Common, Job, Question, Slow, Space};
use crate::repo::is_known;
use crate::run::{Editing, Reading, repository_around};

/// What the conversation is about.
pub(super) enum Event {
    /// The editor said something.
    Incoming(Incoming),
    /// A request has its answer.
    Answer(Response),
    /// The editor is gone.
    End,
}

/// The channels to and from everything else.
pub(super) struct Channels {
    /// What happens.
    pub(super) events: Receiver<Event>,
    /// For those who answer.
    pub(super) answers: Sender<Event>,
    /// Messages to the editor.
    pub(super) out: Sender<Value>,
}

/// How far the conversation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Running,
    ShutDown,
}

/// The workers, once the editor has said what it can do.
struct Workers {
    common: Arc<Common>,
    quick: Sender<Job>,
    slow: Sender<Slow>,
}

/// Starts the two threads.
pub(super) type Start<'s> = &'s dyn Fn(Arc<Common>) -> (Sender<Job>, Sender<Slow>);

/// The server.
pub(super) struct Server<'s> {
    reading: Reading,
    channels: Channels,
    start: Start<'s>,
    stage: Stage,
    workers: Option<Workers>,
    /// The folders that the editor has open, each with its space.
    folders: BTreeMap<String, usize>,
    spaces: BTreeMap<usize, Arc<Space>>,
    next_space: usize,
    documents: BTreeMap<String, Document>,
    generation: u64,
    /// Requests without an answer.
    pending: HashSet<RequestId>,
}

/// What the editor is asked to watch.
const WATCHED: &str = "**/{*.cedar,*.cedarschema,*.cedarguard,*.json,*.yaml,*.yml,*.toml,*.csv,*.tf,cedarschema}";

impl<'s> Server<'s> {
    /// A server that reads as `reading` says, before anybody said anything.
    pub(super) fn new(reading: Reading, channels: Channels, start: Start<'s>) -> Self {
        Self {
            reading,
            channels,
            start,
            stage: Stage::Waiting,
            workers: None,
            folders: BTreeMap::new(),
            spaces: BTreeMap::new(),
            next_space: 0,
            documents: BTreeMap::new(),
            generation: 0,
            pending: HashSet::new(),
        }
    }

    /// Converses until the editor leaves; whether it did so as agreed.
    pub(super) fn run(&mut self) -> bool {
        while let Ok(event) = self.channels.events.recv() {
            match event {
                Event::Incoming(Incoming::Malformed(answer)) => self.send(answer),
                Event::Incoming(Incoming::Message(Message::Request(request))) => self.request(request),
                Event::Incoming(Incoming::Message(Message::Notification(told))) if told.method == "exit" => {
                    return self.stage == Stage::ShutDown;
                }
                Event::Incoming(Incoming::Message(Message::Notification(told))) => self.notification(told),
                // What the editor answers to what it was asked changes nothing.
                Event::Incoming(Incoming::Message(Message::Response(_))) => {}
                Event::Answer(response) => {
                    if self.pending.remove(&response.id) {
                        self.respond(response);
                    }
                }
                Event::End => return false,
            }
        }
        false
    }

    fn send(&self, message: Value) {
        let _ = self.channels.out.send(message);
    }

    fn respond(&self, response: Response) {
        let mut message = serde_json::to_value(response).unwrap_or_default();
        if let Some(fields) = message.as_object_mut() {
            fields.insert("jsonrpc".to_owned(), json!("2.0"));
            // An answer of nothing has a result too.
            if !fields.contains_key("result") && !fields.contains_key("error") {
                fields.insert("result".to_owned(), Value::Null);
            }
        }
        self.send(message);
    }

    fn refuse(&self, id: RequestId, code: ErrorCode, message: impl Into<String>) {
        self.respond(Response::new_err(id, code as i32, message.into()));
    }

    fn request(&mut self, mut request: Request) {
        escape_all(&mut request.params);
        match (self.stage, request.method.as_str()) {
            (Stage::Waiting, "initialize") => self.initialize(request),
            (Stage::Waiting, _) => {
                self.refuse(request.id, ErrorCode::ServerNotInitialized, "`initialize` comes first");
            }
            (Stage::ShutDown, _) => {
                self.refuse(request.id, ErrorCode::InvalidRequest, "`shutdown` was the last request")
            }
            (Stage::Running, "shutdown") => {
                self.stage = Stage::ShutDown;
                self.respond(Response::new_ok(request.id, Value::Null));
            }
            (Stage::Running, "initialize") => {
                self.refuse(request.id, ErrorCode::InvalidRequest, "`initialize` comes once");
            }
            (Stage::Running, _) => self.question(request),
        }
    }

    fn initialize(&mut self, request: Request) {
        let Request { id, params, .. } = request;
        let client = Client::of(params.get("capabilities").unwrap_or(&Value::Null));
        let against = params.pointer("/initializationOptions/against").and_then(Value::as_str).map(str::to_owned);
        let encoding = client.encoding;
        let answers = self.channels.answers.clone();
        let common = Arc::new(Common {
            client,
            against,
            out: self.channels.out.clone(),
            answers: Box::new(move |response| {
                let _ = answers.send(Event::Answer(response));
            }),
        });
        let (quick, slow) = (self.start)(Arc::clone(&common));
        self.workers = Some(Workers { common, quick, slow });
        self.stage = Stage::Running;
        self.respond(Response::new_ok(
            id,
            json!({
                "capabilities": {
                    "positionEncoding": encoding.kind(),
                    "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
                    "hoverProvider": true,
                    "definitionProvider": true,
                    "completionProvider": { "triggerCharacters": [".", ":", "@", "\"", "["] },
                    "codeActionProvider": { "codeActionKinds": ["quickfix"], "resolveProvider": true },
                    "codeLensProvider": { "resolveProvider": false },
                    "documentFormattingProvider": true,
                    "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
                },
                "serverInfo": { "name": "polcheck", "version": env!("CARGO_PKG_VERSION") },
            }),
        ));
        let listed = params.get("workspaceFolders").and_then(Value::as_array);
        let mut folders: Vec<String> =
            listed.into_iter().flatten().filter_map(|folder| uri(folder.get("uri"))).collect();
        if folders.is_empty() {
            folders.extend(uri(params.get("rootUri")));
        }
        for folder in folders {
            self.open_folder(folder);
        }
    }

    fn question(&mut self, request: Request) {
        let Request { id, method, params } = request;
        let read = match method.as_str() {
            "textDocument/hover" => read(params).map(|params: HoverParams| {
                let at = params.text_document_position_params;
                (at.text_document.uri.to_string(), Question::Hover(at.position))
            }),
            "textDocument/definition" => read(params).map(|params: GotoDefinitionParams| {
                let at = params.text_document_position_params;
                (at.text_document.uri.to_string(), Question::Definition(at.position))
            }),
            "textDocument/completion" => read(params).map(|params: CompletionParams| {
                let at = params.text_document_position;
                (at.text_document.uri.to_string(), Question::Completion(at.position))
            }),
            "textDocument/codeAction" => read(params).map(|params: CodeActionParams| {
                (params.text_document.uri.to_string(), Question::Actions(Box::new(params)))
            }),
            "codeAction/resolve" => match params.pointer("/data/uri").and_then(Value::as_str) {
                Some(uri) => Ok((uri.to_owned(), Question::Resolve(Box::new(params)))),
                // It has its edits already.
                None => return self.respond(Response::new_ok(id, params)),
            },
            "textDocument/codeLens" => {
                read(params).map(|params: CodeLensParams| (params.text_document.uri.to_string(), Question::Lenses))
            }
            "textDocument/formatting" => read(params)
                .map(|params: DocumentFormattingParams| (params.text_document.uri.to_string(), Question::Formatting)),
            _ => {
                return self.refuse(id, ErrorCode::MethodNotFound, format!("`{method}` is not known here"));
            }
        };
        let (uri, question) = match read {
            Ok(read) => read,
            Err(why) => return self.refuse(id, ErrorCode::InvalidParams, why),
        };
        let Some(document) = self.documents.get(&uri) else {
            return self.respond(Response::new_ok(id, Value::Null));
        };
        let (Some(space), Some(workers)) = (self.spaces.get(&document.space), &self.workers) else {
            return self.respond(Response::new_ok(id, Value::Null));
        };
        if !self.pending.insert(id.clone()) {
            return self.refuse(id, ErrorCode::InvalidRequest, "another request has this id and no answer yet");
        }
        let (space, document) = (Arc::clone(space), Arc::new(document.clone()));
        let snapshot = self.snapshot(&space);
        let _ = workers.quick.send(Job::Ask(id, question, space, snapshot, document));
    }

    fn notification(&mut self, mut told: Notification) {
        escape_all(&mut told.params);
        if self.stage != Stage::Running {
            return;
        }
        let params = told.params;
        match told.method.as_str() {
            "initialized" => self.watch_files(),
            "$/cancelRequest" => {
                let id = params.get("id").and_then(|id| serde_json::from_value::<RequestId>(id.clone()).ok());
                if let Some(id) = id.filter(|id| self.pending.remove(id)) {
                    self.refuse(id, ErrorCode::RequestCanceled, "cancelled");
                }
            }
            "textDocument/didOpen" => {
                if let Ok(DidOpenTextDocumentParams { text_document: opened }) = read(params) {
                    self.open(opened.uri.to_string(), &opened.language_id, opened.version, &opened.text);
                }
            }
            "textDocument/didChange" => {
                if let Ok(DidChangeTextDocumentParams { text_document, content_changes }) = read(params) {
                    let encoding = self.workers.as_ref().map(|workers| workers.common.client.encoding);
                    let uri = text_document.uri.to_string();
                    if let Some(document) = self.documents.get_mut(&uri) {
                        document.version = text_document.version;
                        document.change(content_changes, encoding.unwrap_or_default());
                        self.changed_document(&uri);
                    }
                }
            }
            "textDocument/didSave" => {
                let uri = uri(params.pointer("/textDocument/uri")).unwrap_or_default();
                self.on_disk(&BTreeSet::from([uri]));
            }
            "textDocument/didClose" => {
                if let Ok(DidCloseTextDocumentParams { text_document }) = read(params) {
                    self.close(text_document.uri.as_str());
                }
            }
            "workspace/didChangeWatchedFiles" => {
                let changes = params.get("changes").and_then(Value::as_array);
                let uris = changes.into_iter().flatten().filter_map(|change| uri(change.get("uri"))).collect();
                self.on_disk(&uris);
            }
            "workspace/didChangeWorkspaceFolders" => {
                let list = |key: &str| -> Vec<String> {
                    let all = params.pointer(key).and_then(Value::as_array).into_iter().flatten();
                    all.filter_map(|folder| uri(folder.get("uri"))).collect()
                };
                for folder in list("/event/removed") {
                    self.close_folder(&folder);
                }
                for folder in list("/event/added") {
                    self.open_folder(folder);
                }
            }
            _ => {}
        }
    }

    fn watch_files(&self) {
        let Some(workers) = self.workers.as_ref().filter(|workers| workers.common.client.watches) else { return };
        let watchers = json!([{ "globPattern": WATCHED }, { "globPattern": "**/.git/{HEAD,index}" }]);
        let registration = json!({
            "id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": { "watchers": watchers },
        });
        let _ = workers.common.out.send(json!({
            "jsonrpc": "2.0", "id": "watch", "method": "client/registerCapability",
            "params": { "registrations": [registration] },
        }));
    }

    fn open_folder(&mut self, folder: String) {
        let Some(path) = path_of(&folder).filter(|path| path.is_dir()) else { return };
        if self.folders.contains_key(&folder) {
            return;
        }
        // A folder inside of one that is open is open already.
        let inside = |space: &Space| {
            !space.only_open && space.editing.relative(&path).is_some_and(|inside| space.editing.covers(&inside))
        };
        if self.spaces.values().any(|space| inside(space)) {
            return;
        }
        if let Some(number) = self.add_space(&path, false) {
            self.folders.insert(folder, number);
            self.move_documents();
            self.changed(&[number]);
        }
    }

    fn close_folder(&mut self, folder: &str) {
        let Some(number) = self.folders.remove(folder) else { return };
        self.drop_space(number);
        self.move_documents();
    }

    /// Opens the repository around the folder at `path`.
    fn add_space(&mut self, path: &Path, only_open: bool) -> Option<usize> {
        let reading = Reading { directory: Some(path.to_path_buf()), paths: Vec::new(), ..self.reading.clone() };
        match Editing::open(reading) {
            Ok(editing) => Some(self.keep_space(editing, only_open)),
            Err(error) => {
                let shown = path.display().to_string();
                let message = format!("cannot open `{}`: {error}", crate::text::inline(&shown));
                self.send(json!({ "jsonrpc": "2.0", "method": "window/logMessage", "params": { "type": 1, "message": message } }));
                None
            }
        }
    }

    fn keep_space(&mut self, editing: Editing, only_open: bool) -> usize {
        let number = self.next_space;
        self.next_space += 1;
        let space = Space { number, editing, only_open, newest: AtomicU64::new(0) };
        self.spaces.insert(number, Arc::new(space));
        number
    }

    fn drop_space(&mut self, number: usize) {
        self.spaces.remove(&number);
        if let Some(workers) = &self.workers {
            let _ = workers.slow.send(Slow::Gone(number));
            let _ = workers.quick.send(Job::Gone(number));
        }
    }

    /// The space that the file at `path` belongs to, and its path there: the innermost folder that the editor has open,
    /// else the repository around it.
    fn home(&mut self, path: &Path) -> Option<(usize, String)> {
        let find = |only_open: bool, spaces: &BTreeMap<usize, Arc<Space>>| {
            let fits = |space: &Arc<Space>| {
                let inside = space.editing.relative(path)?;
                let fits = space.only_open == only_open && (only_open || space.editing.covers(&inside));
                fits.then(|| (space.editing.root().components().count(), space.number, inside))
            };
            spaces.values().filter_map(fits).max().map(|(_, number, inside)| (number, inside))
        };
        if let Some(found) = find(false, &self.spaces).or_else(|| find(true, &self.spaces)) {
            return Some(found);
        }
        let number = self.add_space(&repository_around(path)?, true)?;
        let inside = self.spaces.get(&number)?.editing.relative(path);
        if inside.is_none() {
            self.drop_space(number);
        }
        inside.map(|inside| (number, inside))
    }

    fn open(&mut self, uri: String, language: &str, version: i32, text: &str) {
        let path = path_of(&uri);
        let home = path.as_ref().and_then(|path| self.home(path));
        let (space, path) = home.unwrap_or_else(|| {
            let editing = Editing::apart(Reading { directory: None, ..self.reading.clone() });
            (self.keep_space(editing, true), name_of(&uri, language))
        });
        let document = Document { uri: uri.clone(), space, path, version, text: text.into() };
        self.documents.insert(uri.clone(), document);
        self.changed_document(&uri);
    }

    fn close(&mut self, uri: &str) {
        let Some(document) = self.documents.remove(uri) else { return };
        let apart = self.spaces.get(&document.space).is_some_and(|space| space.editing.root() == Path::new(""));
        if apart {
            self.drop_space(document.space);
            return;
        }
        self.changed(&self.around(&document));
    }

    /// The spaces that the text of `document` belongs to: its own, and others over the same files.
    fn around(&self, document: &Document) -> Vec<usize> {
        let path = path_of(&document.uri);
        let holds = |space: &&Arc<Space>| {
            space.number == document.space || path.as_ref().is_some_and(|path| space.editing.relative(path).is_some())
        };
        self.spaces.values().filter(holds).map(|space| space.number).collect()
    }

    /// Finds the spaces of open documents anew.
    fn move_documents(&mut self) {
        let paths: Vec<(String, PathBuf)> =
            self.documents.keys().filter_map(|uri| Some((uri.clone(), path_of(uri)?))).collect();
        let mut touched = BTreeSet::new();
        for (uri, path) in paths {
            let Some((space, inside)) = self.home(&path) else { continue };
            if let Some(document) = self.documents.get_mut(&uri).filter(|document| document.space != space) {
                touched.extend([document.space, space]);
                document.space = space;
                document.path = inside;
            }
        }
        self.changed(&touched.into_iter().collect::<Vec<_>>());
    }

    fn changed_document(&mut self, uri: &str) {
        let Some(document) = self.documents.get(uri) else { return };
        let around = self.around(document);
        self.changed(&around);
    }

    /// Has the spaces looked at.
    fn changed(&mut self, spaces: &[usize]) {
        self.generation += 1;
        let Some(workers) = &self.workers else { return };
        for space in spaces.iter().filter_map(|number| self.spaces.get(number)) {
            space.newest.store(self.generation, Ordering::Release);
            let _ = workers.quick.send(Job::Changed(Arc::clone(space), self.snapshot(space)));
        }
    }

    /// What lies on the disk changed, at these URIs.
    fn on_disk(&mut self, uris: &BTreeSet<String>) {
        let paths: Vec<PathBuf> = uris.iter().filter_map(|uri| path_of(uri)).collect();
        let holds = |space: &&Arc<Space>| paths.iter().any(|path| space.editing.relative(path).is_some());
        let touched: Vec<usize> = self.spaces.values().filter(holds).map(|space| space.number).collect();
        for space in touched.iter().filter_map(|number| self.spaces.get(number)) {
            space.editing.forget();
        }
        self.changed(&touched);
    }

    /// The open texts of `space`.
    fn snapshot(&self, space: &Arc<Space>) -> Arc<Snapshot> {
        let inside = |document: &Document| {
            if document.space == space.number {
                return Some(document.path.clone());
            }
            space.editing.relative(&path_of(&document.uri)?)
        };
        let documents = self.documents.values();
        let documents =
            documents.filter_map(|document| Some((inside(document)?, Arc::new(document.clone())))).collect();
        Arc::new(Snapshot { generation: space.newest.load(Ordering::Acquire), documents })
    }
}

/// What a text that belongs to no repository is called: by its URI, or by its language where that says nothing.
fn name_of(uri: &str, language: &str) -> String {
    let last = uri.rsplit(['/', ':']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| c.is_alphanumeric() || "-_.".contains(*c)).collect();
    let name = if name.trim_matches('.').is_empty() { "untitled".to_owned() } else { name };
    match language {
        _ if is_known(&name) => name,
        "cedarschema" => format!("{name}.cedarschema"),
        "cedar" => format!("{name}.cedar"),
        _ => name,
    }
}

fn uri(value: Option<&Value>) -> Option<String> {
    value.and_then(Value::as_str).map(str::to_owned)
}

fn read<T: DeserializeOwned>(params: Value) -> Result<T, String> {
    serde_json::from_value(params).map_err(|error| format!("the parameters are wrong: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_without_a_file_are_called_by_what_they_hold() {
        for (uri, language, name) in [
            ("untitled:Untitled-1", "cedar", "Untitled-1.cedar"),
            ("untitled:Untitled-1", "cedarschema", "Untitled-1.cedarschema"),
            ("file:///tmp/x.cedar", "plaintext", "x.cedar"),
            ("untitled:", "cedar", "untitled.cedar"),
            ("vscode:/..", "cedar", "untitled.cedar"),
            ("x:readme", "markdown", "readme"),
        ] {
            assert_eq!(name_of(uri, language), name, "{uri}");
        }
    }
}
