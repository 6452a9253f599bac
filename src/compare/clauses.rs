//! For whom an effect holds, in clauses as a reviewer says them: when the policy at hand holds, where another allows it
//! at all, unless others decide the same anyway.
//!
//! # Why
//!
//! A changed policy changes the decisions on those requests that it matches, its other version does not, and no other
//! policy decides. That is exact by construction, in the policies' own words. What the engine adds is brevity: a policy
//! is left out when it decides nothing that is left, a conjunct when the others imply it, and the other version is said
//! by what tells it from this one. Each such step is proved; one that cannot be proved is not made, and where proofs
//! would take too long all policies are named but those that are plain to see not to overlap.
//!
//! Clauses name more than the requests of this effect only where others of the same direction have them: every request
//! that they name changes its decision.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::Effect as PolicyEffect;
use rayon::prelude::*;

use super::causes::{Candidate, Family};
use super::conjunct::{Conjunct, Wording, all_hold};
use super::delta::{Clause, Condition, Effect};
use super::pair::{OTHERS, Which};
use super::view::{Applied, any};
use super::work::Work;
use crate::symbolic::{Formula, Session, Subject};

/// So many are written together.
const WRITTEN: usize = 16;

/// The condition of the candidate; `like` has the same causes in an environment that is likely to be like this one.
pub(super) fn of<'s>(work: &mut Work<'_, 's>, candidate: &Candidate, like: Option<&'s Effect>) -> Arc<Condition> {
    let mut search = Search::new(work, candidate);
    let Some(Effect { condition, proof: Some(proof), .. }) = like else { return Arc::new(search.condition(None)) };
    if condition.exact
        && !condition.is_long()
        && condition.left.is_none()
        && !condition.folded
        && search.holds_here(condition, proof)
    {
        return Arc::clone(condition);
    }
    let when = condition.short.then_some((condition.when.as_str(), proof));
    Arc::new(search.condition(when))
}

/// What `when` says as a policy, to be tried in other environments, if it is worth that.
pub(super) fn proof(condition: &Condition) -> Option<Subject> {
    let whole = condition.exact && !condition.is_long();
    (whole || condition.short).then(|| Wording::read(&condition.when).subject()).flatten()
}

/// A policy with its side.
pub(super) type Sided = (Applied, Which);

/// What the work on one condition shares.
pub(super) struct Search<'i, 'w, 's> {
    pub(super) work: &'i mut Work<'w, 's>,
    candidate: &'i Candidate,
    pub(super) family: Family,
    /// The policies that match every request concerned.
    matching: Vec<Sided>,
    /// Their other versions, none of which matches.
    pub(super) versions: Vec<Sided>,
    pub(super) own: Vec<&'s Conjunct>,
    /// The policies at hand alone: questions about no others are put to it.
    pub(super) small: Option<Session<'s>>,
    /// Whether policies were left out that decide something.
    pub(super) partial: bool,
    /// Whether the environment's own action or types decided parts that are left out.
    folded: bool,
}

impl<'i, 'w, 's> Search<'i, 'w, 's> {
    fn new(work: &'i mut Work<'w, 's>, candidate: &'i Candidate) -> Self {
        let family = Family::of(work, candidate.carrier);
        let mut matching = vec![(candidate.carrier.applied, candidate.carrier.side)];
        matching.extend(family.needed(candidate).map(|applied| (applied, Which::Old)));
        let entries: Vec<usize> = matching.iter().map(|(applied, _)| applied.entry).collect();
        let versions = family.none_of.iter().filter(|(applied, _)| entries.contains(&applied.entry)).copied().collect();
        let mut own: Vec<&'s Conjunct> = Vec::new();
        for (applied, side) in &matching {
            for conjunct in work.pair.conjuncts(applied.entry, *side) {
                if own.iter().all(|known| known.text != conjunct.text) {
                    own.push(conjunct);
                }
            }
        }
        Self { work, candidate, family, matching, versions, own, small: None, partial: false, folded: false }
    }

    /// Whether no request meets the question.
    pub(super) fn impossible(&mut self, question: Formula) -> bool {
        self.work.session.check(&question).is_impossible()
    }

    /// The policies match, and their other versions do not.
    pub(super) fn narrow(&self) -> Formula {
        let matching = self.matching.iter().map(|(applied, _)| Formula::Matches(applied.policy));
        let versions: Vec<Applied> = self.versions.iter().map(|(applied, _)| *applied).collect();
        Formula::And(matching.chain([!any(&versions)]).collect())
    }

    /// Whether the clauses, found elsewhere, name the requests concerned here; `when` matches when the first holds.
    fn holds_here(&mut self, clauses: &Condition, when: &'s Subject) -> bool {
        let side = self.family.side();
        let mut all = vec![Formula::Matches(self.work.session.add_policy(side, when))];
        let Some(allowed) = self.here(&clauses.where_allowed) else { return false };
        if !allowed.is_empty() {
            all.push(any(&allowed));
        }
        for clause in [&clauses.unless_allowed, &clauses.unless_refused] {
            let Some(others) = self.here(clause) else { return false };
            all.push(!any(&others));
        }
        let named = Formula::And(all);
        if clauses.everything && !self.is_everything() {
            return false;
        }
        let (concerned, changing) = (self.candidate.region(self.work), self.family.changing(self.work));
        self.impossible(named.clone().and(!changing)) && self.impossible(concerned.and(!named))
    }

    /// The policies of a clause in this environment, if all of them apply.
    fn here(&self, clauses: &[Clause]) -> Option<Vec<Applied>> {
        let view = self.work.view;
        let one = |clause: &Clause| {
            let all = view.permits(clause.side).iter().chain(view.forbids(clause.side));
            all.into_iter().find(|applied| applied.entry == clause.entry).copied()
        };
        clauses.iter().map(one).collect()
    }

    /// Whether the side that allows what is concerned allows nothing else here.
    fn is_everything(&mut self) -> bool {
        let side = self.family.allowing_side();
        let view = self.work.view;
        let allowed = any(view.permits(side)).and(!any(view.forbids(side)));
        let concerned = self.candidate.region(self.work);
        self.impossible(allowed.and(!concerned))
    }

    /// Takes the policies apart that may have a part in it, on all cores: in a large store that is what takes longest.
    fn take_apart(&self) {
        let pair = self.work.pair;
        let all = self.family.none_of.iter().chain(self.family.one_of.iter().flatten());
        pair.put_in_words(all.map(|(applied, side)| (applied.entry, *side)).collect());
    }

    /// The condition; `known` is what `when` says in an environment that is likely to be like this one, and the same as
    /// a policy.
    fn condition(&mut self, known: Option<(&str, &'s Subject)>) -> Condition {
        self.take_apart();
        let exact = !self.work.view.sets_aside();
        // Under two schemas what one side says cannot be said for both in one expression, unless that is proved.
        let sides: BTreeSet<usize> = self.matching.iter().map(|(applied, _)| applied.policy.side).collect();
        let said = self.matching.iter().all(|(applied, side)| self.work.pair.has_text(applied.entry, *side));
        let shortest = match known {
            _ if !self.work.options.conditions => None,
            Some((when, proof)) if self.is_said_by(proof) => Some(Wording::read(when)),
            _ => self.shortest(),
        };
        let short = shortest.is_some();
        let (when, folded) = match shortest {
            Some(when) => (Some(when), true),
            None if said && sides.len() < 2 => (all_hold(self.own.iter().copied()), self.versions.is_empty()),
            None => (None, self.versions.is_empty()),
        };
        let versions: &[Sided] = if folded { &self.versions } else { &[] };
        let others = self.family.none_of.iter().filter(|other| !versions.contains(other)).copied();
        let others = others.filter(|other| self.may_overlap(other));
        let effect = |(applied, side): &Sided| self.work.pair.effect(applied.entry, *side);
        let (permits, forbids): (Vec<Sided>, Vec<Sided>) =
            others.partition(|other| effect(other) == Some(PolicyEffect::Permit));
        let narrow = if folded {
            self.narrow()
        } else {
            Formula::And(self.matching.iter().map(|(applied, _)| Formula::Matches(applied.policy)).collect())
        };
        let allowing = self.allowing(&narrow, &permits, &forbids);
        let mut left = narrow;
        if !allowing.is_empty() {
            left = left.and(any(allowing.iter().map(|(applied, _)| applied)));
        }
        // What an old forbid refused was not allowed, whatever permits matched it.
        let permits = if self.candidate.was_refused() { Vec::new() } else { self.deciding(&left, permits) };
        let before = left.clone();
        let left = left.and(!any(permits.iter().map(|(applied, _)| applied)));
        let forbids = self.deciding(&left, forbids);
        // Members that the other side does not list are named by no clause.
        let besides = !self.work.besides.is_empty();
        let named = left.and(!any(forbids.iter().map(|(applied, _)| applied)));
        let beyond = besides && {
            let changing = self.family.changing(self.work);
            !self.work.options.conditions || !self.impossible(named.clone().and(!changing))
        };
        let exact = exact && when.is_some() && !self.partial && !beyond;
        let long = [&allowing, &permits, &forbids].iter().any(|list| list.len() > OTHERS);
        let allowed_by = permits.clone();
        let where_allowed = self.clauses(&allowing, None);
        let [unless_allowed, unless_refused] = [permits, forbids].map(|list| self.clauses(&list, Some(&before)));
        let exact = exact && [&where_allowed, &unless_allowed, &unless_refused].iter().all(|list| list.is_some());
        let left = if exact && !long { self.left(&named, &before, &allowed_by) } else { None };
        let everything = exact && !long && self.work.options.conditions && self.is_everything();
        Condition {
            left,
            everything,
            when: when
                .map_or_else(|| "true".to_owned(), |when| self.here_alone(self.family.side(), when).text.to_string()),
            where_allowed: where_allowed.unwrap_or_default(),
            unless_allowed: unless_allowed.unwrap_or_default(),
            unless_refused: unless_refused.unwrap_or_default(),
            exact,
            folded: self.folded,
            short,
        }
    }

    /// The expression without what the environment's action and types decide, as far as that is proved to be the same.
    fn here_alone(&mut self, side: usize, said: Wording) -> Wording {
        if !self.work.options.conditions || self.is_dense() {
            return said;
        }
        let mut decide = |subject: Subject, wanted: bool| {
            let matches = self.matches(side, subject);
            self.impossible(if wanted { !matches } else { matches })
        };
        let Some(shorter) = said.without_constants(&mut decide) else { return said };
        let (Some(before), Some(after)) = (said.subject(), shorter.subject()) else { return said };
        let [before, after] = [before, after].map(|one| self.matches(side, one));
        let same = self.impossible(before.clone().and(!after.clone())) && self.impossible(after.and(!before));
        self.folded |= same;
        if same { shorter } else { said }
    }

    /// What holds of the requests `of` where the expression, a negation, does not: proved. None of what is none.
    fn opposite(&mut self, side: usize, said: &Wording, of: &Formula) -> Option<Arc<str>> {
        if !self.work.options.conditions || self.is_dense() {
            return None;
        }
        let opposite = said.opposite()?;
        let [one, other] = [said.subject()?, opposite.subject()?].map(|one| self.matches(side, one));
        // Where it errs neither holds.
        self.impossible(of.clone().and(!one).and(!other)).then_some(opposite.text)
    }

    /// That a policy matches, which is added to the session.
    fn matches(&mut self, side: usize, subject: Subject) -> Formula {
        let subject = self.work.arena.alloc(subject);
        Formula::Matches(self.work.session.add_policy(side, subject))
    }

    /// As few policies as one of which has to allow what is concerned; none where the rest says so already.
    fn allowing(&mut self, narrow: &Formula, permits: &[Sided], forbids: &[Sided]) -> Vec<Sided> {
        let Some(mut left) = self.family.one_of.clone() else { return Vec::new() };
        left.retain(|permit| self.may_overlap(permit));
        let others = any(permits.iter().chain(forbids).map(|(applied, _)| applied));
        let allowed = any(left.iter().map(|(applied, _)| applied));
        if self.work.options.conditions && self.impossible(narrow.clone().and(!others.clone()).and(!allowed.clone())) {
            return Vec::new();
        }
        // Whatever is allowed now, be it told of the permit as well: who reads of a forbid looks for all that it cut.
        // All of them or none: what only one that is left out allows would be concerned and not named.
        let cut = narrow.clone().and(!others).and(allowed);
        let chosen = self.choose(cut, None, &mut left);
        if left.is_empty() || !self.partial { chosen } else { Vec::new() }
    }

    /// Whether so many policies have a part in it that a question takes long: none is asked for the look of it.
    pub(super) fn is_dense(&self) -> bool {
        self.family.none_of.len() + self.family.one_of.as_ref().map_or(0, Vec::len) > OTHERS
    }

    /// Whether a request may be matched by the other policy as well: it is not plain to see that none is.
    fn may_overlap(&self, (applied, side): &Sided) -> bool {
        let theirs = self.work.pair.conjuncts(applied.entry, *side);
        let apart = |(mine, which): &Sided| {
            let alike = mine.policy.side == applied.policy.side;
            let own = self.work.pair.conjuncts(mine.entry, *which);
            own.iter().any(|one| theirs.iter().any(|other| one.excludes(other, alike)))
        };
        !self.matching.iter().any(apart)
    }

    /// Each policy with what it says besides what `when` says; `None` where one has no text. Of exceptions from the
    /// requests `but` also what holds without them.
    fn clauses(&mut self, all: &[Sided], but: Option<&Formula>) -> Option<Vec<Clause>> {
        let mut list: Vec<Clause> = Vec::with_capacity(all.len());
        // Nobody compares so many with what `when` says.
        let as_written = all.len() > OTHERS || !self.work.options.conditions;
        if as_written {
            let pair = self.work.pair;
            all.par_chunks(WRITTEN)
                .for_each(|some| pair.write(some.iter().map(|(applied, side)| (applied.entry, *side))));
        }
        for (applied, side) in all {
            if as_written {
                let condition = Arc::clone(&self.work.pair.said(applied.entry, *side)?.text);
                list.push(Clause { entry: applied.entry, side: *side, condition, opposite: None });
                continue;
            }
            let conjuncts = self.work.pair.conjuncts(applied.entry, *side);
            // What another schema has under the same name may be something else.
            let alike = self.matching.iter().all(|(known, _)| known.policy.side == applied.policy.side);
            let new = conjuncts.iter().filter(|one| !alike || self.own.iter().all(|own| own.text != one.text));
            let new: Vec<&Conjunct> = new.collect();
            let said = match self.work.pair.has_text(applied.entry, *side) {
                false => return None,
                true if new.len() == conjuncts.len() => {
                    Arc::unwrap_or_clone(self.work.pair.said(applied.entry, *side)?)
                }
                true => all_hold(new)?,
            };
            let shorter = if alike { said.where_hold(&self.own) } else { None };
            let said = self.here_alone(applied.policy.side, shorter.unwrap_or(said));
            let opposite = but.and_then(|but| self.opposite(applied.policy.side, &said, but));
            list.push(Clause { entry: applied.entry, side: *side, condition: said.text, opposite });
        }
        list.sort_by_key(|clause| (clause.entry, clause.side));
        Some(list)
    }
}
