//! What is found in one environment, taken over in another where the same policies apply.
//!
//! # Why
//!
//! Where none of them asks for the action, what changes is the same under each action. An example is shown with its own
//! action all the same, and only if Cedar's authorizer confirms it.

use std::sync::Arc;

use cedar_policy::RequestEnv;

use super::delta::{Decided, Delta, Effect, Found, Options, Where};
use super::pair::{Pair, Which};
use crate::symbolic::Likeness;

/// What changes in an environment.
pub(super) struct WorkedOut<'d> {
    pub(super) delta: &'d Delta,
    /// What it hangs on, where nothing of it is open.
    likeness: Option<Likeness>,
}

impl Pair {
    /// `delta`, which is what changes in an environment.
    pub(super) fn worked_out<'d>(&self, (environment, there): &(RequestEnv, Where), delta: &'d Delta) -> WorkedOut<'d> {
        let open = |found: &Found| !found.open.is_empty() || matches!(found.decided, Decided::Unknown(_));
        let open = open(&delta.gained) || open(&delta.lost) || !delta.set_aside.is_empty();
        let rules = self.rules(Which::New).filter(|_| self.shared && *there == Where::Both && !open);
        WorkedOut { delta, likeness: rules.and_then(|rules| rules.likeness(environment)) }
    }

    /// What changes in `environment`, which both sides have. `None` where it is not like the one that was `worked_out`,
    /// and where Cedar's authorizer does not confirm an example with the other action.
    pub(super) fn carried(
        &self,
        worked_out: &WorkedOut<'_>,
        environment: &RequestEnv,
        options: Options<'_>,
    ) -> Option<Delta> {
        let (WorkedOut { delta, likeness: Some(likeness) }, rules) = (worked_out, self.rules(Which::New)?) else {
            return None;
        };
        if rules.likeness(environment).as_ref() != Some(likeness) {
            return None;
        }
        let found = |found: &Found, side: Which| {
            let one = |effect: &Effect| {
                let [witness, shown] = effect.witness.carried(rules.schema(), environment.action())?;
                (options.confirm)(&witness, side, true).and_then(|()| (options.confirm)(&shown, side, true)).ok()?;
                Some(Effect {
                    causes: effect.causes.clone(),
                    witness: witness.as_json(),
                    condition: Arc::clone(&effect.condition),
                    migrated: effect.migrated.clone(),
                    by_error: effect.by_error,
                    proof: None,
                })
            };
            let effects = found.effects.iter().map(one).collect::<Option<Vec<Effect>>>()?;
            Some(Found { decided: found.decided.clone(), effects, open: Vec::new(), unlisted: found.unlisted })
        };
        let (gained, lost) = (found(&delta.gained, Which::New)?, found(&delta.lost, Which::Old)?);
        Some(Delta { gained, lost, set_aside: Vec::new() })
    }
}
