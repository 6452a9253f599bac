//! Runs tables: stores, tables and rows in parallel, results in the order of files and rows.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use cedar_policy::{Entities, EntityUid, Request, Response};
use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde_json::value::RawValue;

use super::compare::{expected, got, mismatches, wrong_people};
use super::coverage::{Counts, Gauge, Plan};
use super::forms;
use super::lesson::{Asked, lesson, named};
use super::names::{CELL, Name, Names};
use super::own::{self, Sheets, Spec, Specs, Vocabulary};
use super::request::Requests;
use super::rows::{Content, Errors, Found, Row, RowContext, RowEntities, Who};
use super::select::{About, Selection, Stop};
use super::uid::meant;
use crate::decide::Index;
use crate::finding::{Finding, Level};
use crate::outcome::{Decision, Expected, PolicyError, RowFault, RowRequest, Status, TestResult};
use crate::repo::json::{JsonError, Node};
use crate::repo::tree::Fault;
use crate::repo::{Repo, SchemaState, Store, TEST_MISMATCH, Table, TableForm};
use crate::text::{Location, Span, inline};
use crate::trace::Tracer;

/// How many entries of a table are read before they run.
const BATCH: usize = 8192;

/// How many entities that are not there are looked at: where so many are, it is meant so.
const STRANGERS: usize = 200;

/// What running tables came to.
#[derive(Debug, Default)]
pub struct Ran {
    /// A result for every row that was asked for, in the order of files and rows.
    pub rows: Vec<TestResult>,
    /// How many rows passed and are not among them, because results are wanted in brief.
    pub passed: usize,
    /// Files that are no table, or only in part.
    pub findings: Vec<Finding>,
    /// How many rows were not asked for.
    pub left_out: usize,
    /// Whether rows were left unrun after a failure.
    pub stopped: bool,
}

/// Runs the rows of every table of every store that `selection` asks for. Rows that cannot run are results too; a file that
/// is no table is a finding. `gauge`, made of the same repository, counts what the rows exercise.
#[must_use]
pub fn run(repo: &Repo, selection: &Selection, gauge: Option<&Gauge<'_>>) -> Ran {
    let stop = Stop::new();
    let one = |shared: &Ready<'_>, table: &Table| {
        if stop.now() {
            return Ran { stopped: true, ..Ran::default() };
        }
        let names = Names::new(table);
        Run { ready: shared, table, selection, gauge, stop: &stop, names, ran: Ran::default() }.run()
    };
    let with_tables = |store: &&Store| !store.tables.is_empty();
    let ran: Vec<Vec<Ran>> = if selection.fail_fast {
        // To stop at the first failure says something only when all before it has run.
        let stores = repo.stores.iter().filter(with_tables);
        stores
            .map(|store| {
                let ready = Ready::new(store, gauge);
                store.tables.iter().map(|table| one(&ready, table)).collect()
            })
            .collect()
    } else {
        let stores = repo.stores.par_iter().filter(with_tables);
        stores
            .map(|store| {
                let ready = Ready::new(store, gauge);
                store.tables.par_iter().map(|table| one(&ready, table)).collect()
            })
            .collect()
    };
    let mut all = Ran::default();
    for ran in ran.into_iter().flatten() {
        all.rows.extend(ran.rows);
        all.findings.extend(ran.findings);
        all.passed += ran.passed;
        all.left_out += ran.left_out;
        all.stopped |= ran.stopped;
    }
    all
}

/// A store made ready for rows.
struct Ready<'s> {
    store: &'s Store,
    index: Index,
    vocabulary: OnceLock<Vocabulary>,
    /// Made for the first row that fails.
    tracer: OnceLock<Tracer>,
    /// Where to count what rows exercise, if that was asked for.
    plan: Option<&'s Plan<'s>>,
    /// Why no row of this store can be decided, if so.
    blocked: Option<Fault>,
}

impl Ran {
    /// What rows show and do not fail for, each once, with the first row that shows it.
    #[must_use]
    pub fn remarks(&self) -> Vec<String> {
        let mut said: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
        for row in &self.rows {
            for note in &row.notes {
                said.entry(note).or_insert((0, &row.id)).0 += 1;
            }
        }
        let remark = |(note, (count, first)): (&str, (usize, &str))| match count {
            1 => format!("{note} ({})", inline(first)),
            count => format!("{note} ({count} rows, such as {})", inline(first)),
        };
        said.into_iter().map(remark).collect()
    }
}

impl<'s> Ready<'s> {
    fn new(store: &'s Store, gauge: Option<&'s Gauge<'s>>) -> Self {
        let blocked = if let Some(path) = store.broken.first() {
            let message = format!("`{}` does not load whole, so what these policies decide is not known", inline(path));
            Some(Fault::new(message))
        } else if matches!(store.schema, SchemaState::Broken) {
            Some(Fault::new("the store's schema cannot be used, so the row cannot be checked against it"))
        } else {
            None
        };
        Self {
            store,
            index: Index::new(&store.set),
            vocabulary: OnceLock::new(),
            tracer: OnceLock::new(),
            plan: gauge.and_then(|gauge| gauge.plan(store)),
            blocked,
        }
    }

    fn tracer(&self) -> &Tracer {
        self.tracer.get_or_init(|| Tracer::new(&self.store.set))
    }
}

/// One table on its way.
struct Run<'r> {
    ready: &'r Ready<'r>,
    table: &'r Table,
    selection: &'r Selection,
    gauge: Option<&'r Gauge<'r>>,
    stop: &'r Stop,
    names: Names<'r>,
    ran: Ran,
}

impl Run<'_> {
    fn run(self) -> Ran {
        match self.table.form {
            TableForm::Yaml => {
                let opened = own::yaml(self.table.file.text());
                self.own(opened)
            }
            TableForm::Csv => {
                let text = self.table.file.parse_text();
                let opened = own::csv(&text);
                self.own(opened)
            }
            TableForm::RunTests | TableForm::Request { .. } | TableForm::Integration | TableForm::Malformed => {
                self.json()
            }
        }
    }

    /// Runs a table in one of the forms of others.
    fn json(mut self) -> Ran {
        let table = self.table;
        let text = table.file.parse_text();
        let mut rows = match read_rows(table, &text) {
            Ok(rows) => rows,
            Err(error) => {
                self.finding(forms::malformed(error));
                return self.ran;
            }
        };
        let own = match &table.own_store {
            Some(Ok(store)) => Some(Ready::new(store, self.gauge)),
            Some(Err(why)) => {
                let fault = Fault::new(format!("the store of this test cannot be used: {}", inline(why)));
                rows.iter_mut().for_each(|row| row.content = Err(vec![fault.clone()]));
                None
            }
            None => None,
        };
        let named: Vec<_> = rows.into_iter().map(|row| (self.names.json(row.name.as_deref()), row)).collect();
        let ready = own.as_ref().unwrap_or(self.ready);
        let selection = self.selection;
        let results = shares(named, |share| {
            let mut worker = Worker::new(ready, table, selection);
            let results = share.into_iter().map(|(id, found)| worker.row(&found, &id)).collect();
            worker.done();
            results
        });
        self.take(results);
        self.ran
    }

    /// Runs one of our own tables, a batch at a time, so that a long one never stands in memory whole.
    fn own(mut self, opened: Result<own::Opened<'_>, Fault>) -> Ran {
        let own::Opened { sheet, mut specs, mut faults } = match opened {
            Ok(opened) => opened,
            Err(fault) => {
                self.finding(fault);
                return self.ran;
            }
        };
        let (ready, table, selection) = (self.ready, self.table, self.selection);
        let vocabulary = ready.vocabulary.get_or_init(|| Vocabulary::of(ready.store));
        let file = |path: &str| match table.entity_files.get(path) {
            Some(found) => found.clone(),
            None => Err(format!("`{path}` is not an entity file")),
        };
        let sheets = match &ready.blocked {
            Some(blocked) => Err(vec![blocked.clone()]),
            None => Sheets::new(ready.store, vocabulary, sheet, file),
        };
        let sheets = match sheets {
            Ok(sheets) if faults.is_empty() => sheets,
            sheets => {
                faults.extend(sheets.err().into_iter().flatten());
                for fault in faults {
                    let message = format!("{}; no row of this table is run", fault.message);
                    self.finding(Fault { message, ..fault });
                }
                return self.ran;
            }
        };
        loop {
            let batch = self.batch(&mut specs);
            if batch.is_empty() {
                break;
            }
            let results = shares(batch, |share| {
                let mut expander = sheets.expander();
                let mut worker = Worker::new(ready, table, selection);
                let mut results = Vec::new();
                for (spec, name) in share {
                    let rows = match name.fault {
                        None => expander.rows(spec),
                        Some(fault) => expander.refused(spec, fault),
                    };
                    for found in rows {
                        let id = match &found.suffix {
                            Some(suffix) => format!("{}{CELL}{suffix}", name.id),
                            None => name.id.clone(),
                        };
                        results.push(worker.row(&found, &id));
                    }
                }
                worker.done();
                results
            });
            self.take(results);
            if self.stop.now() {
                self.ran.stopped |= specs.next().is_some();
                break;
            }
        }
        self.ran
    }

    /// The next entries with their names; what cannot be read is a finding, and the end.
    fn batch(&mut self, specs: &mut Specs<'_>) -> Vec<(Spec, Name)> {
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            match specs.next() {
                None => break,
                Some(Ok(spec)) => {
                    let name = self.names.own(spec.name(), spec.span());
                    batch.push((spec, name));
                }
                Some(Err(fault)) => {
                    self.finding(fault);
                    break;
                }
            }
        }
        batch
    }

    fn take(&mut self, results: Vec<Option<TestResult>>) {
        let mut results = results.into_iter();
        while let Some(result) = results.next() {
            let Some(result) = result else {
                self.ran.left_out += 1;
                continue;
            };
            if self.selection.brief && result.status == Status::Pass && result.notes.is_empty() {
                self.ran.passed += 1;
                continue;
            }
            let bad = matches!(result.status, Status::Fail | Status::Error);
            self.ran.rows.push(result);
            if bad && self.selection.fail_fast {
                self.stop.stop();
                self.ran.stopped = results.next().is_some();
                return;
            }
        }
    }

    fn finding(&mut self, fault: Fault) {
        let place = Location::new(&self.table.file, fault.span.unwrap_or(Span::at(0)));
        let mut finding = Finding::new(TEST_MISMATCH.id, Level::Error, place, fault.message);
        finding.help = fault.help;
        self.ran.findings.push(finding.store(&self.ready.store.name));
        if self.selection.fail_fast {
            self.stop.stop();
        }
    }
}

/// Runs shares of `all` in parallel. Large ones: each keeps what it has read, and rows of one table repeat themselves.
fn shares<T: Send, R: Send>(all: Vec<T>, run: impl Fn(Vec<T>) -> Vec<R> + Sync + Send) -> Vec<R> {
    let share = all.len().div_ceil(rayon::current_num_threads()).clamp(16, 4096);
    all.into_par_iter().chunks(share).flat_map_iter(run).collect()
}

/// The rows of `table`; otherwise why it is none: not JSON, or JSON in another shape.
fn read_rows<'t>(table: &Table, text: &'t str) -> Result<Vec<Found<'t>>, Option<JsonError>> {
    if table.form == TableForm::RunTests {
        return Ok(forms::run_tests(table, Node::parse_elements(&table.file, text)?));
    }
    let root = Node::parse(&table.file, text)?;
    match table.form {
        TableForm::Request { allow } => Ok(forms::request(root, allow)),
        TableForm::Integration => forms::integration(root).ok_or(None),
        TableForm::RunTests | TableForm::Yaml | TableForm::Csv | TableForm::Malformed => Err(None),
    }
}

/// Runs rows of one table one after the other.
struct Worker<'r> {
    ready: &'r Ready<'r>,
    table: &'r Table,
    selection: &'r Selection,
    requests: Requests<'r>,
    counts: Option<Counts>,
    /// Entities that are not there, and those of nearly their names.
    strangers: FxHashMap<EntityUid, Option<EntityUid>>,
}

impl<'r> Worker<'r> {
    fn new(ready: &'r Ready<'r>, table: &'r Table, selection: &'r Selection) -> Self {
        let counts = ready.plan.map(Plan::counts);
        Self { ready, table, selection, requests: Requests::new(ready.store), counts, strangers: FxHashMap::default() }
    }

    /// Hands in what was counted.
    fn done(self) {
        if let (Some(plan), Some(counts)) = (self.ready.plan, &self.counts) {
            plan.add(counts);
        }
    }

    /// Cedar's answer, counted.
    fn ask(&mut self, request: &Request, entities: &Entities) -> Response {
        if let (Some(plan), Some(counts)) = (self.ready.plan, &mut self.counts) {
            plan.count(counts, &self.ready.index, request, entities);
        }
        self.ready.index.is_authorized(request, entities)
    }

    /// The result of one row; `None` when it is not asked for.
    fn row(&mut self, found: &Found<'_>, id: &str) -> Option<TestResult> {
        if !self.selection.names(id, self.table.file.path()) {
            return None;
        }
        let mut result = TestResult {
            id: id.to_owned(),
            store: Some(self.ready.store.name.clone()),
            location: Location::new(&self.table.file, found.span),
            status: Status::Error,
            request: None,
            expected: None,
            got: None,
            message: None,
            help: None,
            faults: Vec::new(),
            notes: found.notes.clone(),
            skip_reason: None,
            lesson: Vec::new(),
        };
        let asked = match &found.content {
            Ok(Content::Row(row)) => self.decision(row, &mut result),
            Ok(Content::Who(who)) => self.who(who, &mut result),
            Ok(Content::Skip(why)) => {
                result.status = Status::Skip;
                result.skip_reason = Some(why.clone());
                Ok(self.selection.asks_for_waiting())
            }
            Err(faults) => Err(faults.clone()),
        };
        match asked {
            Ok(asked) => asked.then_some(result),
            Err(faults) => {
                self.refuse(&mut result, faults);
                Some(result)
            }
        }
    }

    fn refuse(&self, result: &mut TestResult, faults: Vec<Fault>) {
        let messages: Vec<_> = faults.iter().map(|fault| fault.message.as_str()).collect();
        result.message = Some(messages.join("; "));
        if let [fault] = faults.as_slice() {
            result.help.clone_from(&fault.help);
        }
        let place = |span: Option<Span>| span.map(|span| Location::new(&self.table.file, span));
        result.faults = faults
            .into_iter()
            .map(|fault| RowFault {
                location: place(fault.span).unwrap_or_else(|| result.location.clone()),
                message: fault.message,
                help: fault.help,
            })
            .collect();
    }

    /// Decides a row; `false` when it is not asked for.
    fn decision(&mut self, row: &Row<'_>, result: &mut TestResult) -> Result<bool, Vec<Fault>> {
        result.expected = Some(expected(row));
        let request = match self.requests.request(row) {
            Ok(request) => request,
            Err(_) if !self.selection.asks(&About { expect: Some(row.decision), ..About::default() }) => {
                return Ok(false);
            }
            Err(faults) => return Err(faults),
        };
        let shown = shown(&request, &row.context);
        let principals = [shown.principal.clone()];
        let about = About {
            principals: &principals,
            action: Some(&shown.action),
            resource: Some(&shown.resource),
            expect: Some(row.decision),
        };
        if !self.selection.asks(&about) {
            return Ok(false);
        }
        result.request = Some(shown);
        if let Some(blocked) = &self.ready.blocked {
            return Err(vec![blocked.clone()]);
        }
        if self.selection.list {
            result.status = Status::Skip;
            return Ok(true);
        }
        let entities = self.requests.entities(row).map_err(|fault| vec![fault])?;
        let response = self.ask(&request, &entities);
        let got = got(self.ready.store, &response);
        let wrong = mismatches(self.ready.store, row, &got).map_err(|why| vec![Fault::new(why)])?;
        if !wrong.is_empty() {
            let asked = Asked { request: &request, entities: &entities, expected: row.decision, response: &response };
            result.lesson = lesson(self.ready.store, self.ready.tracer(), &asked, &named(self.ready.store, row));
        }
        result.got = Some(got);
        judge(result, wrong);
        if matches!(row.entities, RowEntities::Ready(_)) {
            let silent = match (&row.errors, &result.got) {
                (Errors::Open, Some(got)) => got.errors.clone(),
                _ => Vec::new(),
            };
            self.note(&[request.principal(), request.resource()], &entities, &silent, result);
        }
        Ok(true)
    }

    /// Says what is probably not meant: an entity that is not there while one of nearly that name is, and policies that fail to
    /// evaluate where the row is silent about it.
    fn note(
        &mut self,
        about: &[Option<&EntityUid>],
        entities: &Entities,
        silent: &[PolicyError],
        result: &mut TestResult,
    ) {
        for uid in about.iter().copied().flatten().filter(|uid| entities.get(uid).is_none()) {
            if self.strangers.len() >= STRANGERS && !self.strangers.contains_key(uid) {
                continue;
            }
            let near = self.strangers.entry(uid.clone()).or_insert_with(|| meant(uid, entities));
            if let Some(near) = near {
                let (uid, near) = (uid.to_string(), near.to_string());
                result.notes.push(format!("{} is not among the entities, and {} is", inline(&uid), inline(&near)));
            }
        }
        let silent = silent.iter().map(|error| {
            let (policy, words) = (inline(&error.policy.name), inline(&error.message));
            format!("`{policy}` fails to evaluate and is skipped, where `errors` says nothing of it: {words}")
        });
        result.notes.extend(silent);
    }

    /// Decides for everybody; `false` when the row is not asked for.
    fn who(&mut self, who: &Who<'_>, result: &mut TestResult) -> Result<bool, Vec<Fault>> {
        let (action, resource) = (who.action.to_string(), who.resource.to_string());
        let asked = if self.selection.filters.is_empty() { &[][..] } else { &who.candidates };
        let principals: Vec<String> = asked.iter().map(ToString::to_string).collect();
        let about = About { principals: &principals, action: Some(&action), resource: Some(&resource), expect: None };
        if !self.selection.asks(&about) {
            return Ok(false);
        }
        let expect: Vec<String> = who.expect.iter().cloned().collect();
        result.expected = Some(Expected { decision: Decision::Allow, reason: None, errors: None, who: Some(expect) });
        if self.selection.list {
            result.status = Status::Skip;
            return Ok(true);
        }
        let (mut missing, mut extra) = (Vec::new(), Vec::new());
        let mut telling: Option<(Request, Response, bool)> = None;
        let mut failing = Vec::new();
        for principal in &who.candidates {
            let request = self.requests.asking(who, principal).map_err(|fault| vec![fault])?;
            let response = self.ask(&request, &who.entities);
            if response.diagnostics().errors().next().is_some() {
                for error in got(self.ready.store, &response).errors {
                    if !failing.iter().any(|known: &PolicyError| known.policy.name == error.policy.name) {
                        failing.push(error);
                    }
                }
            }
            let allowed = response.decision() == cedar_policy::Decision::Allow;
            let name = principal.to_string();
            if allowed == who.expect.contains(&name) {
                continue;
            }
            // Somebody who is allowed and should not be tells more than the other way round.
            if telling.as_ref().is_none_or(|(_, _, extra)| allowed && !extra) {
                telling = Some((request, response, allowed));
            }
            if allowed { extra.push(name) } else { missing.push(name) }
        }
        if let Some((request, response, allowed)) = &telling {
            let expected = if *allowed { Decision::Deny } else { Decision::Allow };
            let asked = Asked { request, entities: &who.entities, expected, response };
            result.request = Some(shown(request, &who.context));
            result.got = Some(got(self.ready.store, response));
            result.lesson = lesson(self.ready.store, self.ready.tracer(), &asked, &[]);
        }
        judge(result, wrong_people(&missing, &extra));
        self.note(&[Some(&who.resource)], &who.entities, &failing, result);
        Ok(true)
    }
}

fn judge(result: &mut TestResult, wrong: Vec<String>) {
    result.status = if wrong.is_empty() { Status::Pass } else { Status::Fail };
    result.message = (!wrong.is_empty()).then(|| wrong.join("; "));
}

/// The request as reports show it.
fn shown(request: &Request, context: &RowContext<'_>) -> RowRequest {
    let uid = |uid: Option<&EntityUid>| uid.map(ToString::to_string).unwrap_or_default();
    RowRequest {
        principal: uid(request.principal()),
        action: uid(request.action()),
        resource: uid(request.resource()),
        context: RawValue::from_string(context.json().to_owned()).unwrap_or_default(),
    }
}
