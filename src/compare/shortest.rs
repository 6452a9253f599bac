//! What `when` says, as short as it can be proved: the conjuncts that make a difference, and of the other version what
//! tells it from this one.

use std::collections::BTreeSet;

use super::clauses::Search;
use super::conjunct::{Conjunct, Part, Wording, alternatives, one_of, together};
use super::pair::Which;
use super::view::Applied;
use crate::symbolic::{Formula, PolicyRef, Subject};

impl<'s> Search<'_, '_, 's> {
    /// The policies' conjuncts with what tells them from their other versions, as few as say the same: proved.
    pub(super) fn shortest(&mut self) -> Option<Wording> {
        self.small = self.work.small();
        let narrow = self.narrow();
        let mut pieces: Vec<(Part<'s>, Formula)> = Vec::new();
        let mut guards: BTreeSet<&'s str> = BTreeSet::new();
        for conjunct in self.own.clone() {
            let holds = self.holds(conjunct);
            pieces.push((Part::Holds(conjunct), holds));
        }
        for (applied, which) in self.versions.clone() {
            let rest = self.told_by(applied, which, &narrow, &mut guards)?;
            let all = rest.iter().map(|one| self.holds(one)).collect();
            pieces.push((Part::NotAll(rest), !Formula::And(all)));
        }
        self.leave_out(&mut pieces, &guards, &narrow);
        if self.fewer_alternatives(&mut pieces, &narrow)? {
            self.leave_out(&mut pieces, &guards, &narrow);
        }
        let parts = side_by_side(pieces.into_iter().map(|(part, _)| part).collect());
        let said = together(&parts)?;
        let subject = self.work.arena.alloc(said.subject()?);
        self.is_narrow(subject, narrow).then_some(said)
    }

    /// Whether the policies at hand match, and their other versions do not, exactly where `when` matches: proved.
    pub(super) fn is_said_by(&mut self, when: &'s Subject) -> bool {
        self.small = self.work.small();
        let narrow = self.narrow();
        self.is_narrow(when, narrow)
    }

    fn is_narrow(&mut self, when: &'s Subject, narrow: Formula) -> bool {
        let Some(holds) = self.add(self.family.side(), when).map(Formula::Matches) else { return false };
        self.never(holds.clone().and(!narrow.clone())) && self.never(narrow.and(!holds))
    }

    /// Adds a policy to the session of the policies at hand.
    fn add(&mut self, side: usize, subject: &'s Subject) -> Option<PolicyRef> {
        Some(self.small.as_mut()?.add_policy(side, subject))
    }

    /// Whether no request meets the question, which is about the policies at hand alone.
    fn never(&mut self, question: Formula) -> bool {
        self.small.as_mut().is_some_and(|session| session.check(&question).is_impossible())
    }

    /// Leaves out whatever makes no difference; what the rest cannot be read without stays.
    fn leave_out(&mut self, pieces: &mut Vec<(Part<'s>, Formula)>, guards: &BTreeSet<&'s str>, narrow: &Formula) {
        // Guards go first, which what they guard implies; then whatever else makes no difference.
        let is_guard = |part: &Part<'_>| matches!(part, Part::Holds(one) if one.guarded().is_some() || one.is_type());
        for guards_only in [true, false] {
            for at in (0..pieces.len()).rev() {
                let Some((part, _)) = pieces.get(at) else { continue };
                let needed = matches!(part, Part::Holds(one) if guards.contains(one.text.as_str()));
                if needed || is_guard(part) != guards_only {
                    continue;
                }
                let rest = pieces.iter().enumerate().filter(|(other, _)| *other != at);
                let rest: Vec<Formula> = rest.map(|(_, (_, holds))| holds.clone()).collect();
                if self.never(Formula::And(rest).and(!narrow.clone())) {
                    pieces.remove(at);
                }
            }
        }
    }

    /// Leaves out alternatives that the other pieces exclude: `!a && (a || b)` is `!a && b`. Whether there was
    /// any; none where one has no text.
    fn fewer_alternatives(&mut self, pieces: &mut [(Part<'s>, Formula)], narrow: &Formula) -> Option<bool> {
        let side = self.family.side();
        let mut news = false;
        for (part, formula) in pieces.iter_mut() {
            let Part::Holds(conjunct) = part else { continue };
            let mut left = alternatives(conjunct);
            let all = left.len();
            let mut at = 0;
            while left.len() > 1 && at < left.len() {
                let mut fewer = left.clone();
                fewer.remove(at);
                let subject = self.work.arena.alloc(one_of(&fewer)?);
                let holds = Formula::Matches(self.add(side, subject)?);
                if self.never(narrow.clone().and(!holds.clone())) {
                    (left, *formula) = (fewer, holds);
                } else {
                    at += 1;
                }
            }
            if left.len() < all {
                *part = Part::OneOf(left);
                news = true;
            }
        }
        Some(news)
    }

    fn holds(&mut self, conjunct: &'s Conjunct) -> Formula {
        let side = self.family.side();
        let policy = conjunct.alone().and_then(|alone| self.add(side, alone));
        policy.map_or(Formula::Or(Vec::new()), Formula::Matches)
    }

    /// As few conjuncts of the other version as do not all hold where this one changes a decision; `guards` takes those
    /// of this one that they cannot be read without.
    fn told_by(
        &mut self,
        version: Applied,
        side: Which,
        narrow: &Formula,
        guards: &mut BTreeSet<&'s str>,
    ) -> Option<Vec<&'s Conjunct>> {
        let pair = self.work.pair;
        let all = pair.conjuncts(version.entry, side);
        let mine = |one: &&Conjunct| self.own.iter().any(|own| own.text == one.text);
        let (said, mut rest): (Vec<&'s Conjunct>, Vec<&'s Conjunct>) = all.iter().partition(mine);
        if rest.is_empty() {
            return None;
        }
        let mut at = 0;
        while rest.len() > 1 && at < rest.len() {
            let mut fewer = rest.clone();
            let gone = fewer.remove(at);
            let needed = fewer.iter().any(|other| gone.guards(other));
            let fewer_hold = Formula::And(fewer.iter().map(|one| self.holds(one)).collect());
            if !needed && self.never(narrow.clone().and(fewer_hold)) {
                rest = fewer;
            } else {
                at += 1;
            }
        }
        let read = said.iter().filter(|one| rest.iter().any(|other| one.guards(other)));
        guards.extend(read.map(|one| one.text.as_str()));
        Some(rest)
    }
}

/// The parts, what is about the same thing side by side.
fn side_by_side(parts: Vec<Part<'_>>) -> Vec<Part<'_>> {
    let subject = |one: &Conjunct| one.text.split(' ').next().unwrap_or_default().to_owned();
    let mut ordered: Vec<Part<'_>> = Vec::with_capacity(parts.len());
    for part in parts {
        let about = match &part {
            Part::NotAll(list) => list.first().map(|one| subject(one)),
            Part::Holds(_) | Part::OneOf(_) => None,
        };
        let same =
            |known: &Part<'_>| matches!((known, &about), (Part::Holds(one), Some(about)) if subject(one) == *about);
        match ordered.iter().rposition(same) {
            Some(at) => ordered.insert(at + 1, part),
            None => ordered.push(part),
        }
    }
    ordered
}
