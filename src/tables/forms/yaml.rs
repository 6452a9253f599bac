//! Tables in YAML: rows are read one by one, so that a long table never stands in memory whole. A row that is no YAML
//! is one that cannot run, and those after it are read all the same.

use std::collections::VecDeque;

use super::opening::{Native, Opened, Opening};
use crate::data::Fault;
use crate::data::yaml::{Reader, Top, blanked, row_around};
use crate::tables::native::{Spec, no_row, sheet, spec};
use crate::text::Span;

pub(super) static OPENING: Opening = Opening::Native(Native { open, excuse });

/// The key of the rows.
const ROWS: &str = "tests";

fn open(text: &str) -> Result<Opened<'_>, Fault> {
    let mut faults = Vec::new();
    let top = Reader::new(text).top(ROWS)?;
    let sheet = sheet(&top.entries, top.rows, &mut faults)?;
    let specs = Box::new(Specs::new(text, &top)?);
    Ok(Opened { sheet, specs, faults })
}

fn excuse(uid: &str) -> String {
    let quoted = uid.replace('\'', "''");
    format!(
        "if it is meant to exist nowhere, say so with `unknown: ['{quoted}']`; else add it to the entities or to `with`"
    )
}

/// How many rows that are no YAML are passed over: after each, the file is read anew.
const BROKEN: usize = 50;

/// The entries under the key of the rows.
struct Specs<'t> {
    text: &'t str,
    reader: Reader<'t>,
    /// The byte from which on lines are rows.
    first: usize,
    /// The row that was read last, until it is known that what follows it does not belong to it.
    pending: Option<Spec>,
    /// Whether everything beside the rows was read.
    whole: bool,
    /// What follows the first row that is no YAML.
    rest: Option<VecDeque<Result<Spec, Fault>>>,
    any: bool,
    done: bool,
}

impl<'t> Specs<'t> {
    fn new(text: &'t str, top: &Top) -> Result<Self, Fault> {
        let mut reader = Reader::new(text);
        reader.seek(ROWS, top)?;
        // Rows begin in the line after their key.
        let key = top.rows.unwrap_or(Span::at(0));
        let line = text.get(key.end..).and_then(|rest| rest.find('\n')).map_or(text.len(), |at| key.end + at + 1);
        let first = if key.is_empty() { key.start } else { line };
        Ok(Self { text, reader, first, pending: None, whole: top.whole, rest: None, any: false, done: false })
    }

    /// The row that is no YAML for `fault`, and all that can be read after it; before it the row that was read last.
    fn after(&mut self, mut fault: Fault) -> VecDeque<Result<Spec, Fault>> {
        let mut found: VecDeque<Result<Spec, Fault>> = self.pending.take().map(Ok).into_iter().collect();
        let mut text = self.text.to_owned();
        let mut from = self.first;
        for _ in 0..BROKEN {
            let at = fault.span.map_or(text.len(), |span| span.start);
            // What is wrong beside the rows is no row's fault.
            let inside = |row: &Span| row.start >= from && (at < row.end || row.end == text.len());
            let Some(row) = row_around(&text, Span::at(self.first), at).filter(inside) else { break };
            // What was read of the row itself is not all of it.
            while found.back().is_some_and(|last| last.as_ref().is_ok_and(|last| last.span.start >= row.start)) {
                found.pop_back();
            }
            // Rows between it and what was read were swallowed, as by a bracket that is never closed.
            let read = found.back().and_then(|last| last.as_ref().ok()).map_or(from, |last| last.span.end);
            let swallowed = text.get(read..row.start).unwrap_or_default();
            if swallowed.lines().skip(1).any(|line| line.trim_start().starts_with("- ")) {
                break;
            }
            found.push_back(Ok(broken(&text, row, fault)));
            // The rows before it were read already.
            text = blanked(&text, self.first, row.end);
            from = row.end;
            match rows(&text, self.whole, &mut found) {
                None => return found,
                Some(next) => fault = next,
            }
        }
        found.push_back(Err(last(fault)));
        found
    }
}

/// `fault`, after which nothing can be read.
fn last(fault: Fault) -> Fault {
    let message = format!("{}; the rows from here on are not run", fault.message);
    Fault { message, ..fault }
}

/// Reads the rows of `text`, of which the rest was read `whole` or not; gives what is no YAML, if something is.
fn rows(text: &str, whole: bool, found: &mut VecDeque<Result<Spec, Fault>>) -> Option<Fault> {
    let mut reader = Reader::new(text);
    let top = Top { whole, ..Top::default() };
    // With no row left there is no list.
    reader.seek(ROWS, &top).ok()?;
    loop {
        match reader.row() {
            Ok(Some(tree)) => found.push_back(Ok(spec(&tree))),
            Ok(None) => return None,
            Err(fault) => return Some(fault),
        }
    }
}

/// The row at `row`, which is no YAML for `fault`.
fn broken(text: &str, row: Span, fault: Fault) -> Spec {
    let line = text.get(row.start..row.end).and_then(|row| row.lines().next()).unwrap_or_default();
    let start = row.start + line.len() - line.trim_start().len();
    let mut spec = Spec::empty(Span::new(start, row.start + line.len()));
    spec.unread = vec!["principal", "action", "resource"];
    spec.faults = vec![fault];
    spec
}

impl Iterator for Specs<'_> {
    type Item = Result<Spec, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(rest) = &mut self.rest {
            return rest.pop_front();
        }
        while !self.done {
            match self.reader.row() {
                Ok(Some(tree)) => {
                    self.any = true;
                    if let Some(before) = self.pending.replace(spec(&tree)) {
                        return Some(Ok(before));
                    }
                }
                Ok(None) => {
                    self.done = true;
                    if !self.any {
                        return Some(Err(no_row(Span::at(0))));
                    }
                }
                Err(fault) => {
                    let rest = self.after(fault);
                    return self.rest.insert(rest).pop_front();
                }
            }
        }
        self.pending.take().map(Ok)
    }
}
