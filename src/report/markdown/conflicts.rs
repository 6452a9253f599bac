//! Permits and forbids that overlap, as a table where it has few columns, else as a list.

use super::escape::code;
use crate::outcome::Outcome;
use crate::report::conflicts::{Matrix, letter, matrices};

/// More forbids than this are no columns.
const COLUMNS: usize = 16;

/// The parts of all matrices, each with a head and rows.
pub(super) fn sections(outcome: &Outcome) -> Vec<(String, Vec<String>)> {
    matrices(outcome).iter().map(section).collect()
}

fn section(matrix: &Matrix<'_>) -> (String, Vec<String>) {
    let store = matrix.store.map(|store| format!(" in store {}", code(store))).unwrap_or_default();
    let title = format!("\nPermits and forbids that overlap{store}; where both match, the forbid wins.\n");
    let names = |permits: &[&str]| permits.iter().map(|permit| code(permit)).collect::<Vec<_>>().join(", ");
    if matrix.forbids.len() > COLUMNS {
        let row = |(permits, cells): &(Vec<&str>, Vec<bool>)| {
            let forbids: Vec<&str> =
                matrix.forbids.iter().zip(cells).filter(|(_, cell)| **cell).map(|(forbid, _)| *forbid).collect();
            format!("| {} | {} |\n", names(permits), names(&forbids))
        };
        let head = format!("{title}\n| Permits | Forbids |\n|---|---|\n");
        return (head, matrix.rows.iter().map(row).collect());
    }
    let legend = matrix.forbids.iter().enumerate().map(|(at, forbid)| format!("- {}: {}\n", letter(at), code(forbid)));
    let letters: Vec<String> = (0..matrix.forbids.len()).map(letter).collect();
    let head = format!(
        "{title}\n{}\n| Permits | {} |\n|---|{}\n",
        legend.collect::<String>(),
        letters.join(" | "),
        ":-:|".repeat(letters.len())
    );
    let row = |(permits, cells): &(Vec<&str>, Vec<bool>)| {
        let marks: Vec<&str> = cells.iter().map(|there| if *there { "x" } else { "" }).collect();
        format!("| {} | {} |\n", names(permits), marks.join(" | "))
    };
    (head, matrix.rows.iter().map(row).collect())
}
