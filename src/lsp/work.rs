//! What takes time, on two threads: a quick one that looks at once and answers, and a slow one that proves.
//!
//! # Why
//!
//! Each has threads of its own to spread work over, so that what somebody waits for never stands behind a proof. Of
//! several states of the same repository only the newest is looked at. A whole look cannot be stopped; what it found of
//! a state that is not the newest any more is carried over to the one that is (`Editing::glance`).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use lsp_server::{ErrorCode, RequestId, Response};
use lsp_types::{CodeActionParams, Position};
use rayon::ThreadPool;
use serde_json::{Value, json};

use super::actions::actions;
use super::client::Client;
use super::completion::completion;
use super::definition::definition;
use super::diagnostics::{Places, diagnostics};
use super::documents::{Document, Snapshot};
use super::formatting::formatting;
use super::hover::hover;
use super::lens::{Since, lenses};
use super::positions::Lines;
use super::view::{GoodSchemas, View};
use crate::finding::Finding;
use crate::outcome::Weight;
use crate::repo::SchemaState;
use crate::run::{Editing, Look};

/// So long nothing may have changed before a whole look, at most; no longer than the last one took.
const LONGEST_PAUSE: Duration = Duration::from_millis(400);
/// So often in a row a look is not shown because there is something newer.
const MOST_PASSED_OVER: usize = 5;

/// A repository that the editor has open.
pub(super) struct Space {
    /// Its number.
    pub(super) number: usize,
    /// What it is.
    pub(super) editing: Editing,
    /// Whether diagnostics are shown of open documents only: nobody has opened the folder.
    pub(super) only_open: bool,
    /// The number of its newest state.
    pub(super) newest: AtomicU64,
}

impl Space {
    fn has_newer(&self, snapshot: &Snapshot) -> bool {
        self.newest.load(Ordering::Acquire) > snapshot.generation
    }
}

/// What all threads know.
pub(super) struct Common {
    /// The editor.
    pub(super) client: Client,
    /// The branch that changes are compared with; the usual ones where it is not said.
    pub(super) against: Option<String>,
    /// Messages to the editor.
    pub(super) out: Sender<Value>,
    /// Answers to its requests, which it may have cancelled meanwhile.
    pub(super) answers: Box<dyn Fn(Response) + Send + Sync>,
}

impl Common {
    /// Tells the editor something.
    pub(super) fn notify(&self, method: &str, params: Value) {
        // Nobody listens any more once the editor is gone.
        let _ = self.out.send(json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    fn log(&self, level: i32, message: &str) {
        self.notify("window/logMessage", json!({ "type": level, "message": message }));
    }
}

/// A question about a document.
#[derive(Debug)]
pub(super) enum Question {
    /// What stands there.
    Hover(Position),
    /// Where it is declared.
    Definition(Position),
    /// What may be typed there.
    Completion(Position),
    /// What can be done.
    Actions(Box<CodeActionParams>),
    /// The edits of an action, which names a finding.
    Resolve(Box<Value>),
    /// Lenses.
    Lenses,
    /// How it is laid out.
    Formatting,
}

/// What the quick thread is to do.
pub(super) enum Job {
    /// Look at a new state.
    Changed(Arc<Space>, Arc<Snapshot>),
    /// Take over a whole look.
    Whole(Arc<Space>, Arc<Whole>),
    /// Answer.
    Ask(RequestId, Question, Arc<Space>, Arc<Snapshot>, Arc<Document>),
    /// Forget a space.
    Gone(usize),
}

/// What the slow thread is to do.
pub(super) enum Slow {
    /// Look at all of a state.
    Look(Arc<Space>, Arc<Snapshot>),
    /// Find out whether a finding may be mended, and give the action with its edits.
    Mend(RequestId, Box<Finding>, Box<Value>, Arc<Space>, Arc<Snapshot>),
    /// Forget a space.
    Gone(usize),
}

/// A whole look, and what it was at.
pub(super) struct Whole {
    generation: u64,
    look: Arc<Look>,
    since: Option<Arc<Since>>,
}

/// What the quick thread knows of a space.
#[derive(Default)]
struct Known {
    /// The newest state.
    snapshot: Arc<Snapshot>,
    /// What was found, and of which state.
    look: Option<(u64, Arc<Look>)>,
    whole: Option<Arc<Whole>>,
    /// The diagnostics that are shown, by URI.
    shown: HashMap<String, String>,
    schemas: GoodSchemas,
    /// What was said.
    said: BTreeSet<String>,
    passed_over: usize,
}

/// Answers and looks until nobody asks any more.
pub(super) fn quick(common: &Common, jobs: &Receiver<Job>, slow: &Sender<Slow>, pool: &ThreadPool) {
    let mut known: HashMap<usize, Known> = HashMap::new();
    while let Ok(job) = jobs.recv() {
        let id = if let Job::Ask(id, ..) = &job { Some(id.clone()) } else { None };
        let step = || pool.install(|| perform(common, job, &mut known, slow));
        if catch_unwind(AssertUnwindSafe(step)).is_err() {
            failed(common, id);
        }
    }
}

fn failed(common: &Common, id: Option<RequestId>) {
    let message = "internal error; please report it with the files that cause it";
    common.log(1, message);
    if let Some(id) = id {
        (common.answers)(Response::new_err(id, ErrorCode::InternalError as i32, message.to_owned()));
    }
}

fn perform(common: &Common, job: Job, known: &mut HashMap<usize, Known>, slow: &Sender<Slow>) {
    match job {
        Job::Changed(space, snapshot) => {
            let known = known.entry(space.number).or_default();
            known.snapshot = Arc::clone(&snapshot);
            if space.has_newer(&snapshot) {
                return;
            }
            known.look_at(common, &space, &snapshot);
            if space.has_newer(&snapshot) && known.passed_over < MOST_PASSED_OVER {
                known.passed_over += 1;
            } else {
                known.passed_over = 0;
                known.show(common, &space, &snapshot);
            }
            let _ = slow.send(Slow::Look(space, snapshot));
        }
        Job::Whole(space, whole) => {
            let known = known.entry(space.number).or_default();
            known.whole = Some(Arc::clone(&whole));
            let snapshot = Arc::clone(&known.snapshot);
            if whole.generation == snapshot.generation {
                known.take(&whole.look, whole.generation);
            } else {
                known.look = None;
                known.look_at(common, &space, &snapshot);
            }
            known.show(common, &space, &snapshot);
            if common.client.refreshes_lenses {
                let id = format!("lenses-{}-{}", space.number, whole.generation);
                let _ = common.out.send(json!({ "jsonrpc": "2.0", "id": id, "method": "workspace/codeLens/refresh" }));
            }
        }
        Job::Ask(id, question, space, snapshot, document) => {
            let known = known.entry(space.number).or_default();
            // What may be typed hangs on the schema, and what is typed need not be looked at for that.
            let fresh = !matches!(question, Question::Completion(_));
            let stale = known.look.as_ref().is_none_or(|(at, _)| fresh && *at < snapshot.generation);
            if stale {
                known.look_at(common, &space, &snapshot);
            }
            answer(common, known, (id, question), &space, &snapshot, &document, slow);
        }
        Job::Gone(number) => {
            for uri in known.remove(&number).into_iter().flat_map(|known| known.shown.into_keys()) {
                publish(common, &uri, None, "[]");
            }
        }
    }
}

/// `diagnostics` are JSON already.
fn publish(common: &Common, uri: &str, version: Option<i32>, diagnostics: &str) {
    let diagnostics: Value = serde_json::from_str(diagnostics).unwrap_or_default();
    let mut params = json!({ "uri": uri, "diagnostics": diagnostics });
    if let (Some(version), Some(fields)) = (version, params.as_object_mut()) {
        fields.insert("version".to_owned(), json!(version));
    }
    common.notify("textDocument/publishDiagnostics", params);
}

impl Known {
    fn look_at(&mut self, common: &Common, space: &Space, snapshot: &Snapshot) {
        let last = self.whole.as_ref().map(|whole| &*whole.look);
        match space.editing.glance(&snapshot.unsaved(), last) {
            Ok(look) => self.take(&Arc::new(look), snapshot.generation),
            Err(error) => self.say(common, 1, &error.to_string()),
        }
    }

    fn take(&mut self, look: &Arc<Look>, generation: u64) {
        for store in &look.repo.stores {
            if let SchemaState::Ready(schema) = &store.schema {
                self.schemas.insert(store.name.clone(), Arc::clone(schema));
            }
        }
        self.look = Some((generation, Arc::clone(look)));
    }

    fn say(&mut self, common: &Common, level: i32, message: &str) {
        if self.said.insert(message.to_owned()) {
            common.log(level, message);
        }
    }

    /// Shows the diagnostics of the last look, which was at `snapshot`, where they differ from what is shown.
    fn show(&mut self, common: &Common, space: &Space, snapshot: &Snapshot) {
        let Some((_, look)) = self.look.clone() else { return };
        for notice in &look.outcome.notices {
            if notice.location.is_none() && matches!(notice.kind.weight(), Weight::Inconclusive | Weight::Unchecked) {
                self.say(common, 3, &notice.message);
            }
        }
        let mut places = Places::new(&space.editing, snapshot, &common.client);
        let mut now: BTreeMap<String, (Option<i32>, Vec<Value>)> = BTreeMap::new();
        for document in snapshot.documents.values().filter(|document| document.space == space.number) {
            now.insert(document.uri.clone(), (Some(document.version), Vec::new()));
        }
        for (path, found) in diagnostics(&look, &mut places) {
            let elsewhere = snapshot.documents.get(path).is_some_and(|document| document.space != space.number);
            let uri = places.uri(path);
            let closed = !now.contains_key(&uri) && (space.only_open || !space.editing.covers(path));
            if !elsewhere && !closed {
                now.entry(uri).or_default().1 = found;
            }
        }
        let mut gone: Vec<String> = self.shown.keys().filter(|uri| !now.contains_key(*uri)).cloned().collect();
        gone.sort();
        for uri in gone {
            self.shown.remove(&uri);
            publish(common, &uri, None, "[]");
        }
        for (uri, (version, found)) in now {
            let found = Value::Array(found).to_string();
            let key = format!("{version:?} {found}");
            if self.shown.get(&uri) != Some(&key) {
                publish(common, &uri, version, &found);
                self.shown.insert(uri, key);
            }
        }
    }
}

fn answer(
    common: &Common,
    known: &Known,
    (id, question): (RequestId, Question),
    space: &Arc<Space>,
    snapshot: &Arc<Snapshot>,
    document: &Document,
    slow: &Sender<Slow>,
) {
    let Some((_, look)) = &known.look else {
        let message = "the repository cannot be read".to_owned();
        return (common.answers)(Response::new_err(id, ErrorCode::RequestFailed as i32, message));
    };
    let path = snapshot.documents.iter().find(|(_, one)| one.uri == document.uri).map(|(path, _)| path.as_str());
    let view = View {
        editing: &space.editing,
        snapshot,
        document,
        path: path.unwrap_or(&document.path),
        look,
        schemas: &known.schemas,
        client: &common.client,
    };
    let offset = |position| Lines::new(&document.text, common.client.encoding).offset(position);
    let value = match question {
        Question::Hover(position) => json!(hover(&view, offset(position))),
        Question::Definition(position) => json!(definition(&view, offset(position))),
        Question::Completion(position) => {
            json!({ "isIncomplete": false, "items": completion(&view, offset(position)) })
        }
        Question::Lenses => {
            let whole = known.whole.as_deref();
            let mut places = Places::new(&space.editing, snapshot, &common.client);
            let since = whole.and_then(|whole| whole.since.as_deref());
            json!(lenses(view.path, look, whole.map(|whole| &*whole.look), since, &mut places))
        }
        Question::Formatting => match formatting(&view) {
            Ok(edits) => json!(edits),
            Err(why) => {
                common.log(2, &format!("{}: left as it is: {why}", crate::text::inline(view.path)));
                Value::Null
            }
        },
        Question::Actions(params) => json!(offered(&view, &params)),
        Question::Resolve(action) => {
            let wanted = action.pointer("/data/fingerprint").and_then(Value::as_str);
            let mut findings = look.outcome.findings.iter();
            match findings.find(|finding| Some(finding.fingerprint.as_str()) == wanted && finding.fix.is_some()) {
                Some(finding) => {
                    let finding = Box::new(finding.clone());
                    let _ = slow.send(Slow::Mend(id, finding, action, Arc::clone(space), Arc::clone(snapshot)));
                }
                None => {
                    let message = "what the action mends is not there any more".to_owned();
                    (common.answers)(Response::new_err(id, ErrorCode::ContentModified as i32, message));
                }
            }
            return;
        }
    };
    (common.answers)(Response::new_ok(id, value));
}

/// The actions as the protocol has them: with edits where these are sure, or where the editor cannot ask for them; then
/// those that would change a decision are left out.
fn offered(view: &View<'_>, params: &CodeActionParams) -> Vec<Value> {
    let mut all = Vec::new();
    for one in actions(view, params.range, params.context.only.as_deref()) {
        let mut action = json!(one.action);
        let Some(fields) = action.as_object_mut() else { continue };
        if let Some(finding) = one.mends {
            let diagnostics = params.context.diagnostics.iter().filter(|shown| {
                let named = |code: &lsp_types::NumberOrString| {
                    matches!(code, lsp_types::NumberOrString::String(code) if code == finding.rule)
                };
                shown.code.as_ref().is_some_and(named)
            });
            fields.insert("diagnostics".to_owned(), json!(diagnostics.collect::<Vec<_>>()));
            if view.client.resolves_edits {
                let data = json!({ "uri": view.document.uri, "fingerprint": finding.fingerprint });
                fields.insert("data".to_owned(), data);
                all.push(action);
                continue;
            }
            if !matches!(view.editing.may_mend(&view.snapshot.unsaved(), finding), Ok(Ok(()))) {
                continue;
            }
        }
        fields.insert("edit".to_owned(), one.edit);
        all.push(action);
    }
    all
}

/// Looks at all of the newest states once nothing changes, and proves fixes, until nobody asks any more.
pub(super) fn slow(common: &Common, jobs: &Receiver<Slow>, quick: &Sender<Job>, pool: &ThreadPool) {
    let mut waiting: BTreeMap<usize, (Arc<Space>, Arc<Snapshot>)> = BTreeMap::new();
    let mut looked: HashMap<usize, u64> = HashMap::new();
    let mut took = Duration::ZERO;
    loop {
        let job = if waiting.is_empty() {
            jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            jobs.recv_timeout(took.min(LONGEST_PAUSE))
        };
        match job {
            Err(RecvTimeoutError::Disconnected) => return,
            Ok(Slow::Look(space, snapshot)) => {
                waiting.insert(space.number, (space, snapshot));
            }
            Ok(Slow::Gone(number)) => {
                waiting.remove(&number);
            }
            Ok(Slow::Mend(id, finding, action, space, snapshot)) => {
                let step = || pool.install(|| mend(common, id.clone(), &finding, *action, &space, &snapshot));
                if catch_unwind(AssertUnwindSafe(step)).is_err() {
                    failed(common, Some(id));
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                let Some((number, (space, snapshot))) = waiting.pop_first() else { continue };
                let started = Instant::now();
                // The editor may not tell what changes on the disk.
                if looked.insert(number, snapshot.generation).is_some() {
                    space.editing.forget();
                }
                let step = || pool.install(|| look(common, &space, &snapshot, quick));
                let done = catch_unwind(AssertUnwindSafe(step));
                took = started.elapsed();
                let Ok(whole) = done else {
                    failed(common, None);
                    continue;
                };
                // What changed since is asked once nothing else is to be done.
                let step = || pool.install(|| compare(common, &space, &snapshot, whole, quick));
                if common.client.lenses && waiting.is_empty() && catch_unwind(AssertUnwindSafe(step)).is_err() {
                    failed(common, None);
                }
            }
        }
    }
}

fn look(common: &Common, space: &Arc<Space>, snapshot: &Snapshot, quick: &Sender<Job>) -> Option<Arc<Look>> {
    match space.editing.look(&snapshot.unsaved()) {
        Ok(look) => {
            let look = Arc::new(look);
            let whole = Whole { generation: snapshot.generation, look: Arc::clone(&look), since: None };
            let _ = quick.send(Job::Whole(Arc::clone(space), Arc::new(whole)));
            Some(look)
        }
        Err(error) => {
            common.log(1, &error.to_string());
            None
        }
    }
}

/// Finds out what changed since the branch that changes are compared with, where git can say.
fn compare(common: &Common, space: &Arc<Space>, snapshot: &Snapshot, look: Option<Arc<Look>>, quick: &Sender<Job>) {
    let Some(look) = look else { return };
    let Some((label, commit)) = space.editing.base(common.against.as_deref()) else { return };
    let Ok(Some(comparison)) = space.editing.compare(&snapshot.unsaved(), &commit) else { return };
    let since = Some(Arc::new(Since::of(&comparison, &label)));
    let whole = Whole { generation: snapshot.generation, look, since };
    let _ = quick.send(Job::Whole(Arc::clone(space), Arc::new(whole)));
}

fn mend(common: &Common, id: RequestId, finding: &Finding, mut action: Value, space: &Space, snapshot: &Snapshot) {
    let refused = |why: &str| {
        let message = format!("{}: {why}", finding.rule);
        Response::new_err(id.clone(), ErrorCode::RequestFailed as i32, message)
    };
    let response = match space.editing.may_mend(&snapshot.unsaved(), finding) {
        Err(error) => refused(&error.to_string()),
        Ok(Err(why)) => refused(&format!("not mended: {why}")),
        Ok(Ok(())) => {
            let edit = super::actions::edit_of(finding, &space.editing, snapshot, &common.client);
            if let Some(fields) = action.as_object_mut() {
                fields.insert("edit".to_owned(), edit);
            }
            Response::new_ok(id, action)
        }
    };
    (common.answers)(response);
}
