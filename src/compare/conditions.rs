//! For whom an effect holds, as a Cedar expression that is proved.
//!
//! The conjuncts of the policy at hand hold for every request concerned. Where they hold for others too, the others are
//! looked at: another policy decides those, and that it does not match is added. Then everything is left out again
//! without which the expression still holds for none but the requests concerned. In the end the text itself is compiled
//! and proved to hold for the same requests; where that fails, or grows long, the conjuncts alone are given, which hold
//! for all requests concerned and for more, and the condition is said not to be exact.

use std::collections::BTreeSet;

use super::causes::{Candidate, Family};
use super::delta::{Condition, Effect};
use super::expression::{Conjunct, LONGEST, Part, together};
use super::pair::Which;
use super::view::Applied;
use super::work::Work;
use crate::symbolic::{Answer, Formula, Sample, Subject};

/// How many other policies an expression may speak of.
const OTHERS: usize = 4;

/// Of how many policies one may have to match, for the expression to list them.
const ALTERNATIVES: usize = 3;

/// The condition of the candidate; `like` has the same causes in an environment that is likely to be like this one.
pub(super) fn of<'s>(work: &mut Work<'_, 's>, candidate: &Candidate, like: Option<&'s Effect>) -> Condition {
    let pair = work.pair;
    let carrier = candidate.carrier;
    let cover = || Condition { text: pair.cover(carrier.applied.entry, carrier.side).to_owned(), exact: false };
    // What could not be analysed may decide some of them.
    if work.view.sets_aside() {
        return cover();
    }
    if !work.options.conditions && like.is_none() {
        return cover();
    }
    let family = Family::of(work, carrier);
    match like {
        Some(Effect { condition: Condition { exact: false, .. }, .. }) => return cover(),
        Some(Effect { condition, proof: Some(proof), .. }) if holds_exactly(work, &family, proof) => {
            return condition.clone();
        }
        _ => {}
    }
    if work.options.conditions {
        let own = pair.conjuncts(carrier.applied.entry, carrier.side);
        if let Some(text) = exact(work, &family, own).filter(|text| text.chars().count() <= LONGEST) {
            return Condition { text, exact: true };
        }
    }
    cover()
}

/// Whether `subject` matches exactly the requests that the carrier has a part in.
fn holds_exactly<'s>(work: &mut Work<'_, 's>, family: &Family, subject: &'s Subject) -> bool {
    let holds = Formula::Matches(work.session.add_policy(family.side(), subject));
    let whole = family.whole();
    work.session.check(&holds.clone().and(!whole.clone())).is_impossible()
        && work.session.check(&whole.and(!holds)).is_impossible()
}

/// A part of the expression, and what it says as a formula.
struct Piece<'c> {
    part: Part<'c>,
    holds: Formula,
}

/// What the work on one expression shares.
struct Search<'c, 'w, 'i, 's> {
    work: &'i mut Work<'w, 's>,
    family: &'i Family,
    own: &'s [Conjunct],
    pieces: Vec<Piece<'c>>,
    /// Own conjuncts that must be printed because others read what they guard.
    guards: BTreeSet<usize>,
}

fn exact<'s>(work: &mut Work<'_, 's>, family: &Family, own: &'s [Conjunct]) -> Option<String> {
    let mut search = Search { work, family, own, pieces: Vec::new(), guards: BTreeSet::new() };
    for conjunct in own {
        let holds = search.holds(conjunct);
        search.pieces.push(Piece { part: Part::Holds(conjunct), holds });
    }
    search.narrow()?;
    search.shorten();
    search.proved()
}

impl<'s> Search<'s, '_, '_, 's> {
    fn side(&self) -> usize {
        self.family.side()
    }

    fn holds(&mut self, conjunct: &'s Conjunct) -> Formula {
        let side = self.side();
        Formula::Matches(self.work.session.add_policy(side, &conjunct.probe))
    }

    fn all_hold(&mut self, conjuncts: &[&'s Conjunct]) -> Formula {
        Formula::And(conjuncts.iter().map(|conjunct| self.holds(conjunct)).collect())
    }

    /// Whether every request is of the whole for which the pieces hold, `without` one of them.
    fn suffices(&mut self, without: Option<usize>) -> bool {
        self.outside(without).is_impossible()
    }

    fn outside(&mut self, without: Option<usize>) -> Answer<Sample> {
        let pieces = self.pieces.iter().enumerate().filter(|(index, _)| Some(*index) != without);
        let mut all: Vec<Formula> = pieces.map(|(_, piece)| piece.holds.clone()).collect();
        all.push(!self.family.whole());
        self.work.session.check(&Formula::And(all))
    }

    /// Adds what keeps other requests out, until none is left.
    fn narrow(&mut self) -> Option<()> {
        let (mut others, mut alternatives) = (0, false);
        loop {
            let sample = match self.outside(None) {
                Answer::Impossible => return Some(()),
                Answer::Unknown(_) => return None,
                Answer::Witness(sample) => sample,
            };
            let matches = |(applied, _): &&(Applied, Which)| sample.matches(applied.policy) == Some(true);
            let counterpart = |(applied, _): &&(Applied, Which)| applied.entry == self.family.entry();
            let none_of = &self.family.none_of;
            let wrong = none_of.iter().filter(counterpart).find(matches).or_else(|| none_of.iter().find(matches));
            match (wrong, &self.family.one_of) {
                (Some((applied, side)), _) if others < OTHERS => {
                    others += 1;
                    self.keep_out(applied.entry, *side)?;
                }
                (None, Some(one_of)) if !alternatives => {
                    alternatives = true;
                    self.alternatives(one_of)?;
                }
                _ => return None,
            }
        }
    }

    /// The conjuncts of a policy that are not said already.
    fn rest(&mut self, entry: usize, side: Which) -> Vec<&'s Conjunct> {
        let all = self.work.pair.conjuncts(entry, side);
        let own = self.own;
        let mut rest = Vec::new();
        for conjunct in all {
            if own.iter().any(|mine| mine.text == conjunct.text) {
                continue;
            }
            for needed in conjunct.needs.iter().filter_map(|need| all.get(*need)) {
                self.guards.extend(own.iter().position(|mine| mine.text == needed.text));
            }
            rest.push(conjunct);
        }
        rest
    }

    /// Adds that a policy does not match.
    fn keep_out(&mut self, entry: usize, side: Which) -> Option<()> {
        let mut rest = self.rest(entry, side);
        if rest.is_empty() {
            return None;
        }
        // As few of its conjuncts as keep every request concerned.
        let mut at = 0;
        while rest.len() > 1 && at < rest.len() {
            let mut fewer = rest.clone();
            let gone = fewer.remove(at);
            let needed = fewer.iter().any(|other| gone.guards(other));
            let mut all = vec![self.family.whole()];
            all.push(self.all_hold(&fewer));
            if !needed && self.work.session.check(&Formula::And(all)).is_impossible() {
                rest = fewer;
            } else {
                at += 1;
            }
        }
        let holds = !self.all_hold(&rest);
        self.pieces.push(Piece { part: Part::NotAll(rest), holds });
        Some(())
    }

    /// Adds that one of the policies matches.
    fn alternatives(&mut self, one_of: &[(Applied, Which)]) -> Option<()> {
        let mut lists: Vec<Vec<&'s Conjunct>> = Vec::new();
        for (applied, side) in one_of {
            let mut all: Vec<Formula> = self.pieces.iter().map(|piece| piece.holds.clone()).collect();
            all.push(Formula::Matches(applied.policy));
            match self.work.session.check(&Formula::And(all)) {
                Answer::Impossible => continue,
                Answer::Unknown(_) => return None,
                Answer::Witness(_) => {}
            }
            let rest = self.rest(applied.entry, *side);
            if rest.is_empty() || lists.len() == ALTERNATIVES {
                return None;
            }
            lists.push(rest);
        }
        let any = lists.iter().map(|list| self.all_hold(list)).collect();
        match lists.as_slice() {
            [] => return None,
            [only] => {
                for conjunct in only.clone() {
                    let holds = self.holds(conjunct);
                    self.pieces.push(Piece { part: Part::Holds(conjunct), holds });
                }
            }
            _ => self.pieces.push(Piece { part: Part::OneOf(lists), holds: Formula::Or(any) }),
        }
        Some(())
    }

    /// Leaves out whatever makes no difference.
    fn shorten(&mut self) {
        for at in (0..self.pieces.len()).rev() {
            if self.suffices(Some(at)) {
                self.pieces.remove(at);
            }
        }
    }

    /// The text, when it holds for exactly the requests of the whole.
    fn proved(&mut self) -> Option<String> {
        let mut parts: Vec<Part<'s>> = Vec::new();
        let mut printed: BTreeSet<&str> = BTreeSet::new();
        let own = self.own;
        for guard in self.guards.iter().filter_map(|guard| own.get(*guard)) {
            if printed.insert(&guard.text) {
                parts.push(Part::Holds(guard));
            }
        }
        for piece in std::mem::take(&mut self.pieces) {
            if let Part::Holds(conjunct) = piece.part {
                // What guards it stands in the same policy.
                let list = if own.iter().any(|mine| std::ptr::eq(mine, conjunct)) { own } else { &[] };
                for needed in conjunct.needs.iter().filter_map(|need| list.get(*need)).chain([conjunct]) {
                    if printed.insert(&needed.text) {
                        parts.push(Part::Holds(needed));
                    }
                }
            } else {
                parts.push(piece.part);
            }
        }
        let (text, subject) = together(&parts)?;
        let subject = self.work.arena.alloc(subject);
        let same = holds_exactly(self.work, self.family, subject);
        same.then_some(text)
    }
}
