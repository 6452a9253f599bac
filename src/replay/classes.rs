//! Requests by what policies make of them: one class for all that every policy treats alike.

use cedar_policy::EntityUid;

use super::judge::Decided;
use crate::outcome::replay::Merge;

/// So many requests of a class are kept.
const SAMPLES: usize = 4;

/// A request of a class, whole.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Sample {
    pub(super) principal: EntityUid,
    pub(super) action: EntityUid,
    pub(super) resource: EntityUid,
    /// As JSON.
    pub(super) context: String,
    /// As JSON; none where those that are known here were asked over.
    pub(super) entities: Option<String>,
}

/// Requests that policies do not tell apart, decided alike in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The place of its store.
    pub(super) pair: usize,
    /// What the log says; what the policies say where it says nothing.
    pub(super) expected: bool,
    /// How many there are.
    pub(super) lines: u64,
    pub(super) decided: Decided,
    /// A few of them, those with the smallest hashes.
    pub(super) samples: Vec<(u64, Sample)>,
}

impl Class {
    /// What tells classes apart, of requests of a store and an action.
    pub(super) fn key(pair: usize, expected: bool, decided: &Decided, sample: &Sample) -> String {
        let (principal, resource) = (sample.principal.type_name(), sample.resource.type_name());
        let Decided { permits, forbids, errors, .. } = decided;
        format!("{pair}\n{}\n{principal}\n{resource}\n{expected}\n{permits:?}{forbids:?}{errors:?}", sample.action)
    }

    /// Counts a request; `hash` is that of its record.
    pub(super) fn add(&mut self, hash: u64, sample: impl FnOnce() -> Sample) {
        self.lines += 1;
        if self.samples.len() < SAMPLES || self.samples.last().is_some_and(|(last, _)| hash < *last) {
            self.keep((hash, sample()));
        }
    }

    fn keep(&mut self, one: (u64, Sample)) {
        if let Err(at) = self.samples.binary_search_by(|known| known.0.cmp(&one.0)) {
            self.samples.insert(at, one);
            self.samples.truncate(SAMPLES);
        }
    }
}

impl Merge for Class {
    fn merge(&mut self, other: Self) {
        self.lines = self.lines.saturating_add(other.lines);
        other.samples.into_iter().for_each(|one| self.keep(one));
    }
}
