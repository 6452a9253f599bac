//! The smallest set of policies without which a request as described would exist.

use cedar_policy::Effect;

use super::engine::{Engine, any, any_other, matches};
use super::hitting::hitting_set;
use crate::symbolic::{Answer, Formula, PolicyRef};

/// After so many requests the search for a smallest set ends with a small one.
const ROUNDS: usize = 200;
/// Sets up to this size are then made smaller one policy at a time.
const SHRUNK: usize = 64;

/// A smallest subset of `universe`, which are policies of `effect`, of which some policy matches every request as `question` says, in all of `environments`.
/// `None` when there is none, or no answer, which is then noted for `about`.
///
/// Requests that the set does not reach yet are collected, each with the policies that match it; the smallest set that hits
/// all of these is the next guess.
pub(super) fn smallest_cover(
    engine: &mut Engine<'_>,
    environments: &[usize],
    question: &Formula,
    (effect, universe): (Effect, &[usize]),
    about: usize,
) -> Option<Vec<usize>> {
    // Always true; with it the requests that are found know what every policy of the universe does.
    let all = any_other(effect, about);
    let question = &question.clone().and(all.clone().or(!all));
    let mut reached: Vec<Vec<usize>> = Vec::new();
    let mut open: Vec<usize> = environments.to_vec();
    for _ in 0..ROUNDS {
        let guess = hitting_set(&reached)?;
        match uncovered(engine, &mut open, question, &guess, universe, about)? {
            Some(set) => reached.push(set),
            None => return Some(guess),
        }
    }
    let mut cover = universe.to_vec();
    if uncovered(engine, &mut open, question, &cover, universe, about)?.is_some() {
        return None;
    }
    for policy in universe.iter().rev().filter(|_| universe.len() <= SHRUNK) {
        let fewer: Vec<usize> = cover.iter().copied().filter(|other| other != policy).collect();
        if uncovered(engine, &mut open, question, &fewer, universe, about)?.is_none() {
            cover = fewer;
        }
    }
    Some(cover)
}

/// One policy of `candidates` that matches every request that `policy` does, in all of `environments`.
pub(super) fn single_cover(
    engine: &mut Engine<'_>,
    environments: &[usize],
    policy: usize,
    candidates: &[usize],
) -> Option<usize> {
    candidates.iter().copied().find(|other| {
        let left = matches(policy).and(!matches(*other));
        environments.iter().all(|at| engine.check_apart(*at, &left, policy).is_impossible())
    })
}

/// The policies of `universe` that match some request as `question` says and that `cover` does not reach: `Some(None)` when
/// it reaches all. The environment where one was found comes first in `environments` from then on.
fn uncovered(
    engine: &mut Engine<'_>,
    environments: &mut [usize],
    question: &Formula,
    cover: &[usize],
    universe: &[usize],
    about: usize,
) -> Option<Option<Vec<usize>>> {
    let question = question.clone().and(!any(cover));
    let mut found = None;
    for (at, environment) in environments.iter().enumerate() {
        match engine.check(*environment, &question, about) {
            Answer::Impossible => {}
            Answer::Unknown(_) => return None,
            Answer::Witness(sample) => {
                let matching = |index: &usize| sample.matches(PolicyRef { side: 0, index: *index }) == Some(true);
                found = Some((at, universe.iter().copied().filter(matching).collect()));
                break;
            }
        }
    }
    Some(found.map(|(at, set)| {
        environments.swap(0, at);
        set
    }))
}
