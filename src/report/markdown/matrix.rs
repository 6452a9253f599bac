//! What changed in the permission matrix, folded.

use super::escape::{cut, named};
use crate::outcome::{Among, Extent, Matrix, MatrixCell, MatrixPrincipal, Outcome};
use crate::report::access;
use crate::report::counted::counted;
use crate::report::matrix;

/// Longest name in a cell, in characters.
const LONGEST: usize = 80;
/// So many rows and columns are shown.
const ROWS: usize = 24;
const COLUMNS: usize = 8;
/// So many names stand in a cell.
const NAMES: usize = 4;
/// So many things that policies ask.
const ASKED: usize = 2;

/// Who may do what, before and now, where that changed; nothing where it did not, or where it takes more than `room`
/// bytes.
pub(super) fn section(outcome: &Outcome, room: usize) -> String {
    let all: Vec<Matrix> = outcome
        .matrix
        .iter()
        .filter(|matrix| matrix.compared && matrix.changed() > 0)
        .map(Matrix::only_changed)
        .collect();
    if all.is_empty() {
        return String::new();
    }
    let changed = counted(all.iter().map(Matrix::changed).sum(), "cell", "cells");
    let mut out = format!("\n<details><summary>Who may do what, before and now: {changed} changed</summary>\n");
    for one in &all {
        out.push_str(&table(one, all.len() > 1));
    }
    out.push_str("\n</details>\n");
    if out.len() > room { String::new() } else { out }
}

fn table(matrix: &Matrix, several: bool) -> String {
    let mut out = String::new();
    if several {
        out.push_str(&format!("\nStore {}:\n", named(&matrix.store, LONGEST)));
    }
    let columns = matrix.principals.iter().take(COLUMNS);
    let heads: Vec<String> = columns.map(|names| listed(names.iter().map(head).collect())).collect();
    out.push_str(&format!("\n| Action | {} |\n|---|{}\n", heads.join(" | "), "---|".repeat(heads.len())));
    for row in matrix.rows.iter().take(ROWS) {
        let actions = row.actions.iter().map(|action| named(access::short(action), LONGEST)).collect();
        let cells: Vec<String> = row.cells.iter().take(COLUMNS).map(cell).collect();
        out.push_str(&format!("| {} | {} |\n", listed(actions), cells.join(" | ")));
    }
    let rows = matrix.rows.len().saturating_sub(ROWS);
    let columns = matrix.principals.len().saturating_sub(COLUMNS);
    let more = [(rows, "more row", "more rows"), (columns, "more column", "more columns")];
    let more: Vec<String> =
        more.into_iter().filter(|(count, ..)| *count > 0).map(|(count, one, many)| counted(count, one, many)).collect();
    if !more.is_empty() {
        out.push_str(&format!("\n{} not shown here; `polcheck report --html` has all.\n", more.join(" and ")));
    }
    out
}

fn head(principal: &MatrixPrincipal) -> String {
    let of = named(&principal.of, LONGEST);
    match &principal.among {
        Among::All => of,
        Among::NoGroup => format!("{of} in none of the groups"),
        Among::Group(group) => format!("{of} in {}", named(group, LONGEST)),
    }
}

fn listed(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMES);
    if more > 1 {
        names.truncate(NAMES);
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// `▲ gained: never → if context.mfa`.
fn cell(cell: &MatrixCell) -> String {
    let now = said(cell);
    match cell.relation().and_then(matrix::sign) {
        None => now,
        Some(sign) if cell.before() == cell.now() => format!("{sign}: {now}"),
        Some(sign) => format!("{sign}: {} → {now}", matrix::word(cell.before().as_ref())),
    }
}

fn said(cell: &MatrixCell) -> String {
    let now = cell.now();
    let asked = matrix::asked(cell);
    match now {
        Some(Extent::Sometimes) if !asked.is_empty() => {
            let mut names: Vec<String> = asked.iter().take(ASKED).map(|one| named(one, LONGEST)).collect();
            let more = asked.len().saturating_sub(ASKED);
            names.extend((more > 0).then(|| format!("{more} more")));
            format!("if {}", names.join(", "))
        }
        Some(Extent::Unknown(why)) => format!("not decided ({})", cut(&why, LONGEST)),
        now => matrix::word(now.as_ref()).to_owned(),
    }
}
