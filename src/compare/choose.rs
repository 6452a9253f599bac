//! Which of many policies a clause has to name: as few as decide what all of them decide.
//!
//! # Why
//!
//! A policy that alone decides some request has to be named. That is mostly seen without a search: a request in
//! question and one that the policy matches go together, and no other policy matches what comes of it. Where more have
//! to be named than are looked for, all are, and nothing is searched for.

use super::clauses::{Search, Sided};
use super::pair::OTHERS;
use super::view::any;
use crate::symbolic::{Answer, Formula, PolicyRef, Sample};

/// So many policies of a clause are looked for; where more decide something, all others are named as well.
const LOOKED_FOR: usize = 12;

/// Of more than this fewer are looked for: where many overlap, a few seldom decide it all.
const MANY: usize = 24;
const LOOKED_FOR_OF_MANY: usize = 4;

impl Search<'_, '_, '_> {
    /// As few of `all` as decide what all of them decide of `narrow`.
    pub(super) fn deciding(&mut self, narrow: &Formula, mut all: Vec<Sided>) -> Vec<Sided> {
        if all.is_empty() {
            return all;
        }
        let decided = narrow.clone().and(any(all.iter().map(|(applied, _)| applied)));
        self.choose(decided, Some(narrow), &mut all)
    }

    /// As few of `left` as match everything of `target`, which may be what they match of `narrow`.
    pub(super) fn choose(&mut self, target: Formula, narrow: Option<&Formula>, left: &mut Vec<Sided>) -> Vec<Sided> {
        let most = match left.len() {
            _ if !self.work.options.conditions => 0,
            many if many > MANY => LOOKED_FOR_OF_MANY,
            _ => LOOKED_FOR,
        };
        let needed = match narrow {
            Some(narrow) if most > 0 && left.len() > 1 => self.needed(narrow, left, most + 1),
            _ => Vec::new(),
        };
        let too_many = needed.len() > most && most > 0;
        let (mut chosen, rest): (Vec<Sided>, Vec<Sided>) =
            std::mem::take(left).into_iter().partition(|other| needed.iter().take(most).any(|one| one == other));
        *left = rest;
        let certain = chosen.len();
        while !too_many && chosen.len() < most && !left.is_empty() {
            let besides = !any(chosen.iter().map(|(applied, _)| applied));
            let sample = match self.work.session.check(&target.clone().and(besides)) {
                Answer::Impossible => return self.fewer(&target, chosen, certain),
                Answer::Unknown(_) => break,
                Answer::Witness(sample) => sample,
            };
            match self.best(&sample, left) {
                Some(at) => chosen.push(left.remove(at)),
                None => break,
            }
        }
        if left.is_empty() {
            return self.fewer(&target, chosen, certain);
        }
        // What is not known to be of no account is named.
        let few = left.len() <= OTHERS && self.work.options.conditions;
        if few || self.work.takes(left.len()) {
            chosen.append(left);
        } else {
            self.partial = true;
        }
        chosen
    }

    /// Those of `all` of which each is seen to decide a request of `narrow` alone, `most` at most.
    fn needed(&mut self, narrow: &Formula, all: &[Sided], most: usize) -> Vec<Sided> {
        let policies: Vec<PolicyRef> = all.iter().map(|(applied, _)| applied.policy).collect();
        let mut found: Vec<PolicyRef> = Vec::new();
        self.work.session.merge_each(narrow, &policies, &mut |policy, sample| {
            let alone = policies.iter().all(|other| sample.matches(*other) == Some(*other == policy));
            if alone {
                found.push(policy);
            }
            found.len() < most
        });
        all.iter().filter(|(applied, _)| found.contains(&applied.policy)).copied().collect()
    }

    /// Those of `chosen`, which together match everything of `target`, that the others do not make idle: of `n < 40`
    /// and `n < 95` the second. The first `certain` of them are needed.
    fn fewer(&mut self, target: &Formula, mut chosen: Vec<Sided>, certain: usize) -> Vec<Sided> {
        let mut at = certain;
        while !self.is_dense() && chosen.len() > 1 && at < chosen.len() {
            let others = chosen.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, (applied, _))| applied);
            if self.impossible(target.clone().and(!any(others))) {
                chosen.remove(at);
            } else {
                at += 1;
            }
        }
        chosen
    }

    /// Of those that match the sample the one that says least, and so decides most; one that did not change before
    /// others.
    fn best(&self, sample: &Sample, left: &[Sided]) -> Option<usize> {
        let matching = left.iter().enumerate().filter(|(_, (applied, _))| sample.matches(applied.policy) == Some(true));
        let weight = |(applied, side): &Sided| {
            let conjuncts = self.work.pair.conjuncts(applied.entry, *side);
            let new = conjuncts.iter().filter(|one| self.own.iter().all(|own| own.text != one.text)).count();
            (new, applied.changed)
        };
        matching.min_by_key(|(_, other)| weight(other)).map(|(at, _)| at)
    }
}
