//! What becomes of one request environment.

use serde::{Deserialize, Serialize};

use crate::finding::Environment;

/// Whether something is on both sides or on one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lifecycle {
    /// On both sides.
    Kept,
    /// On the new side only.
    Added,
    /// On the old side only.
    Removed,
}

impl Lifecycle {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::Added => "added",
            Self::Removed => "removed",
        }
    }
}

/// Which way access changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Denied by the old side, allowed by the new.
    Gained,
    /// Allowed by the old side, denied by the new.
    Lost,
}

impl Direction {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gained => "gained",
            Self::Lost => "lost",
        }
    }
}

/// Whether some request changes its decision in one direction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Some does: there is an effect that shows it.
    Yes,
    /// None does.
    No,
    /// Not decided, and why.
    Unknown(String),
}

impl Status {
    /// The word in reports.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// What both statuses of an environment add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// Every request is decided alike.
    Same,
    /// Some requests are newly allowed, none newly denied as far as is known.
    Gained,
    /// Some requests are newly denied, none newly allowed as far as is known.
    Lost,
    /// Both.
    Both,
    /// Nothing is known to change, and not everything is known.
    Unknown,
}

impl Relation {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Gained => "gained",
            Self::Lost => "lost",
            Self::Both => "both",
            Self::Unknown => "unknown",
        }
    }
}

/// One request environment of a store.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentChange {
    /// The environment.
    pub environment: Environment,
    /// Which sides have it.
    pub lifecycle: Lifecycle,
    /// Whether access is gained. Where only the new side has the environment: whether anybody is permitted there.
    pub gained: Status,
    /// Whether access is lost. Where only the old side has the environment: whether anybody was permitted there.
    pub lost: Status,
}

impl EnvironmentChange {
    /// What both directions add up to; unknown when one of them is unknown and nothing is known of the other.
    #[must_use]
    pub fn relation(&self) -> Relation {
        match (&self.gained, &self.lost) {
            (Status::Yes, Status::Yes) => Relation::Both,
            (Status::Yes, _) => Relation::Gained,
            (_, Status::Yes) => Relation::Lost,
            (Status::No, Status::No) => Relation::Same,
            _ => Relation::Unknown,
        }
    }
}
