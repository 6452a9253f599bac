//! How far permits reach.

use crate::text::Location;

/// How far a permit reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breadth {
    /// The store by name.
    pub store: String,
    /// The permit by full name.
    pub policy: String,
    /// Where it stands.
    pub location: Location,
    /// Its place in the ranking of its store, from 1.
    pub rank: usize,
    /// Request environments in which it matches some request.
    pub environments: usize,
    /// Request environments in which it matches every request.
    pub unconditional: usize,
    /// All request environments of the store.
    pub of: usize,
    /// Conditions of scope and clauses that all have to hold.
    pub conditions: usize,
    /// What its scope leaves open: `principal`, `action`, `resource`.
    pub open: Vec<&'static str>,
    /// What its clauses ask for, all of which has to hold.
    pub asks: Vec<Asked>,
    /// What it was in the revision compared with, if there is one.
    pub since: Option<Since>,
}

/// A condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// As a Cedar expression.
    pub text: String,
    /// Whether it keeps any request out that the rest of the permit lets in; `None` where that is not known.
    pub binds: Option<bool>,
}

/// What a permit was in the revision compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Since {
    /// How far it reached; none where it was not there.
    pub before: Option<Before>,
    /// Whether it matches requests that it did not.
    pub broader: Broader,
}

/// How far a permit reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before {
    /// Its place in the ranking.
    pub rank: usize,
    /// Request environments in which it matched some request.
    pub environments: usize,
    /// Request environments in which it matched every request.
    pub unconditional: usize,
    /// Conditions that all had to hold.
    pub conditions: usize,
}

/// Whether a permit matches requests that it did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broader {
    /// It does, in so many request environments.
    Yes(usize),
    /// It does not.
    No,
    /// It was not there.
    New,
    /// Not known, and why, a phrase.
    Unknown(String),
}

impl Broader {
    /// The word in `--report json`.
    #[must_use]
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Yes(_) => "yes",
            Self::No => "no",
            Self::New => "new",
            Self::Unknown(_) => "unknown",
        }
    }
}
