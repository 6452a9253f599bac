//! Effects: what is gained or lost, each with a request that shows it and for whom.
//!
//! # Why
//!
//! An example counts when Cedar's authorizer decides it so over all policies of both sides, those included that could
//! not be analysed. Where such a policy may matter and no example was found, the answer is unknown.

use std::collections::BTreeSet;

use super::causes::{self, Candidate, Candidates};
use super::clauses;
use super::delta::{Decided, Effect, Found, Undecided, leave_open};
use super::pair::Which;
use super::work::{CONDITION_BUDGET, Work};
use crate::symbolic::{Answer, Formula, Witness};

/// What the authorizer confirms, what is alike elsewhere, and whether it is there by errors alone.
type Confirmed<'s> = (Candidate, Witness, Option<&'s Effect>, bool);

impl<'s> Work<'_, 's> {
    /// Everything that `side` allows and the other does not.
    pub(super) fn direction(&mut self, side: Which) -> Found {
        let candidates = causes::of_changes(self, side);
        self.effects_of(side, candidates, true)
    }

    /// Candidates become effects: with a witness that the authorizer confirms, and a condition.
    pub(super) fn effects_of(&mut self, side: Which, candidates: Candidates, both: bool) -> Found {
        let mut open = candidates.open;
        let mut confirmed: Vec<Confirmed<'s>> = Vec::new();
        let like = self.like;
        let known = like.iter().flat_map(|delta| match side {
            Which::New => &delta.gained.effects,
            Which::Old => &delta.lost.effects,
        });
        for candidate in candidates.found {
            let about = candidate.carrier.applied.entry;
            let like = known.clone().find(|effect| effect.causes == candidate.causes);
            let (region, by_error) = self.without_errors(&candidate, both);
            let known = like.and_then(|effect| self.session.revalidate(&region, &effect.witness));
            let answer = match known {
                Some(witness) => Answer::Witness(witness),
                None => self.session.find(&region),
            };
            match answer {
                Answer::Witness(witness) => match (self.options.confirm)(&witness, side, both) {
                    Ok(()) if self.options.followed => confirmed.push((candidate, witness, like, by_error)),
                    Ok(()) => confirmed.push((candidate, witness.as_json(), like, by_error)),
                    Err(asked) => leave_open(&mut open, self.view.unconfirmed(asked), about),
                },
                Answer::Impossible => {}
                Answer::Unknown(reason) => leave_open(&mut open, Undecided::Unanswered(reason), about),
            }
        }
        let mut effects = Vec::new();
        let budget = self.session.set_budget(CONDITION_BUDGET);
        for (candidate, witness, like, by_error) in confirmed {
            let condition = clauses::of(self, &candidate, like);
            let migrated = if both { self.hangs_on(side, &candidate) } else { BTreeSet::new() };
            let proof = if self.options.followed { clauses::proof(&condition) } else { None };
            effects.push(Effect { causes: candidate.causes, witness, condition, migrated, by_error, proof });
        }
        self.session.set_budget(budget);
        let unknown = open.first().map(|open| open.why.clone());
        let decided = match (effects.is_empty(), unknown.or_else(|| self.view.blocked.clone())) {
            (false, _) => Decided::Yes,
            (true, Some(why)) => Decided::Unknown(why),
            (true, None) => Decided::No,
        };
        Found { decided, effects, open, unlisted: candidates.unlisted }
    }

    /// What to look for an example of: where the changed policies do arithmetic, requests for which none of them errs,
    /// before and now, if there are any; and whether there are none.
    fn without_errors(&mut self, candidate: &Candidate, both: bool) -> (Formula, bool) {
        let region = candidate.region(self);
        let entries = candidate.causes.iter().filter(|entry| self.pair.may_overflow(**entry));
        let members = entries.filter_map(|entry| self.pair.entries.get(*entry)).flat_map(|entry| &entry.members);
        let errors: Vec<Formula> = members.flatten().map(|member| Formula::Errors(member.policy)).collect();
        if errors.is_empty() || !both {
            return (region, false);
        }
        let calm = region.clone().and(!Formula::Or(errors));
        match self.session.check(&calm) {
            Answer::Witness(_) => (calm, false),
            Answer::Impossible => (region, true),
            Answer::Unknown(_) => (region, false),
        }
    }
}
