//! What changes in one environment for one reason, with a request that shows it, and what gates say.

use std::sync::Arc;

use super::cause::Cause;
use super::condition::Condition;
use super::environment::Direction;
use crate::finding::Evidence;
use crate::text::Location;

/// A request whose decision changes, confirmed by Cedar's authorizer on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Witness {
    /// The request and entities; as the new side has them, where the two schemas differ.
    pub evidence: Evidence,
    /// As the old side has them, where that differs.
    pub old: Option<Evidence>,
    /// Those of its entities that exist nowhere; looked up only where it is to be a row of a decision table.
    pub strangers: Vec<String>,
}

/// What a gate says about an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// No gate asks about it.
    Free,
    /// A gate refuses it.
    Refused,
    /// A gate would refuse it, and it was accepted.
    Accepted,
}

/// Requests of one environment that change their decision for one reason.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// Index into [`StoreChanges::environments`].
    pub environment: usize,
    /// For whom; shared by effects for which it is the same.
    pub condition: Arc<Condition>,
    /// A request that shows it.
    pub witness: Witness,
    /// Of the repository's own entities, principals and resources that it concerns in the context of the witness, as
    /// Cedar writes them: some of them, where it has any.
    pub known: Vec<[String; 2]>,
    /// Names of attributes that were declared with another type: how their values are carried over decides whether the
    /// effect is there.
    pub migrated: Vec<String>,
    /// Whether it is there only where one of the changed policies cannot be evaluated, before or now, because a number
    /// overflows for instance.
    pub by_error: bool,
    /// What gates say.
    pub ruling: Ruling,
    /// Stable across runs and moves: a hash of direction, causes' content and environment.
    pub fingerprint: String,
}

impl CauseGroup {
    /// What all of its effects hang on, if they do: attributes that were declared with another type, each once.
    #[must_use]
    pub fn migrated(&self) -> Vec<&str> {
        if self.effects.iter().any(|effect| effect.migrated.is_empty()) {
            return Vec::new();
        }
        let mut all: Vec<&str> = self.effects.iter().flat_map(|effect| &effect.migrated).map(String::as_str).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Whether all of its effects are there only where a changed policy cannot be evaluated.
    #[must_use]
    pub fn by_error(&self) -> bool {
        !self.effects.is_empty() && self.effects.iter().all(|effect| effect.by_error)
    }
}

/// Effects that the same changes bring about: the unit of reports.
#[derive(Debug, Clone, PartialEq)]
pub struct CauseGroup {
    /// Gained or lost.
    pub direction: Direction,
    /// The smallest set of changes that bring the effects about when made to the old side.
    pub causes: Vec<Cause>,
    /// One for each environment, in the order of environments.
    pub effects: Vec<Effect>,
    /// What the change as a whole is accepted by: a hash of the effects' fingerprints.
    pub fingerprint: String,
    /// The gate that refuses some of it, or would if it were not accepted: where it is written.
    pub gate: Option<Location>,
    /// The guardrail that refuses some of them, by id: no acceptance lifts that.
    pub guardrail: Option<String>,
}
