//! The first environment of each kind.
//!
//! # Why
//!
//! A policy that leaves the action open is in environments of many kinds, and mostly says the same in all of them. Of
//! environments with the same types two are looked at, then two more, then four: so few are worked out that nothing is
//! known of, and what is tried does not hang on how many cores there are.

use rayon::prelude::*;

use super::delta::{Delta, Where};

/// What was found in so many environments is tried in others of the same types.
const TRIED: usize = 32;

/// What environments have in common that are likely to change alike: the types, and the policies that changed.
pub(super) type Kind = (Where, String, String, Vec<usize>);

/// What changes in the first environment of the kind with that number, by what was found in others; whether others
/// will be told of it.
type One<'o> = dyn Fn(usize, &[&Delta], bool) -> Option<Delta> + Sync + 'o;

/// What changes in the first environment of each of `kinds`, which are sorted. `one` works it out for the kind with
/// that number, with what was found in others of the same types, and is told whether more will follow.
pub(super) fn lead(kinds: &[(Kind, Vec<usize>)], one: &One<'_>) -> Vec<Option<Delta>> {
    let same_types = |(one, _): &(Kind, Vec<usize>), (other, _): &(Kind, Vec<usize>)| {
        (one.0, &one.1, &one.2) == (other.0, &other.1, &other.2)
    };
    let numbers: Vec<usize> = (0..kinds.len()).collect();
    let mut rest = numbers.as_slice();
    let groups = kinds.chunk_by(same_types).map(|group| {
        let (own, others) = rest.split_at(group.len().min(rest.len()));
        rest = others;
        own
    });
    let groups: Vec<&[usize]> = groups.collect();
    let mut found: Vec<Option<Delta>> = kinds.iter().map(|_| None).collect();
    let mut done = 0;
    while groups.iter().any(|group| done < group.len()) {
        let until = (done * 2).max(2);
        let round: Vec<(usize, Vec<&Delta>, bool)> = groups
            .iter()
            .flat_map(|group| {
                let known = group.iter().take(done.min(TRIED)).filter_map(|at| found.get(*at)?.as_ref());
                let known: Vec<&Delta> = known.collect();
                let followed = until < group.len() && done < TRIED;
                group.iter().take(until).skip(done).map(move |at| (*at, known.clone(), followed))
            })
            .collect();
        let new: Vec<(usize, Option<Delta>)> =
            round.par_iter().map(|(at, known, followed)| (*at, one(*at, known, *followed))).collect();
        for (at, delta) in new {
            if let Some(slot) = found.get_mut(at) {
                *slot = delta;
            }
        }
        done = until;
    }
    found
}
