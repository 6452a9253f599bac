//! Permits and forbids that overlap, neither inside the other.
//!
//! # Why
//!
//! A store of a thousand policies has a hundred thousand pairs, most of which overlap in every environment. So a pair
//! is asked about in one environment after the other, until one has a conflict; and each request that is found tells,
//! of every policy at once, that what matches it does not lie inside of what does not.

use std::collections::BTreeMap;
use std::rc::Rc;

use cedar_policy::Effect;
use rustc_hash::FxHashSet;

use super::questions::{matches, policy};
use super::store_facts::Facts;
use super::unanswered::Unanswered;
use crate::symbolic::{Answer, Formula, PolicyRef, Sample, Sessions};

/// A permit, and the forbids that overlap with it so that neither lies inside of the other.
#[derive(Debug)]
pub(in crate::lint) struct Conflict {
    /// The permit.
    pub(in crate::lint) permit: usize,
    /// The forbids.
    pub(in crate::lint) forbids: Vec<usize>,
    /// The environments where one of them does.
    pub(in crate::lint) environments: Vec<usize>,
    /// Where the first of them does.
    pub(in crate::lint) shown_in: usize,
}

/// A permit and a forbid, and the environments that they share and that were not looked at.
#[derive(Debug, Clone)]
struct Pair {
    permit: usize,
    forbid: usize,
    open: Vec<usize>,
}

/// What came of some pairs in one environment.
#[derive(Debug, Default)]
struct Asked {
    conflicting: Vec<Pair>,
    others: Vec<Pair>,
    unanswered: Unanswered,
}

/// All of them, by permit.
pub(in crate::lint) fn conflicts(facts: &mut Facts<'_>) -> Rc<Vec<Conflict>> {
    facts.once(find_conflicts)
}

fn find_conflicts(facts: &mut Facts<'_>) -> Vec<Conflict> {
    let mut found: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    let mut open = pairs(facts);
    while !open.is_empty() {
        let asked = ask(facts, open);
        open = Vec::new();
        for (at, asked) in asked {
            facts.unanswered.merge(&asked.unanswered);
            for pair in asked.conflicting {
                found.entry(pair.permit).or_default().insert(pair.forbid, at);
            }
            open.extend(asked.others.into_iter().filter(|pair| !pair.open.is_empty()));
        }
    }
    let elsewhere = find_elsewhere(facts, &found);
    let conflict = |(permit, forbids): (usize, BTreeMap<usize, usize>)| {
        let shown_in = *forbids.values().next()?;
        let mut environments: Vec<usize> = forbids.values().copied().collect();
        environments.extend(elsewhere.get(&permit).into_iter().flatten());
        environments.sort_unstable();
        environments.dedup();
        Some(Conflict { permit, forbids: forbids.into_keys().collect(), environments, shown_in })
    };
    found.into_iter().filter_map(conflict).collect()
}

/// Every pair that meets in some environment. Where one of the two matches everything, or they never meet, the other
/// lies inside of it or apart.
fn pairs(facts: &Facts<'_>) -> Vec<Pair> {
    let places = |index: usize| facts.live(index).collect::<Vec<usize>>();
    let of = |effect| facts.deciding(effect).into_iter().map(|index| (index, places(index))).collect::<Vec<_>>();
    let (permits, forbids) = (of(Effect::Permit), of(Effect::Forbid));
    let mut pairs = Vec::new();
    for (permit, here) in &permits {
        for (forbid, there) in &forbids {
            let mut open: Vec<usize> = here.iter().copied().filter(|at| there.binary_search(at).is_ok()).collect();
            // Each pair begins elsewhere, so that the environments share the work.
            let turn = (permit + forbid) % open.len().max(1);
            open.rotate_left(turn);
            if !open.is_empty() {
                pairs.push(Pair { permit: *permit, forbid: *forbid, open });
            }
        }
    }
    pairs
}

/// Asks about each pair in the next of its environments.
fn ask(facts: &Facts<'_>, pairs: Vec<Pair>) -> Vec<(usize, Asked)> {
    let mut jobs: BTreeMap<usize, Vec<Pair>> = BTreeMap::new();
    for mut pair in pairs {
        if let Some(at) = pair.open.pop() {
            jobs.entry(at).or_default().push(pair);
        }
    }
    let jobs: Vec<(usize, Vec<Pair>)> = jobs.into_iter().collect();
    let members = facts.members.len();
    facts.sessions.spread(&jobs, 1, |sessions, (at, pairs)| {
        let mut asking = Asking::new(sessions, *at, members);
        let mut asked = Asked::default();
        // They are in the order of permits.
        for pairs in pairs.chunk_by(|one, other| one.permit == other.permit) {
            asking.look_for_overlaps(pairs);
            for pair in pairs {
                match asking.conflict(pair.permit, pair.forbid) {
                    true => asked.conflicting.push(pair.clone()),
                    false => asked.others.push(pair.clone()),
                }
            }
        }
        asked.unanswered = asking.unanswered;
        (*at, asked)
    })
}

/// The environments besides those of `found` where a permit is in conflict with one of its forbids.
fn find_elsewhere(
    facts: &mut Facts<'_>,
    found: &BTreeMap<usize, BTreeMap<usize, usize>>,
) -> BTreeMap<usize, Vec<usize>> {
    let mut jobs: BTreeMap<usize, Vec<(usize, Vec<usize>)>> = BTreeMap::new();
    for (permit, forbids) in found {
        let known: Vec<usize> = forbids.values().copied().collect();
        for at in facts.live(*permit).filter(|at| !known.contains(at)) {
            let there = |forbid: &usize| facts.live(*forbid).any(|there| there == at);
            jobs.entry(at).or_default().push((*permit, forbids.keys().copied().filter(there).collect()));
        }
    }
    let jobs: Vec<_> = jobs.into_iter().collect();
    let members = facts.members.len();
    let asked = facts.sessions.spread(&jobs, 1, |sessions, (at, permits)| {
        let mut asking = Asking::new(sessions, *at, members);
        let mut permits = permits.clone();
        permits.retain(|(permit, forbids)| forbids.iter().any(|forbid| asking.conflict(*permit, *forbid)));
        (*at, permits, asking.unanswered)
    });
    let mut elsewhere: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (at, permits, unanswered) in asked {
        facts.unanswered.merge(&unanswered);
        permits.into_iter().for_each(|(permit, _)| elsewhere.entry(permit).or_default().push(at));
    }
    elsewhere
}

/// A search in one environment.
struct Asking<'s, 'r> {
    sessions: &'s mut Sessions<'r>,
    at: usize,
    /// For each policy that was seen to match: those that always matched too, as bits, or may have.
    inside: BTreeMap<usize, Vec<u64>>,
    /// Pairs of which a request was seen that both match.
    overlapping: FxHashSet<(usize, usize)>,
    words: usize,
    unanswered: Unanswered,
}

impl<'s, 'r> Asking<'s, 'r> {
    fn new(sessions: &'s mut Sessions<'r>, at: usize, members: usize) -> Self {
        Self {
            sessions,
            at,
            inside: BTreeMap::new(),
            overlapping: FxHashSet::default(),
            words: members.div_ceil(64),
            unanswered: Unanswered::default(),
        }
    }

    /// Whether the two overlap, neither inside of the other.
    fn conflict(&mut self, permit: usize, forbid: usize) -> bool {
        (self.overlapping.contains(&(permit, forbid))
            || self.is_possible(permit, &matches(permit).and(matches(forbid))))
            && self.is_alone(permit, forbid)
            && self.is_alone(forbid, permit)
    }

    /// Whether `one` matches a request that `other` does not.
    fn is_alone(&mut self, one: usize, other: usize) -> bool {
        let apart = self
            .inside
            .get(&one)
            .and_then(|bits| bits.get(other / 64))
            .is_some_and(|word| word & (1 << (other % 64)) == 0);
        apart || self.is_possible(one, &matches(one).and(!matches(other)))
    }

    /// Whether there is a request as `question` says.
    fn is_possible(&mut self, about: usize, question: &Formula) -> bool {
        let Some(session) = self.sessions.full(self.at) else { return false };
        match session.check(question) {
            Answer::Impossible => false,
            Answer::Unknown(reason) => {
                self.unanswered.note(about, &reason);
                false
            }
            Answer::Witness(sample) => {
                self.learn(&sample);
                true
            }
        }
    }

    /// What one request tells of all policies.
    fn learn(&mut self, sample: &Sample) {
        let mut together = vec![u64::MAX; self.words];
        let set = |together: &mut Vec<u64>, index: usize, value: bool| {
            if let Some(word) = together.get_mut(index / 64) {
                let bit = 1 << (index % 64);
                *word = if value { *word | bit } else { *word & !bit };
            }
        };
        let known = sample.known(0).iter().enumerate().filter(|(_, known)| **known);
        known.for_each(|(index, _)| set(&mut together, index, false));
        sample.matching(0).iter().for_each(|index| set(&mut together, *index, true));
        for index in sample.matching(0) {
            let inside = self.inside.entry(*index).or_insert_with(|| vec![u64::MAX; together.len()]);
            inside.iter_mut().zip(&together).for_each(|(inside, word)| *inside &= word);
        }
    }

    /// Looks for requests that the permit of `pairs`, which all have the same, matches and their forbids too, and for
    /// one that each matches.
    fn look_for_overlaps(&mut self, pairs: &[Pair]) {
        let Some(permit) = pairs.first().map(|pair| pair.permit) else { return };
        let forbids: Vec<usize> = pairs.iter().map(|pair| pair.forbid).collect();
        for one in std::iter::once(&permit).chain(&forbids) {
            if !self.inside.contains_key(one) {
                self.merge(*one, &[]);
            }
        }
        self.look_among(permit, forbids);
    }

    /// Looks for requests that the permit matches with as many of `forbids` as go together, then with those that are
    /// left.
    fn look_among(&mut self, permit: usize, forbids: Vec<usize>) {
        let mut left = forbids;
        while !left.is_empty() {
            let Some(sample) = self.merge(permit, &left) else {
                // One of them may be in the way of all.
                let rest = left.split_off(left.len() / 2);
                if !left.is_empty() {
                    self.look_among(permit, left);
                    self.look_among(permit, rest);
                }
                return;
            };
            let matches = |index: usize| sample.matches(policy(index)) == Some(true);
            let (found, rest): (Vec<usize>, Vec<usize>) =
                left.into_iter().partition(|forbid| matches(permit) && matches(*forbid));
            if found.is_empty() {
                return;
            }
            self.overlapping.extend(found.into_iter().map(|forbid| (permit, forbid)));
            left = rest;
        }
    }

    fn merge(&mut self, one: usize, others: &[usize]) -> Option<Sample> {
        let others: Vec<PolicyRef> = others.iter().copied().map(policy).collect();
        let sample = self.sessions.full(self.at)?.merge(policy(one), &others)?;
        self.learn(&sample);
        Some(sample)
    }
}
