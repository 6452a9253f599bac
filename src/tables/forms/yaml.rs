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
    /// Where the row that was read last ends.
    read: usize,
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
        Ok(Self { text, reader, first, read: first, whole: top.whole, rest: None, any: false, done: false })
    }

    /// The row that is no YAML for `fault`, and all that can be read after it.
    fn after(&self, mut fault: Fault) -> VecDeque<Result<Spec, Fault>> {
        let mut found = VecDeque::new();
        let mut text = self.text.to_owned();
        let mut from = self.read;
        for _ in 0..BROKEN {
            let at = fault.span.map_or(text.len(), |span| span.start);
            // What is wrong beside the rows is no row's fault.
            let row = row_around(&text, Span::at(self.first), at).filter(|row| row.start >= from && at <= row.end);
            let Some(row) = row else { break };
            found.push_back(Ok(broken(&text, row, fault)));
            // The rows before it were read already.
            text = blanked(&text, self.first, row.end);
            from = row.end;
            match rows(&text, self.whole, &mut found) {
                None => return found,
                Some((next, read)) => {
                    fault = next;
                    from = from.max(read);
                }
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

/// Reads the rows of `text`, of which the rest was read `whole` or not; gives what is no YAML, if something is, and
/// where the row before it ends.
fn rows(text: &str, whole: bool, found: &mut VecDeque<Result<Spec, Fault>>) -> Option<(Fault, usize)> {
    let mut reader = Reader::new(text);
    let mut read = 0;
    let top = Top { whole, ..Top::default() };
    // With no row left there is no list.
    reader.seek(ROWS, &top).ok()?;
    loop {
        match reader.row() {
            Ok(Some(tree)) => {
                read = tree.span.end;
                found.push_back(Ok(spec(&tree)));
            }
            Ok(None) => return None,
            Err(fault) => return Some((fault, read)),
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
        if self.done {
            return None;
        }
        match self.reader.row() {
            Ok(Some(tree)) => {
                self.any = true;
                self.read = tree.span.end;
                Some(Ok(spec(&tree)))
            }
            Ok(None) => {
                self.done = true;
                (!self.any).then(|| Err(no_row(Span::at(0))))
            }
            Err(fault) => self.rest.insert(self.after(fault)).pop_front(),
        }
    }
}
