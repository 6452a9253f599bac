//! Forbids that a schema change makes error, or no longer.
//!
//! # Why
//!
//! What both sides declare is the same unknown, there on both sides where either requires it: so two policies are
//! compared on the data that both schemas accept. But where the new schema makes an attribute optional, data comes that
//! has it not; a forbid that reads it unguarded errors there, Cedar skips it, and what it refused is let through. The
//! other way round, what slipped through is refused.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::RequestEnv;

use super::delta::{Condition, Decided, Delta, Effect, Found, Options, Undecided, leave_open};
use super::pair::{Pair, Which};
use super::view::{Applied, View, any};
use crate::symbolic::{Answer, Formula, PolicyRef, Session, Status};

impl Pair {
    /// What `side` allows because forbids error where an attribute is absent that the other side requires, and what
    /// they refuse there where it is present.
    pub(super) fn fails_open(&self, side: Which, environment: &RequestEnv, view: &View, options: Options<'_>) -> Found {
        let mut found = Delta::none().gained;
        let suspects = view.forbids(side).iter().filter_map(|forbid| {
            let entry = self.entries.get(forbid.entry)?;
            let (here, there) = (entry.member(side)?, entry.member(side.other())?);
            self.reads_loosened(here, side).then_some((forbid.entry, here, there))
        });
        let suspects: Vec<_> = suspects.collect();
        let (Some(strict), Some(loose), false) = (self.rules(side.other()), self.rules(side), suspects.is_empty())
        else {
            return found;
        };
        // The loose side is the second of the session, whichever it is here.
        let mut session = Session::loosened(strict, loose, environment);
        let of = |policy: PolicyRef, side: usize| PolicyRef { side, ..policy };
        let here = |applied: &[Applied]| -> Vec<Applied> {
            applied.iter().map(|one| Applied { policy: of(one.policy, 1), ..*one }).collect()
        };
        let allowed = any(&here(view.permits(side))).and(!any(&here(view.forbids(side))));
        for (entry, member, other) in suspects {
            let (loose, strict) = (of(member.policy, 1), of(other.policy, 0));
            if session.status(loose) != Status::Applies || session.status(strict) != Status::Applies {
                continue;
            }
            let question = Formula::And(vec![Formula::Matches(strict), Formula::Errors(loose), allowed.clone()]);
            match session.find(&question) {
                Answer::Impossible => {}
                Answer::Unknown(reason) => {
                    let why = Undecided::Unanswered(reason);
                    found.decided = Decided::Unknown(why.clone());
                    leave_open(&mut found.open, why, entry);
                }
                Answer::Witness(mut witness) => {
                    if side == Which::Old {
                        witness.cases.reverse();
                    }
                    match (options.confirm)(&witness, side, true) {
                        Ok(()) => {
                            let condition = Condition { when: self.absent(member, side), ..Condition::default() };
                            let witness = if options.followed { witness } else { witness.as_json() };
                            let causes = vec![entry];
                            let migrated = BTreeSet::new();
                            found.effects.push(Effect {
                                causes,
                                witness,
                                condition: Arc::new(condition),
                                migrated,
                                by_error: false,
                                proof: None,
                            });
                        }
                        Err(asked) => {
                            let why = view.unconfirmed(asked);
                            found.decided = Decided::Unknown(why.clone());
                            leave_open(&mut found.open, why, entry);
                        }
                    }
                }
            }
        }
        if !found.effects.is_empty() {
            found.decided = Decided::Yes;
        }
        found
    }
}
