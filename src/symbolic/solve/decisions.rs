//! What policies decide together, as formulas.

use cedar_policy::Effect;

use super::policies::SessionPolicies;
use crate::symbolic::compile::Status;
use crate::symbolic::question::{Formula, PolicyRef};
use crate::symbolic::reason::SetAsideReason;

impl SessionPolicies<'_> {
    /// The policies of `side` that are compiled here.
    pub(in crate::symbolic) fn applicable(&mut self, side: usize) -> Vec<PolicyRef> {
        self.compile_side(side);
        self.all(side).filter(|policy| self.status(*policy) == Status::Applies).collect()
    }

    /// The policies of `side` that are set aside here, and why.
    pub(in crate::symbolic) fn set_aside(&mut self, side: usize) -> Vec<(PolicyRef, SetAsideReason)> {
        self.compile_side(side);
        let each = self.all(side).filter_map(|policy| match self.status(policy) {
            Status::SetAside(why) => Some((policy, why)),
            Status::Applies | Status::OutOfScope => None,
        });
        each.collect()
    }

    /// The compiled policies of a side and effect that take part in decisions.
    pub(super) fn deciding(&mut self, side: usize, effect: Effect) -> Vec<PolicyRef> {
        let mut deciding = self.applicable(side);
        deciding.retain(|policy| self.subject(*policy).is_some_and(|s| s.effect() == effect && !s.is_template()));
        deciding
    }

    /// Cedar's decision over all policies of `side` is Allow.
    pub(in crate::symbolic) fn allow(&mut self, side: usize) -> Formula {
        self.compile_side(side);
        let mut permits = Vec::new();
        let mut forbids = Vec::new();
        for policy in self.all(side) {
            let Some(subject) = self.subject(policy) else { continue };
            if subject.is_template() {
                continue;
            }
            match self.status(policy) {
                Status::OutOfScope => continue,
                Status::Applies | Status::SetAside(_) => {}
            }
            match subject.effect() {
                Effect::Permit => permits.push(policy),
                Effect::Forbid => forbids.push(policy),
            }
        }
        Formula::allow(&permits, &forbids)
    }

    /// The formula with [`Formula::AnyOther`] written out.
    pub(in crate::symbolic) fn expand(&mut self, formula: &Formula) -> Formula {
        match formula {
            Formula::AnyOther { side, effect, except } => {
                let deciding = self.deciding(*side, *effect);
                Formula::Or(
                    deciding.into_iter().filter(|policy| policy.index != *except).map(Formula::Matches).collect(),
                )
            }
            Formula::Not(inner) => !self.expand(inner),
            Formula::And(all) => Formula::And(all.iter().map(|operand| self.expand(operand)).collect()),
            Formula::Or(any) => Formula::Or(any.iter().map(|operand| self.expand(operand)).collect()),
            Formula::Constant(_) | Formula::Matches(_) | Formula::Errors(_) => formula.clone(),
        }
    }
}
