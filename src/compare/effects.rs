//! Effects: what is gained or lost, each with a request that shows it and for whom.
//!
//! # Why
//!
//! An example counts when Cedar's authorizer decides it so over all policies of both sides, those included that could
//! not be analysed. Where such a policy may matter and no example was found, the answer is unknown.

use std::collections::BTreeSet;

use super::causes::{self, Candidate, Candidates};
use super::clauses;
use super::delta::{Decided, Effect, Found, Undecided};
use super::pair::Which;
use super::work::{CONDITION_BUDGET, Work};
use crate::symbolic::{Answer, Witness};

impl<'s> Work<'_, 's> {
    /// Everything that `side` allows and the other does not.
    pub(super) fn direction(&mut self, side: Which) -> Found {
        let candidates = causes::of_changes(self, side);
        self.effects_of(side, candidates, true)
    }

    /// Candidates become effects: with a witness that the authorizer confirms, and a condition.
    pub(super) fn effects_of(&mut self, side: Which, candidates: Candidates, both: bool) -> Found {
        let mut unknown = candidates.unknown;
        let mut confirmed: Vec<(Candidate, Witness, Option<&'s Effect>)> = Vec::new();
        let like = self.like.map_or(&[][..], |delta| match side {
            Which::New => &delta.gained.effects,
            Which::Old => &delta.lost.effects,
        });
        for candidate in candidates.found {
            let like = like.iter().find(|effect| effect.causes == candidate.causes);
            let region = candidate.region(self);
            let known = like.and_then(|effect| self.session.revalidate(&region, &effect.witness));
            let answer = match known {
                Some(witness) => Answer::Witness(witness),
                None => self.session.find(&region),
            };
            match answer {
                Answer::Witness(witness) => match (self.options.confirm)(&witness, side, both) {
                    Ok(()) if self.options.followed => confirmed.push((candidate, witness, like)),
                    Ok(()) => confirmed.push((candidate, witness.as_json(), like)),
                    Err(asked) => unknown = unknown.or(Some(self.view.unconfirmed(asked))),
                },
                Answer::Impossible => {}
                Answer::Unknown(reason) => unknown = unknown.or(Some(Undecided::Unanswered(reason))),
            }
        }
        let mut effects = Vec::new();
        let budget = self.session.set_budget(CONDITION_BUDGET);
        for (candidate, witness, like) in confirmed {
            let condition = clauses::of(self, &candidate, like);
            let migrated = if both { self.hangs_on(side, &candidate) } else { BTreeSet::new() };
            effects.push(Effect { causes: candidate.causes, witness, condition, migrated, proof: None });
        }
        self.session.set_budget(budget);
        let decided = match (effects.is_empty(), unknown.or_else(|| self.view.blocked.clone())) {
            (false, _) => Decided::Yes,
            (true, Some(why)) => Decided::Unknown(why),
            (true, None) => Decided::No,
        };
        Found { decided, effects }
    }
}
