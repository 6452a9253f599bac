//! Rows and columns that are the same, together.

use std::collections::{BTreeMap, BTreeSet};

use super::Cells;
use crate::outcome::{Cacheable, MatrixCell, MatrixPrincipal, MatrixRow};

/// The columns and rows of `cells`: principals of which everything is the same share a column, actions of which
/// everything is the same share a row, what their decisions hang on included.
pub(super) fn fold(cells: Cells, hangs_on: &[Cacheable]) -> (Vec<Vec<MatrixPrincipal>>, Vec<MatrixRow>) {
    let principals: BTreeSet<MatrixPrincipal> = cells.values().flat_map(BTreeMap::keys).cloned().collect();
    let actions: Vec<String> = cells.keys().cloned().collect();
    let mut rows: Vec<BTreeMap<MatrixPrincipal, MatrixCell>> = cells
        .into_values()
        .map(|row| row.into_iter().map(|(principal, parts)| (principal, MatrixCell { parts })).collect())
        .collect();
    // Column by column.
    let mut columns: Vec<(Vec<MatrixPrincipal>, Vec<MatrixCell>)> = Vec::new();
    for principal in principals {
        let column: Vec<MatrixCell> = rows.iter_mut().map(|row| row.remove(&principal).unwrap_or_default()).collect();
        match columns.iter_mut().find(|(_, known)| *known == column) {
            Some((names, _)) => names.push(principal),
            None => columns.push((vec![principal], column)),
        }
    }
    let (principals, columns): (Vec<_>, Vec<Vec<MatrixCell>>) = columns.into_iter().unzip();
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let mut rows: Vec<MatrixRow> = Vec::new();
    for action in actions {
        let cells: Vec<MatrixCell> = columns.iter_mut().filter_map(Iterator::next).collect();
        let own = hangs_on.iter().find(|one| one.action == action);
        let same = |row: &&mut MatrixRow| row.cells == cells && alike(row.hangs_on.as_ref(), own);
        match rows.iter_mut().find(same) {
            Some(row) => row.actions.push(action),
            None => rows.push(MatrixRow { actions: vec![action], hangs_on: own.cloned(), cells }),
        }
    }
    (principals, rows)
}

/// Whether two actions hang on the same, whatever shows it.
fn alike(one: Option<&Cacheable>, other: Option<&Cacheable>) -> bool {
    let told = |one: &Cacheable| {
        let on: Vec<_> = one.on.iter().map(|on| (on.attribute.clone(), on.kind, on.open.clone())).collect();
        (on, one.groups.clone())
    };
    one.map(told) == other.map(told)
}
