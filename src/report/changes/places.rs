//! Where things stand on the two sides.

use super::untrusted_text::Phrase;
use crate::outcome::changes::{Cause, Comparison, Side};
use crate::text::Location;

/// `path:line:column`; only the path where there is no text to point into.
pub(in crate::report) fn label(location: &Location) -> String {
    if location.has_lines() { location.label() } else { location.path().to_owned() }
}

/// Of a commit id so many digits are shown.
const SHOWN_OF_COMMIT: usize = 12;

/// What the side is called, and the beginning of its commit's id where that says more.
pub(in crate::report) fn revision(side: &Side) -> (&str, Option<&str>) {
    let short = side.commit.as_deref().map(|commit| commit.get(..SHOWN_OF_COMMIT).unwrap_or(commit));
    (&side.label, short.filter(|short| !side.label.starts_with(short)))
}

/// Where causes stand: those that stand in one file, at the same places on both sides, at once.
pub(in crate::report) fn places(comparison: &Comparison, causes: &[&Cause]) -> Vec<Phrase> {
    let kept = |cause: &Cause| match (&cause.old, &cause.new) {
        (Some(old), Some(new)) if label(old) == label(new) && new.has_lines() => Some(new.clone()),
        _ => None,
    };
    let mut files: Vec<(Option<Location>, Vec<&Cause>)> = Vec::new();
    for cause in causes {
        let place = kept(cause);
        let same = |first: &Location| place.as_ref().is_some_and(|place| place.path() == first.path());
        match files.iter_mut().find(|(first, _)| first.as_ref().is_some_and(same)) {
            Some((_, all)) => all.push(cause),
            None => files.push((place, vec![cause])),
        }
    }
    let (before, after) = (&comparison.old.label, &comparison.new.label);
    let one = |(first, all): (Option<Location>, Vec<&Cause>)| match (first, all.as_slice()) {
        (Some(first), [_, _, ..]) => {
            let mut starts: Vec<_> = all.iter().filter_map(|cause| cause.new.as_ref()).map(Location::start).collect();
            starts.sort_by_key(|start| (start.line, start.column));
            let lines: Vec<Phrase> =
                starts.iter().map(|start| Phrase::of(&format!("{}:{}", start.line, start.column))).collect();
            let lines = Phrase::listed(lines, "and");
            Phrase::default().word(first.path()).say(":").then(lines).say(" in ").word(before).say(" and ").word(after)
        }
        (_, [only, ..]) => place(comparison, only),
        (_, []) => Phrase::default(),
    };
    files.into_iter().map(one).collect()
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
