//! Both sides, everything that differs between them, and what was accepted beforehand or became weaker.

use sha2::{Digest, Sha256};

use super::effect::{CauseGroup, Ruling};
use super::store::StoreChanges;
use crate::text::Location;

/// A side of a comparison. Old and new are named the same way everywhere.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Side {
    /// What the user called it: `main`, `the worktree`, a folder.
    pub label: String,
    /// The full id of its commit, where it is one.
    pub commit: Option<String>,
    /// A digest of all schemas, hexadecimal.
    pub schema: Option<String>,
}

/// A change that was accepted beforehand, in a reviewed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The effect's fingerprint.
    pub fingerprint: String,
    /// What it is, in words.
    pub what: String,
    /// Who answers for it.
    pub owner: String,
    /// The last day on which it holds, `YYYY-MM-DD`.
    pub until: String,
    /// Whether it still holds.
    pub in_force: bool,
    /// Whether this comparison has the effect.
    pub used: bool,
    /// Whether the old side lacks it: the change accepts itself.
    pub added: bool,
}

/// A rule about the repository that the new side holds it to less strictly than the old side did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weakened {
    /// Such as `gate_removed`.
    pub kind: &'static str,
    /// What, in words.
    pub what: String,
    /// Where: on the new side if it is there, else on the old.
    pub location: Location,
    /// Whether it fails the run.
    pub ruling: Ruling,
    /// The gate that refuses it; `None` for what is refused without one.
    pub gate: Option<Location>,
    /// What it is accepted by: a hash of kind and words.
    pub fingerprint: String,
    /// Of an acceptance: the fingerprint of what it accepts.
    pub accepts: Option<String>,
}

impl Weakened {
    /// What became weaker; nobody has ruled yet.
    #[must_use]
    pub fn new(kind: &'static str, what: impl Into<String>, location: Location) -> Self {
        let what = what.into();
        let digest = Sha256::digest(format!("{kind}\n{what}").as_bytes());
        let fingerprint = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { kind, what, location, ruling: Ruling::Free, gate: None, fingerprint, accepts: None }
    }
}

/// Everything that comparing two revisions found.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The old side.
    pub old: Side,
    /// The new side.
    pub new: Side,
    /// The stores, sorted by name.
    pub stores: Vec<StoreChanges>,
    /// Changes that were accepted beforehand.
    pub accepted: Vec<Accepted>,
    /// What became weaker.
    pub weakened: Vec<Weakened>,
}

impl Comparison {
    /// Every group of every store, with its store.
    pub fn groups(&self) -> impl Iterator<Item = (&StoreChanges, &CauseGroup)> {
        self.stores.iter().flat_map(|store| store.groups.iter().map(move |group| (store, group)))
    }

    /// How many effects gates refuse, and what became weaker and is refused.
    #[must_use]
    pub fn refused(&self) -> usize {
        let effects = self.groups().flat_map(|(_, group)| &group.effects).map(|effect| effect.ruling);
        let weakened = self.weakened.iter().map(|weakened| weakened.ruling);
        effects.chain(weakened).filter(|ruling| *ruling == Ruling::Refused).count()
    }

    /// Whether decisions change somewhere.
    #[must_use]
    pub fn changes_access(&self) -> bool {
        self.groups().next().is_some()
    }
}
