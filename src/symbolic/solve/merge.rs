//! Requests put together from those that single policies match.
//!
//! # Why
//!
//! Most policies have little to do with each other: what one matches and what another does go together as they stand.
//! That is seen without a search.

use std::rc::Rc;

use super::solver::{Sample, Solver};
use crate::symbolic::circuit::Lit;
use crate::symbolic::question::{Answer, Formula, PolicyRef};

impl Solver<'_> {
    /// What policies do with a request that is put together from one that `first` matches and those that as many of
    /// `others` do as go with it. `None` where that comes to no request; there may be others.
    pub(in crate::symbolic) fn merge(&mut self, first: PolicyRef, others: &[PolicyRef]) -> Option<Sample> {
        for policy in std::iter::once(&first).chain(others) {
            self.model_of(*policy);
        }
        // Where the encoding began again in between, the earlier ones are gone.
        let known = |policy: &PolicyRef| self.encoding.models.get(policy).cloned().flatten();
        let first = known(&first)?;
        let others: Vec<Rc<[Lit]>> = others.iter().filter_map(known).collect();
        let others: Vec<&[Lit]> = others.iter().map(AsRef::as_ref).collect();
        let inputs = self.encoding.encoder.circuit.join_inputs(&first, &others);
        let holds = self.encoding.encoder.circuit.assume(&inputs);
        (holds && matches!(self.refine(), Ok(false))).then(|| self.sample())
    }

    /// Calls `visit` with what policies do with a request for which `question` holds and that one of `others` matches,
    /// for each that is seen to be there, until it says that it is enough: put together from one for which `question`
    /// holds and one that the other policy matches. `None` where it could not go on.
    pub(in crate::symbolic) fn merge_each(
        &mut self,
        question: &Formula,
        others: &[PolicyRef],
        visit: &mut dyn FnMut(PolicyRef, &Sample) -> bool,
    ) -> Option<()> {
        self.encode(others)?;
        let Answer::Witness(()) = self.solve(question) else { return None };
        let first = self.encoding.encoder.circuit.taken_inputs();
        let begun = self.encoding.begun;
        let mut demands = Vec::new();
        self.encoding.demands(question, &mut None, &mut demands).ok()?;
        // Where the encoding began again, they are gone.
        self.encode(others)?;
        if self.encoding.encoder.spaces.too_narrow().is_some() {
            return None;
        }
        for policy in others {
            // Mostly it is enough long before all of them were looked at.
            self.model_of(*policy);
            if self.encoding.begun != begun {
                return None;
            }
            let Some(other) = self.encoding.models.get(policy).cloned().flatten() else { continue };
            let circuit = &mut self.encoding.encoder.circuit;
            let inputs = circuit.join_inputs(&first, &[&other]);
            if !circuit.assume(&inputs) || !demands.iter().all(|demand| circuit.meets(demand)) {
                continue;
            }
            if self.refine().ok()? {
                continue;
            }
            let sample = self.sample();
            if sample.matches(*policy) == Some(true) && !visit(*policy, &sample) {
                break;
            }
        }
        Some(())
    }

    /// Encodes the policies, so that models say what they do.
    fn encode(&mut self, policies: &[PolicyRef]) -> Option<()> {
        policies.iter().try_for_each(|policy| self.encoding.policy(*policy, &mut None).map(|_| ())).ok()
    }

    fn model_of(&mut self, policy: PolicyRef) {
        if self.encoding.models.contains_key(&policy) {
            return;
        }
        let model = match self.solve(&Formula::Matches(policy)) {
            Answer::Witness(()) => Some(self.encoding.encoder.circuit.taken_inputs().into()),
            Answer::Impossible | Answer::Unknown(_) => None,
        };
        self.encoding.models.insert(policy, model);
    }
}
