//! Our own tables, YAML and CSV: a sheet (what all rows share) and specifications, each of which comes to one row or several.

mod context;
mod csv;
mod expand;
mod fields;
mod matrix;
mod model;
mod moment;
mod overlay;
mod values;
mod vocabulary;
mod yaml;

use crate::data::Fault;
use crate::text::Span;

pub(super) use expand::{Sheets, unrun};
pub(super) use model::Spec;
pub(super) use vocabulary::Vocabulary;

/// Where specifications come from, one after the other.
pub(super) enum Specs<'t> {
    Yaml(Box<yaml::Specs<'t>>),
    Csv(csv::Specs<'t>),
}

impl Specs<'_> {
    /// The next specification. After an error there is none.
    pub(super) fn next(&mut self) -> Option<Result<Spec, Fault>> {
        match self {
            Self::Yaml(specs) => specs.next(),
            Self::Csv(specs) => specs.next(),
        }
    }
}

/// A table read as far as its rows.
pub(super) struct Opened<'t> {
    pub(super) sheet: model::Sheet,
    pub(super) specs: Specs<'t>,
    /// What is wrong with the sheet.
    pub(super) faults: Vec<Fault>,
}

/// Opens the YAML table `text`.
///
/// # Errors
/// When nothing can be read from it.
pub(super) fn yaml(text: &str) -> Result<Opened<'_>, Fault> {
    let mut faults = Vec::new();
    let top = yaml::top(text)?;
    let sheet = yaml::sheet(&top, &mut faults)?;
    let specs = Specs::Yaml(Box::new(yaml::Specs::new(text, &top)?));
    Ok(Opened { sheet, specs, faults })
}

/// Opens the CSV table `text`.
///
/// # Errors
/// When it has no usable header.
pub(super) fn csv(text: &str) -> Result<Opened<'_>, Fault> {
    let mut faults = Vec::new();
    let specs = Specs::Csv(csv::Specs::new(text, &mut faults)?);
    Ok(Opened { sheet: model::Sheet::default(), specs, faults })
}

/// A row that is to be skipped for no reason.
fn no_reason(at: Span) -> Fault {
    Fault::new("`skip` says why").help("such as `skip: waits for the tenant attribute`").at(at)
}

/// The empty table's fault.
fn no_row(at: Span) -> Fault {
    let help = "add a row, or remove the file; a table that tests nothing would look as if it passed";
    Fault::new("there is no row in this table").help(help).at(at)
}
