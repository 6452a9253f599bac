//! Suppressions that are not needed, taken out of the text.

use super::scan::Suppression;
use crate::finding::{Edit, Fix};
use crate::text::{Location, Span, cut, inline};

/// The file without the comment.
pub(super) fn without_comment(suppression: &Suppression) -> Fix {
    let Location { file, span } = &suppression.location;
    let place = Location::new(file, cut(file.text(), *span));
    Fix::new("remove this suppression", vec![Edit::new(place, "")])
}

/// The comment without the name at `at`, of which those that are `gone` go as well: without all of it where no name is
/// left.
pub(super) fn without_name(suppression: &Suppression, at: usize, gone: &dyn Fn(usize) -> bool) -> Option<Fix> {
    let names = &suppression.rules;
    if (0..names.len()).all(gone) {
        return Some(without_comment(suppression));
    }
    let (name, place) = names.get(at)?;
    let own = place.span;
    // With the comma before it where a name stays there, else with the one behind it.
    let before = at.checked_sub(1).filter(|_| (0..at).any(|other| !gone(other))).and_then(|before| names.get(before));
    let behind = names.get(at + 1);
    let span = match (before, behind) {
        (Some((_, before)), _) => Span::new(before.span.end, own.end),
        (None, Some((_, behind))) => Span::new(own.start, behind.span.start),
        (None, None) => own,
    };
    let edit = Edit::new(Location::new(&place.file, span), "");
    Some(Fix::new(format!("remove `{}` from this suppression", inline(name)), vec![edit]))
}
