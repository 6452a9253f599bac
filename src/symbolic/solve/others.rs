//! "Some other policy matches", for every policy at the cost of one.

use std::rc::Rc;

use cedar_policy::Effect;

use super::encoding::{Encoding, Hard, Others};
use crate::symbolic::circuit::{Lit, Many};
use crate::symbolic::reason::Reason;

impl Encoding<'_> {
    /// Index and literal of each compiled policy of a side and effect that takes part in decisions.
    pub(super) fn deciding_literals(
        &mut self,
        side: usize,
        effect: Effect,
        hard: &mut Hard,
    ) -> Result<Rc<Many>, Reason> {
        if let Some(known) = self.deciding.get(&(side, effect)) {
            return Ok(Rc::clone(known));
        }
        let mut many = Many::default();
        for policy in self.policies.deciding(side, effect) {
            let lit = self.policy(policy, hard)?.matches;
            self.encoder.circuit.join(&mut many, policy.index, lit);
        }
        Ok(Rc::clone(self.deciding.entry((side, effect)).or_insert(Rc::new(many))))
    }

    /// Some policy of the side and effect other than `except` matches.
    pub(super) fn any_other(
        &mut self,
        side: usize,
        effect: Effect,
        except: usize,
        hard: &mut Hard,
    ) -> Result<Lit, Reason> {
        if !self.others.contains_key(&(side, effect)) {
            let others = self.running_literals(side, effect, hard)?;
            self.others.insert((side, effect), others);
        }
        let of = |list: &Vec<Lit>| list.get(except).copied().unwrap_or(Lit::FALSE);
        let (before, after) = self
            .others
            .get(&(side, effect))
            .map_or((Lit::FALSE, Lit::FALSE), |others| (of(&others.before), of(&others.after)));
        Ok(self.encoder.circuit.or(before, after))
    }

    fn running_literals(&mut self, side: usize, effect: Effect, hard: &mut Hard) -> Result<Others, Reason> {
        let mut own = vec![Lit::FALSE; self.policies.count(side)];
        for (index, lit) in &self.deciding_literals(side, effect, hard)?.literals {
            if let Some(slot) = own.get_mut(*index) {
                *slot = *lit;
            }
        }
        let circuit = &mut self.encoder.circuit;
        let mut running = |lits: &mut dyn Iterator<Item = Lit>| -> Vec<Lit> {
            let mut so_far = Lit::FALSE;
            lits.map(|lit| {
                let before = so_far;
                so_far = circuit.or(so_far, lit);
                before
            })
            .collect()
        };
        let before = running(&mut own.iter().copied());
        let mut after = running(&mut own.iter().rev().copied());
        after.reverse();
        Ok(Others { before, after })
    }
}
