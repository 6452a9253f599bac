//! Effects that hang on how data is carried over, where an attribute is declared again with another type.
//!
//! # Why
//!
//! A record that becomes an entity, a string that becomes a set: data is migrated, and nobody here knows how. The old
//! value and the new one are two unknowns, so that an effect is found if some way of carrying data over brings it
//! about. It is there under every way exactly if some old data shows it whatever the new value is: were there for all
//! old data a new value that undoes it, carrying over to these would leave nothing. That is asked without the new
//! value: of policies that read it only what they say besides counts, for better or worse.

use std::collections::BTreeSet;

use super::causes::Candidate;
use super::conjunct::Conjunct;
use super::pair::Which;
use super::view::{Applied, any};
use super::work::Work;
use crate::symbolic::{Answer, Formula};

impl<'s> Work<'_, 's> {
    /// The re-declared attributes that the requests of the candidate, which `side` allows and the other does not, hang
    /// on; none when they are so however data is carried over.
    pub(super) fn hangs_on(&mut self, side: Which, candidate: &Candidate) -> BTreeSet<Option<String>> {
        let pair = self.pair;
        if pair.redeclared().is_empty() {
            return BTreeSet::new();
        }
        let reads = |applied: &&Applied| !pair.reads_redeclared(applied.entry, Which::New).is_empty();
        let split = |all: &[Applied]| -> (Vec<Applied>, Vec<Applied>) { all.iter().partition(reads) };
        let (carried_permits, permits) = split(self.view.permits(Which::New));
        let (carried_forbids, forbids) = split(self.view.forbids(Which::New));
        let carried = carried_permits.iter().chain(&carried_forbids);
        let names: BTreeSet<Option<String>> =
            carried.flat_map(|applied| pair.reads_redeclared(applied.entry, Which::New)).collect();
        if names.is_empty() {
            return BTreeSet::new();
        }
        let region = candidate.region(self);
        let whatever = match side {
            Which::New => any(&permits).and(self.none_ever(&carried_forbids)),
            Which::Old => any(&forbids).or(self.none_ever(&carried_permits)),
        };
        if let Answer::Witness(_) = self.session.check(&region.and(whatever)) {
            return BTreeSet::new();
        }
        // What the causes read is what matters most.
        let of_causes = candidate.causes.iter().flat_map(|entry| pair.reads_redeclared(*entry, Which::New));
        let of_causes: BTreeSet<Option<String>> = of_causes.collect();
        if of_causes.is_empty() { names } else { of_causes }
    }

    /// None of these policies of the new side matches, whatever the re-declared attributes hold: some conjunct of each
    /// that reads none of them does not hold.
    fn none_ever(&mut self, policies: &[Applied]) -> Formula {
        let pair = self.pair;
        let mut all = Vec::new();
        for applied in policies {
            let conjuncts = pair.conjuncts(applied.entry, Which::New);
            let fixed = conjuncts.iter().filter(|conjunct| !conjunct.reads(pair.redeclared()));
            let fixed: Vec<Formula> = fixed
                .filter_map(Conjunct::alone)
                .map(|alone| Formula::Matches(self.session.add_policy(applied.policy.side, alone)))
                .collect();
            // Without any the policy may match everything.
            all.push(!Formula::And(fixed));
        }
        Formula::And(all)
    }
}
