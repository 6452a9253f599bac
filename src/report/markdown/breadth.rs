//! Permits by how far they reach, as a table.

use super::escape::{code, prose};
use crate::outcome::{Breadth, Outcome};
use crate::report::breadth::{asks, open, reach, since};

/// The head of the table.
pub(super) const HEAD: &str = "\n| | Permit | Reaches | Asks for | Since then |\n|---|---|---|---|---|\n";

/// Its rows.
pub(super) fn rows(outcome: &Outcome) -> impl Iterator<Item = String> {
    outcome.breadth.iter().map(row)
}

fn row(permit: &Breadth) -> String {
    let asked: Vec<String> = asks(permit).iter().map(|asked| prose(asked)).collect();
    let since = since(permit).map(|since| prose(&since)).unwrap_or_default();
    let reaches = prose(&format!("{}; {}", reach(permit), open(permit)));
    format!("| {} | {} | {reaches} | {} | {since} |\n", permit.rank, code(&permit.policy), asked.join("<br>"))
}
