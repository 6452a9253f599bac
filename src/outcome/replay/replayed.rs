//! A whole run over recorded decisions.

use serde::{Deserialize, Serialize};

use super::tally::Tally;
use crate::outcome::SuggestedRow;
use crate::outcome::changes::Direction;

/// A log, or a part of one, that was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Input {
    /// As it was named.
    pub log: String,
    /// SHA-256 of what it holds, unpacked, in hexadecimal.
    pub digest: String,
    /// How many bytes that is.
    pub bytes: u64,
    /// Why the rest of it was not read, if so.
    pub cut: Option<String>,
}

/// What recorded decisions say of a revision.
#[derive(Debug, Clone, PartialEq)]
pub struct Replayed {
    /// The old side; none where that is the recorded decision.
    pub from: Option<String>,
    /// The new side.
    pub to: String,
    /// What was read, each content once, in the order of names.
    pub inputs: Vec<Input>,
    /// What was given and not counted again, by name.
    pub repeated: Vec<String>,
    /// The time from which records count, as it was given.
    pub since: Option<String>,
    /// The percentage of records that was looked at, where it is not all.
    pub sample: Option<f64>,
    /// What is counted.
    pub tally: Tally,
    /// The changes that fail the run.
    pub deny: Vec<Direction>,
    /// The percentage of records that may stay undecided.
    pub undecided_limit: f64,
    /// Rows of a decision table made of the records, when that was asked for.
    pub rows: Vec<SuggestedRow>,
}

impl Replayed {
    /// How many records change in a way that fails the run.
    #[must_use]
    pub fn refused(&self) -> u64 {
        let count = |direction| match direction {
            Direction::Gained => self.tally.gained,
            Direction::Lost => self.tally.lost,
        };
        [Direction::Gained, Direction::Lost].into_iter().filter(|way| self.deny.contains(way)).map(count).sum()
    }

    /// Whether more records are undecided than may be.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a share of records, compared with a percentage")]
    pub fn too_undecided(&self) -> bool {
        self.tally.undecided as f64 * 100.0 > self.undecided_limit * self.tally.lines() as f64
    }
}
