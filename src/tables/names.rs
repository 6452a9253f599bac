//! The ids of rows: unique, and the same from run to run.

use std::collections::HashMap;

use crate::data::{Fault, Said};
use crate::repo::Table;
use crate::text::{Position, Span, inline};

/// The names of one table's rows.
pub(super) struct Names<'t> {
    table: &'t Table,
    rows: usize,
    /// How often a name was met, and where first.
    seen: HashMap<String, (usize, usize)>,
}

/// What a row of our own tables is called.
#[derive(Debug)]
pub(super) struct Name {
    pub(super) id: String,
    /// Set when another row has its name.
    pub(super) fault: Option<Fault>,
}

impl<'t> Names<'t> {
    pub(super) fn new(table: &'t Table) -> Self {
        Self { table, rows: 0, seen: HashMap::new() }
    }

    /// `path#name`, unnamed rows by their number; a name that repeats gets a number too, so that ids stay unique.
    /// In a `single` row's file, it is called as the file is.
    pub(super) fn foreign(&mut self, name: Option<&str>, single: bool) -> String {
        let path = self.table.file.path();
        self.rows += 1;
        match name {
            None if single => path.to_owned(),
            None => format!("{path}#{}", self.rows),
            Some(name) => self.numbered(name, 0).0,
        }
    }

    /// The same for our own tables, where a name used twice is a fault.
    pub(super) fn native(&mut self, name: Option<&Said<String>>, row: Span) -> Name {
        self.rows += 1;
        let Some(name) = name else {
            // Somebody may have given the number as a name.
            let number = self.rows.to_string();
            return Name { id: self.numbered(&number, row.start).0, fault: None };
        };
        let (id, first) = self.numbered(&name.value, row.start);
        let mut fault = first.map(|at| {
            let Position { line, .. } = self.table.file.position(at);
            let fault = Fault::new(format!("the row in line {line} is called `{}` too", inline(&name.value)));
            fault.help("give each row a name of its own, or none").at(name.span)
        });
        if fault.is_none() && name.value.contains(CELL) {
            let message = format!("a name with `{CELL}` in it could be that of a row of several");
            fault = Some(Fault::new(message).help("leave out the spaces around the slash").at(name.span));
        }
        Name { id, fault }
    }

    /// The id of a row called `name`, and where the first of that name starts when this is another.
    fn numbered(&mut self, name: &str, at: usize) -> (String, Option<usize>) {
        let path = self.table.file.path();
        let Some((count, first)) = self.seen.get_mut(name) else {
            self.seen.insert(name.to_owned(), (1, at));
            return (format!("{path}#{name}"), None);
        };
        let (mut number, first) = (*count, *first);
        let id = loop {
            number += 1;
            let id = format!("{name} ({number})");
            if !self.seen.contains_key(&id) {
                break id;
            }
        };
        self.seen.insert(name.to_owned(), (number, first));
        self.seen.insert(id.clone(), (1, at));
        (format!("{path}#{id}"), Some(first))
    }
}

/// What stands between the name of a row and what tells its cells apart.
pub(super) const CELL: &str = " / ";
