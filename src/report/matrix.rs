//! The permission matrix in words: what every report says of it.

use crate::outcome::changes::Relation;
use crate::outcome::{Among, Extent, MatrixCell, MatrixPrincipal};

/// What becomes of requests, in a word or two; of those that there are not as well.
pub(super) fn word(reach: Option<&Extent>) -> &'static str {
    match reach {
        Some(Extent::Never) => "never",
        Some(Extent::Sometimes) => "under conditions",
        Some(Extent::Always) => "always",
        Some(Extent::Unknown(_)) => "not decided",
        None => "no such request",
    }
}

/// What changed, if something did, or may have.
pub(super) fn sign(relation: Relation) -> Option<&'static str> {
    match relation {
        Relation::Same => None,
        Relation::Gained => Some("▲ gained"),
        Relation::Lost => Some("▼ lost"),
        Relation::Both => Some("▲▼ gained and lost"),
        Relation::Unknown => Some("? not decided"),
    }
}

/// A principal: its type, or the group and then the type; names between backticks.
pub(super) fn principal(principal: &MatrixPrincipal) -> String {
    let ticked = |name: &str| format!("`{}`", name.replace('`', "\\u{60}"));
    let of = ticked(&principal.of);
    match &principal.among {
        Among::All => of,
        Among::NoGroup => format!("{of} in none of the groups"),
        Among::Group(group) => format!("{of} in {}", ticked(group)),
    }
}

/// What the policies of a cell ask, what is of the context first.
pub(super) fn asked(cell: &MatrixCell) -> Vec<&str> {
    let mut all: Vec<&str> = cell.parts.iter().flat_map(|part| &part.asks).map(String::as_str).collect();
    all.sort_by_key(|one| (!one.starts_with("context"), one.contains(" == "), *one));
    all.dedup();
    all
}
