//! Where things stand on the two sides.

use super::untrusted_text::Phrase;
use crate::outcome::changes::{Cause, Comparison};
use crate::text::Location;

/// `path:line:column`; only the path where there is no text to point into.
pub(in crate::report) fn label(location: &Location) -> String {
    if location.file.text().is_empty() { location.path().to_owned() } else { location.label() }
}

/// Where a cause stands on both sides: `a.cedar:3:1 in main, a.cedar:9:1 in the worktree`.
pub(in crate::report) fn place(comparison: &Comparison, cause: &Cause) -> Phrase {
    let on = |location: &Location, side: &str| Phrase::default().word(&label(location)).say(" in ").word(side);
    let (before, after) = (&comparison.old.label, &comparison.new.label);
    match (&cause.old, &cause.new) {
        (Some(old), Some(new)) if label(old) == label(new) => on(old, before).say(" and ").word(after),
        (Some(old), Some(new)) => on(old, before).say(" -> ").then(on(new, after)),
        (Some(old), None) => on(old, before),
        (None, Some(new)) => on(new, after),
        (None, None) => Phrase::default().name(&cause.policy),
    }
}
