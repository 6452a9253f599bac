//! Tables in YAML: rows are read one by one, so that a long table never stands in memory whole.

use super::opening::{Native, Opened, Opening};
use crate::data::Fault;
use crate::data::yaml::{Reader, Top};
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

/// The entries under the key of the rows.
struct Specs<'t> {
    reader: Reader<'t>,
    any: bool,
    done: bool,
}

impl<'t> Specs<'t> {
    fn new(text: &'t str, top: &Top) -> Result<Self, Fault> {
        let mut reader = Reader::new(text);
        reader.seek(ROWS, top)?;
        Ok(Self { reader, any: false, done: false })
    }
}

impl Iterator for Specs<'_> {
    type Item = Result<Spec, Fault>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        match self.reader.row() {
            Ok(Some(tree)) => {
                self.any = true;
                Some(Ok(spec(&tree)))
            }
            Ok(None) => {
                self.done = true;
                (!self.any).then(|| Err(no_row(Span::at(0))))
            }
            Err(fault) => {
                self.done = true;
                let message = format!("{}; the rows from here on are not run", fault.message);
                Some(Err(Fault { message, ..fault }))
            }
        }
    }
}
