//! What is said of tables whatever their syntax.

use crate::data::Fault;
use crate::text::Span;

/// A row that is to be skipped for no reason.
pub(in crate::tables) fn no_reason(at: Span) -> Fault {
    Fault::new("`skip` says why").help("such as `skip: waits for the tenant attribute`").at(at)
}

/// The empty table's fault.
pub(in crate::tables) fn no_row(at: Span) -> Fault {
    let help = "add a row, or remove the file; a table that tests nothing would look as if it passed";
    Fault::new("there is no row in this table").help(help).at(at)
}
