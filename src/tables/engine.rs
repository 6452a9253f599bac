//! Runs tables: stores and rows in parallel, results in the order of files and rows.

use std::collections::HashMap;

use cedar_policy::Request;
use rayon::prelude::*;
use serde_json::value::RawValue;

use super::compare::{expected, got, mismatches};
use super::forms;
use super::request::Requests;
use super::rows::{Fault, Found, Row};
use crate::decide::Index;
use crate::finding::{Finding, Level};
use crate::outcome::{RowRequest, Status, TestResult};
use crate::repo::json::{JsonError, Node};
use crate::repo::{Repo, SchemaState, Store, TEST_MISMATCH, Table, TableForm};
use crate::text::{Location, Span, inline};

/// Runs every table of every store. Rows that cannot run are results too; a file that is no table is a finding.
#[must_use]
pub fn run(repo: &Repo) -> (Vec<TestResult>, Vec<Finding>) {
    let per_store: Vec<_> = repo
        .stores
        .par_iter()
        .filter(|store| !store.tables.is_empty())
        .map(|store| {
            let shared = Ready::new(store);
            let tables: Vec<_> = store.tables.par_iter().map(|table| run_table(&shared, table)).collect();
            tables
        })
        .collect();
    let mut results = Vec::new();
    let mut findings = Vec::new();
    for (rows, faults) in per_store.into_iter().flatten() {
        results.extend(rows);
        findings.extend(faults);
    }
    (results, findings)
}

/// A store made ready for rows.
struct Ready<'s> {
    store: &'s Store,
    index: Index,
    /// Why no row of this store can be decided, if so.
    blocked: Option<Fault>,
}

impl<'s> Ready<'s> {
    fn new(store: &'s Store) -> Self {
        let blocked = if let Some(path) = store.broken.first() {
            let message = format!("`{}` does not load whole, so what these policies decide is not known", inline(path));
            Some(Fault::new(message))
        } else if matches!(store.schema, SchemaState::Broken) {
            Some(Fault::new("the store's schema cannot be used, so the row cannot be checked against it"))
        } else {
            None
        };
        Self { store, index: Index::new(&store.set), blocked }
    }
}

fn run_table(shared: &Ready<'_>, table: &Table) -> (Vec<TestResult>, Vec<Finding>) {
    let text = table.file.parse_text();
    let own = match &table.own_store {
        Some(Ok(store)) => Some(Ok(Ready::new(store))),
        Some(Err(why)) => Some(Err(why)),
        None => None,
    };
    let mut rows = match read_rows(table, &text) {
        Ok(rows) => rows,
        Err(error) => {
            let span = error.as_ref().map_or(Span::at(0), |error| error.span);
            let (message, help) = forms::malformed(error);
            let finding = Finding::new(TEST_MISMATCH.id, Level::Error, Location::new(&table.file, span), message);
            return (Vec::new(), vec![finding.help(help).store(&shared.store.name)]);
        }
    };
    let fault = match &own {
        Some(Err(why)) => Some(Fault::new(format!("the store of this test cannot be used: {}", inline(why)))),
        _ => None,
    };
    if let Some(fault) = fault {
        for row in &mut rows {
            row.row = Err(fault.clone());
        }
    }
    let ready = match &own {
        Some(Ok(own)) => own,
        _ => shared,
    };
    (run_rows(ready, table, rows), Vec::new())
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
        TableForm::RunTests | TableForm::Malformed => Err(None),
    }
}

fn run_rows(ready: &Ready<'_>, table: &Table, rows: Vec<Found<'_>>) -> Vec<TestResult> {
    let names = names(table, &rows);
    let rows: Vec<_> = rows.into_iter().zip(names).collect();
    // Large shares: each keeps what it has read, and rows of one table repeat themselves.
    let share = rows.len().div_ceil(rayon::current_num_threads()).clamp(16, 4096);
    rows.par_chunks(share)
        .flat_map_iter(|chunk| {
            let mut requests = Requests::new(ready.store);
            chunk.iter().map(|(found, name)| run_row(ready, table, &mut requests, found, name)).collect::<Vec<_>>()
        })
        .collect()
}

/// `path#name`, unnamed rows by their number; a name that repeats gets a number too, so that ids stay unique.
fn names(table: &Table, rows: &[Found<'_>]) -> Vec<String> {
    let path = table.file.path();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    rows.iter()
        .enumerate()
        .map(|(at, row)| match (&row.name, table.form) {
            (None, TableForm::Request { .. }) => path.to_owned(),
            (None, _) => format!("{path}#{}", at + 1),
            (Some(name), _) => {
                let count = seen.entry(name).or_default();
                *count += 1;
                if *count == 1 { format!("{path}#{name}") } else { format!("{path}#{name} ({count})") }
            }
        })
        .collect()
}

fn run_row(ready: &Ready<'_>, table: &Table, requests: &mut Requests<'_>, found: &Found<'_>, id: &str) -> TestResult {
    let mut result = TestResult {
        id: id.to_owned(),
        store: Some(ready.store.name.clone()),
        location: Location::new(&table.file, found.node.span()),
        status: Status::Error,
        request: None,
        expected: found.row.as_ref().ok().map(expected),
        got: None,
        message: None,
        help: None,
        skip_reason: None,
    };
    if let Err(fault) = judge(ready, requests, found, &mut result) {
        result.message = Some(fault.message);
        result.help = fault.help;
    }
    result
}

fn judge(
    ready: &Ready<'_>,
    requests: &mut Requests<'_>,
    found: &Found<'_>,
    result: &mut TestResult,
) -> Result<(), Fault> {
    let row = found.row.as_ref().map_err(Clone::clone)?;
    let request = requests.request(row)?;
    result.request = Some(shown(&request, row));
    if let Some(blocked) = &ready.blocked {
        return Err(blocked.clone());
    }
    let entities = requests.entities(row)?;
    let got = got(ready.store, &ready.index.is_authorized(&request, &entities));
    let wrong = mismatches(ready.store, row, &got).map_err(Fault::new)?;
    result.got = Some(got);
    result.status = if wrong.is_empty() { Status::Pass } else { Status::Fail };
    result.message = (!wrong.is_empty()).then(|| wrong.join("; "));
    Ok(())
}

/// The request as reports show it.
fn shown(request: &Request, row: &Row<'_>) -> RowRequest {
    let uid = |uid: Option<&cedar_policy::EntityUid>| uid.map(ToString::to_string).unwrap_or_default();
    let context = row.context.map_or("{}", |node| node.raw);
    RowRequest {
        principal: uid(request.principal()),
        action: uid(request.action()),
        resource: uid(request.resource()),
        context: RawValue::from_string(context.to_owned()).unwrap_or_default(),
    }
}
