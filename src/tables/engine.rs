//! Runs tables: stores, tables and rows in parallel, results in the order of files and rows.

use std::iter::Enumerate;
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use super::coverage::Gauge;
use super::foreign;
use super::forms::{Foreign, Native, Opened, Opening, Rows, Specs, opening};
use super::names::{CELL, Name, Names};
use super::native::{self, Expander, Sheets, Spec, Vocabulary};
use super::ran::Ran;
use super::ready::Ready;
use super::repeats::Repeats;
use super::rows::Found;
use super::select::{Selection, Stop};
use super::strangers::Strangers;
use super::worker::{self, Worker};
use crate::data::Fault;
use crate::finding::{Finding, Level};
use crate::outcome::Status;
use crate::repo::{Repo, Store, TEST_MISMATCH, Table};
use crate::text::{Location, Span, inline};

/// How many entries of a table are read before they run.
const BATCH: usize = 8192;

/// So many are taken by one worker at a time.
const FEW: usize = 32;

/// Runs the rows of every table of every store that `selection` asks for. Rows that cannot run are results too; a file
/// that is no table is a finding. `gauge`, made of the same repository, counts what the rows exercise.
#[must_use]
pub fn run(repo: &Repo, selection: &Selection, gauge: Option<&Gauge<'_>>) -> Ran {
    let stop = Stop::new();
    let one = |shared: &Ready<'_>, table: &Table| {
        if stop.now() {
            return Ran { stopped: true, ..Ran::default() };
        }
        let of = |row: &String| row.strip_prefix(table.file.path()).is_some_and(|rest| rest.starts_with('#'));
        if !selection.row.as_ref().is_none_or(of) {
            return Ran::default();
        }
        let names = Names::new(table);
        let (met, repeats, ran) = (Strangers::default(), Repeats::default(), Ran::default());
        Run { ready: shared, table, selection, gauge, stop: &stop, names, cut: false, met, repeats, ran }.run()
    };
    let with_tables = |store: &&Store| !store.tables.is_empty();
    let ran: Vec<Vec<Ran>> = if selection.fail_fast {
        // To stop at the first failure says something only when all before it has run.
        let stores = repo.stores.iter().filter(with_tables);
        stores
            .map(|store| {
                let ready = Ready::new(store, gauge, selection);
                store.tables.iter().map(|table| one(&ready, table)).collect()
            })
            .collect()
    } else {
        let stores = repo.stores.par_iter().filter(with_tables);
        stores
            .map(|store| {
                let ready = Ready::new(store, gauge, selection);
                store.tables.par_iter().map(|table| one(&ready, table)).collect()
            })
            .collect()
    };
    let mut all = Ran::default();
    for ran in ran.into_iter().flatten() {
        all.rows.extend(ran.rows);
        all.findings.extend(ran.findings);
        all.passed += ran.passed;
        ran.notes.iter().for_each(|(note, (count, first))| all.noted(note, *count, first));
        all.asked = ran.asked.or(all.asked);
        all.left_out += ran.left_out;
        all.stopped |= ran.stopped;
    }
    all
}

/// One table on its way.
struct Run<'r> {
    ready: &'r Ready<'r>,
    table: &'r Table,
    selection: &'r Selection,
    gauge: Option<&'r Gauge<'r>>,
    stop: &'r Stop,
    names: Names<'r>,
    /// Whether the table ends before its end, in something that cannot be read.
    cut: bool,
    met: Strangers,
    repeats: Repeats,
    ran: Ran,
}

impl Run<'_> {
    fn run(mut self) -> Ran {
        match self.table.form.map(opening) {
            Some(Opening::Native(form)) => self.native(form),
            Some(Opening::Foreign(form)) => self.foreign(form),
            None => {
                self.finding(foreign::unknown_form(&self.table.file));
                self.ran
            }
        }
    }

    /// Runs a table in one of the forms of others.
    fn foreign(mut self, form: &Foreign) -> Ran {
        let table = self.table;
        let text = table.file.parse_text();
        let Rows { nodes, around } =
            match (form.rows)(&table.file, &text).map_err(Some).and_then(|rows| rows.ok_or(None)) {
                Ok(rows) => rows,
                Err(error) => {
                    self.finding(foreign::malformed(error));
                    return self.ran;
                }
            };
        let (own, broken) = match &table.own_store {
            Some(Ok(store)) => (Some(Ready::new(store, self.gauge, self.selection)), None),
            Some(Err(why)) => {
                (None, Some(Fault::new(format!("the store of this test cannot be used: {}", inline(&why.to_string())))))
            }
            None => (None, None),
        };
        let ready = own.as_ref().unwrap_or(self.ready);
        let selection = self.selection;
        let mut batches = nodes.chunks(BATCH).peekable();
        while let Some(batch) = batches.next() {
            let read = batch.par_iter().with_min_len(FEW).map(|node| (form.row)(table, *node, around));
            let read: Vec<Found<'_>> = read.collect();
            let named =
                read.into_iter().map(|row| (self.names.foreign(row.name.as_deref(), form.single), row)).collect();
            let results = shared_out(named, |queue| {
                let mut worker = Worker::new(ready, table, selection);
                let mut row = |(id, found): (String, Found<'_>)| match &broken {
                    Some(fault) => worker.row(&Found { content: Err(vec![fault.clone()]), ..found }, &id),
                    None => worker.row(&found, &id),
                };
                let results = queue.each(|entry| [row(entry)]);
                worker.done();
                results
            });
            self.take(results);
            if self.stop.now() {
                self.ran.stopped |= batches.peek().is_some();
                break;
            }
        }
        self.ran.findings.extend(self.met.findings(table, &ready.known, None, None));
        self.ran.findings.extend(self.repeats.findings(table, &ready.store.name, false));
        self.ran
    }

    /// Runs one of our own tables, a batch at a time, so that a long one never stands in memory whole.
    fn native(mut self, form: &Native) -> Ran {
        let Opened { sheet, mut specs, mut faults } = match (form.open)(self.table.file.text()) {
            Ok(opened) => opened,
            Err(fault) => {
                self.finding(fault);
                return self.ran;
            }
        };
        let (ready, table, selection) = (self.ready, self.table, self.selection);
        let vocabulary = ready.vocabulary.get_or_init(|| Vocabulary::of(ready.store));
        // What such a store makes of names and contexts is not known, and each row says why.
        let sheets = match &ready.blocked {
            Some(blocked) => Ok(Err(blocked)),
            None => Sheets::new(
                (ready.store, ready.entities),
                vocabulary,
                &ready.known,
                sheet,
                table.file.text(),
                &table.entity_files,
            )
            .map(Ok),
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
            let results = shared_out(batch, |queue| {
                let mut expander = sheets.as_ref().map(Expander::new);
                let mut worker = Worker::new(ready, table, selection);
                let results = queue.each(|(spec, name)| {
                    let rows = match (&mut expander, name.fault) {
                        (Ok(expander), None) => expander.rows(spec),
                        (Ok(expander), Some(fault)) => expander.refused(spec, fault),
                        (Err(blocked), _) => vec![native::unrun(&spec, blocked)],
                    };
                    let mut row = |found: Found<'_>| {
                        let id = match &found.suffix {
                            Some(suffix) => format!("{}{CELL}{suffix}", name.id),
                            None => name.id.clone(),
                        };
                        worker.row(&found, &id)
                    };
                    rows.into_iter().map(&mut row).collect::<Vec<_>>()
                });
                worker.done();
                results
            });
            self.take(results);
            if self.stop.now() {
                self.ran.stopped |= specs.next().is_some();
                break;
            }
        }
        if let (Ok(sheets), false) = (&sheets, selection.list) {
            let whole = self.ran.left_out == 0 && !self.ran.stopped && !self.cut;
            let (strangers, stale) = sheets.rest(whole);
            for stranger in strangers {
                self.met.add(stranger.span, vec![stranger]);
            }
            stale.into_iter().for_each(|fault| self.finding(fault));
            let met = std::mem::take(&mut self.met);
            self.ran.findings.extend(met.findings(table, &ready.known, sheets.brought(), Some(form.excuse)));
        }
        let repeats = std::mem::take(&mut self.repeats);
        self.ran.findings.extend(repeats.findings(table, &ready.store.name, true));
        self.ran
    }

    /// The next entries with their names; what cannot be read is a finding, and the end.
    fn batch(&mut self, specs: &mut Specs<'_>) -> Vec<(Spec, Name)> {
        let mut batch = Vec::new();
        while batch.len() < BATCH {
            match specs.next() {
                None => break,
                Some(Ok(spec)) => {
                    let name = self.names.native(spec.name(), spec.span());
                    batch.push((spec, name));
                }
                Some(Err(fault)) => {
                    self.cut = true;
                    self.finding(fault);
                    break;
                }
            }
        }
        batch
    }

    fn take(&mut self, results: Vec<Option<worker::Ran>>) {
        let mut results = results.into_iter();
        while let Some(result) = results.next() {
            let Some(worker::Ran { result, strangers, question, asked }) = result else {
                self.ran.left_out += 1;
                continue;
            };
            self.met.add(result.location.span, strangers);
            self.ran.asked = asked.or(self.ran.asked.take());
            if let Some(question) = question {
                self.repeats.add(question, &result);
            }
            for note in &result.notes {
                self.ran.noted(note, 1, &result.id);
            }
            if self.selection.brief && result.status == Status::Pass {
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

/// Entries that workers take from as they go on: each keeps what it has read, for rows of one table repeat themselves.
struct Queue<T>(Mutex<Enumerate<std::vec::IntoIter<T>>>);

impl<T> Queue<T> {
    /// What `run` makes of each entry that is left, by the place of the entry, until there is none.
    fn each<R, M: IntoIterator<Item = R>>(&self, mut run: impl FnMut(T) -> M) -> Vec<(usize, R)> {
        let mut made = Vec::new();
        loop {
            let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let some: Vec<(usize, T)> = left.by_ref().take(FEW).collect();
            drop(left);
            if some.is_empty() {
                return made;
            }
            for (at, entry) in some {
                made.extend(run(entry).into_iter().map(|one| (at, one)));
            }
        }
    }
}

/// What `run` makes of the entries of `all`, in their order. It runs on all cores, each time with the same queue.
fn shared_out<T: Send, R: Send>(all: Vec<T>, run: impl Fn(&Queue<T>) -> Vec<(usize, R)> + Sync) -> Vec<R> {
    let workers = all.len().div_ceil(FEW).min(rayon::current_num_threads());
    let queue = Queue(Mutex::new(all.into_iter().enumerate()));
    let mut made: Vec<(usize, R)> = (0..workers).into_par_iter().flat_map_iter(|_| run(&queue)).collect();
    // Stable: what one entry came to stays in its order.
    made.sort_by_key(|(at, _)| *at);
    made.into_iter().map(|(_, one)| one).collect()
}
