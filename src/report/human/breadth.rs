//! Permits by how far they reach.

use super::clean::clean;
use super::paint::{Ink, Page};
use crate::outcome::{Breadth, Broader, Outcome};
use crate::report::breadth::{asks, open, reach, since};

/// What stands before each line about a permit.
const INDENT: usize = 6;

/// Writes the ranking, if it was asked for, a store at a time.
pub(super) fn write(page: &mut Page, outcome: &Outcome) {
    let several = outcome.summary.stores > 1;
    for store in outcome.breadth.chunk_by(|one, other| one.store == other.store) {
        let of = store.first().filter(|_| several).map(|first| format!(" of store `{}`", clean(&first.store)));
        let title = format!("permits{} by how far they reach, the furthest first", of.unwrap_or_default());
        page.item(Ink::Dim, "  ", 2, &title);
        store.iter().for_each(|permit| one(page, permit));
        page.gap();
    }
}

fn one(page: &mut Page, permit: &Breadth) {
    page.item(Ink::Note, &format!("{:>4}. ", permit.rank), INDENT, &clean(&permit.policy));
    page.item(Ink::Dim, "      ", INDENT + 2, &format!("{}; {}", reach(permit), open(permit)));
    let asked = asks(permit);
    let asked = if asked.is_empty() {
        "it asks for nothing else".to_owned()
    } else {
        format!("it asks for {}", asked.join(", "))
    };
    page.item(Ink::Dim, "      ", INDENT + 2, &clean(&asked));
    if let Some(since) = since(permit) {
        let is_more = permit.since.as_ref().is_some_and(|since| since.broader != Broader::No);
        page.item(if is_more { Ink::Warning } else { Ink::Dim }, "      since then: ", INDENT + 2, &clean(&since));
    }
}
