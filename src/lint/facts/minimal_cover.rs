//! The smallest set of policies without which a request as described would exist.
//!
//! # Why
//!
//! Covers are hitting sets, so that what is proved in the end is the smallest, not just one of which nothing can be
//! left out. That holds for up to four policies; a larger cover, or one that takes too many requests or steps to find,
//! is a small one.

use cedar_policy::Effect;

use super::hitting_set::hitting_set;
use super::questions::{any, any_other, matches, policy};
use super::store_facts::Facts;
use crate::symbolic::{Answer, Formula};

/// After so many requests the search for a smallest set ends with a small one.
const ROUNDS: usize = 200;
/// Sets up to this size are then made smaller one policy at a time.
const SHRUNK: usize = 64;

/// A smallest subset of `universe`, which are policies of `effect`, of which some policy matches every request as
/// `question` says, in all of `environments`. `None` when there is none, or no answer, which is then noted for `about`.
///
/// Requests that the set does not reach yet are collected, each with the policies that match it; the smallest set that
/// hits all of these is the next guess.
pub(super) fn smallest_cover(
    facts: &mut Facts<'_>,
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
        match find_uncovered(facts, &mut open, question, &guess, universe, about)? {
            Some(set) => reached.push(set),
            None => return Some(guess),
        }
    }
    let mut cover = universe.to_vec();
    if find_uncovered(facts, &mut open, question, &cover, universe, about)?.is_some() {
        return None;
    }
    for policy in universe.iter().rev().filter(|_| universe.len() <= SHRUNK) {
        let fewer: Vec<usize> = cover.iter().copied().filter(|other| other != policy).collect();
        if find_uncovered(facts, &mut open, question, &fewer, universe, about)?.is_none() {
            cover = fewer;
        }
    }
    Some(cover)
}

/// The smallest set of `others`, which are policies of the effect, of which some policy matches every request that
/// `policy` does, in all of `environments`. `None` as for [`smallest_cover`].
pub(super) fn cover_policy(
    facts: &mut Facts<'_>,
    environments: &[usize],
    policy: usize,
    others: (Effect, &[usize]),
) -> Option<Vec<usize>> {
    let single = single_cover(facts, environments, policy, others.1);
    cover_from(facts, single, environments, policy, others)
}

/// The same where a `single` cover was looked for.
pub(super) fn cover_from(
    facts: &mut Facts<'_>,
    single: Option<usize>,
    environments: &[usize],
    policy: usize,
    others: (Effect, &[usize]),
) -> Option<Vec<usize>> {
    match single {
        Some(single) => Some(vec![single]),
        None => smallest_cover(facts, environments, &matches(policy), others, policy),
    }
}

/// One policy of `others` that matches every request that `policy` does, in all of `environments`. Only one that also
/// matches the requests that were seen is asked about.
pub(super) fn single_cover(
    facts: &mut Facts<'_>,
    environments: &[usize],
    policy: usize,
    others: &[usize],
) -> Option<usize> {
    let seen = |at: &usize| facts.found.get(*at).and_then(|here| here.seen.get(&policy));
    let everywhere = |other: &usize| environments.iter().all(|at| seen(at).is_none_or(|seen| seen.contains(other)));
    let candidates: Vec<usize> = others.iter().copied().filter(everywhere).collect();
    candidates.into_iter().find(|other| {
        let left = matches(policy).and(!matches(*other));
        environments.iter().all(|at| facts.check_few(*at, &left, policy).is_impossible())
    })
}

/// The policies of `universe` that match some request as `question` says and that `cover` does not reach: `Some(None)`
/// when it reaches all. The environment where one was found comes first in `environments` from then on.
fn find_uncovered(
    facts: &mut Facts<'_>,
    environments: &mut [usize],
    question: &Formula,
    cover: &[usize],
    universe: &[usize],
    about: usize,
) -> Option<Option<Vec<usize>>> {
    let question = question.clone().and(!any(cover));
    let mut found = None;
    for (at, environment) in environments.iter().enumerate() {
        match facts.check(*environment, &question, about) {
            Answer::Impossible => {}
            Answer::Unknown(_) => return None,
            Answer::Witness(sample) => {
                let matching = |index: &usize| sample.matches(policy(*index)) == Some(true);
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
