//! Permits and forbids that overlap: a matrix where it fits, else a list.

use super::clean::clean;
use super::paint::{Ink, Page};
use crate::outcome::{Notice, NoticeKind, Outcome, Weight};
use crate::report::conflicts::{Matrix, are_asked_for, letter, matrices};

/// More forbids than this are no columns.
const COLUMNS: usize = 16;
/// What stands before the marks of a row.
const INDENT: usize = 4;

/// Writes a matrix for each store.
pub(super) fn write(page: &mut Page, outcome: &Outcome, width: usize) {
    let matrices = matrices(outcome);
    // What was not decided, or not looked at, may overlap.
    let open =
        |notice: &Notice| notice.kind.weight() == Weight::Inconclusive || notice.kind == NoticeKind::PolicyRefused;
    let all_known = outcome.checked_something && !outcome.notices.iter().any(open);
    if matrices.is_empty() && are_asked_for(outcome) && all_known {
        page.item(Ink::Dim, "  ", 2, "no permit overlaps with a forbid so that neither lies inside of the other");
        page.gap();
    }
    for matrix in matrices {
        let store = matrix.store.map(|store| format!(" in store `{}`", clean(store))).unwrap_or_default();
        page.item(
            Ink::Dim,
            "  ",
            2,
            &format!("permits and forbids that overlap{store}; where both match, the forbid wins"),
        );
        page.gap();
        if matrix.forbids.len() <= COLUMNS {
            table(page, &matrix, width)
        } else {
            list(page, &matrix)
        }
        page.gap();
    }
}

/// The forbids by letter, then a row of marks for the permits that the same of them cut into.
fn table(page: &mut Page, matrix: &Matrix<'_>, width: usize) {
    for (at, forbid) in matrix.forbids.iter().enumerate() {
        page.item(Ink::Error, &format!("  {}  ", letter(at)), INDENT + 1, &format!("forbid {}", clean(forbid)));
    }
    page.gap();
    let head: Vec<String> = (0..matrix.forbids.len()).map(letter).collect();
    page.item(Ink::Dim, &format!("  {}  permits", head.join(" ")), INDENT, "");
    for (permits, cells) in &matrix.rows {
        let marks: Vec<&str> = cells.iter().map(|cell| if *cell { "x" } else { "." }).collect();
        let lead = format!("  {}  ", marks.join(" "));
        let names: Vec<String> = permits.iter().map(|permit| clean(permit).into_owned()).collect();
        let indent = lead.len().min(width / 2);
        page.item(Ink::Warning, &lead, indent, &names.join(", "));
    }
}

/// For the permits that the same forbids cut into, these by name.
fn list(page: &mut Page, matrix: &Matrix<'_>) {
    for (permits, cells) in &matrix.rows {
        let names: Vec<String> = permits.iter().map(|permit| clean(permit).into_owned()).collect();
        page.item(Ink::Warning, "  permit ", INDENT, &names.join(", "));
        let forbids = matrix.forbids.iter().zip(cells).filter(|(_, cell)| **cell);
        let forbids: Vec<String> = forbids.map(|(forbid, _)| clean(forbid).into_owned()).collect();
        page.item(Ink::Error, "    and forbid ", INDENT + 2, &forbids.join(", "));
    }
}
