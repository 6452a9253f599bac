//! Guardrails: what is proved of stores, and what came of it.

use super::changes::{Ruling, Weakened};
use crate::finding::{Environment, Evidence};
use crate::text::Location;

/// What came of a guardrail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GuardrailStatus {
    /// It was proved.
    Holds,
    /// A request breaks it.
    Broken,
    /// It is about no request that there can be.
    Vacuous,
    /// It could not be decided.
    Unknown,
    /// There are requests of which it says nothing for lack of an attribute, and something is allowed there.
    NotCovered,
}

impl GuardrailStatus {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [Self::Broken, Self::Vacuous, Self::Unknown, Self::NotCovered, Self::Holds];

    /// The word in `--report json`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Broken => "broken",
            Self::Vacuous => "vacuous",
            Self::Unknown => "unknown",
            Self::NotCovered => "not_covered",
        }
    }

    /// Whether it fails the run: nothing can be said against that, neither suppression nor baseline nor acceptance.
    #[must_use]
    pub fn fails(self) -> bool {
        matches!(self, Self::Broken | Self::Vacuous)
    }
}

/// A kind of request in one store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The store by name.
    pub store: String,
    /// The request environment.
    pub environment: Environment,
}

/// A kind of request that a guardrail cannot speak of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Uncovered {
    /// The store by name.
    pub store: String,
    /// The request environment.
    pub environment: Environment,
    /// Why, a phrase.
    pub why: String,
}

/// A policy that lets a request slip through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AtFault {
    /// The policy by full name.
    pub policy: String,
    /// `permit` or `forbid`.
    pub effect: &'static str,
    /// The line of it.
    pub location: Location,
    /// What it does to the request, with the policy as its subject: `allows it`.
    pub does: String,
}

/// A request that breaks a guardrail, decided by Cedar's authorizer.
#[derive(Debug, Clone)]
pub struct Slip {
    /// The store by name.
    pub store: String,
    /// The request environment.
    pub environment: Environment,
    /// What happens there, a sentence without a full stop.
    pub what: String,
    /// The request with its entities.
    pub evidence: Evidence,
    /// Of two actions that should be decided alike, the second request.
    pub other: Option<Evidence>,
    /// The policies that bring it about.
    pub causes: Vec<AtFault>,
    /// How the guardrail fails on the request, in the evaluator's words, if it does: then it counts as matched.
    pub guardrail_fails: Option<String>,
}

/// One guardrail and what came of it.
#[derive(Debug, Clone)]
pub struct GuardrailResult {
    /// What it is called.
    pub id: String,
    /// Its kind: `forbid`, `permit`, `same`, `expires`, `isolate`, `never-gain`, `sensitive` or `temporary`.
    pub kind: &'static str,
    /// The id of the rule that it stands for, if there is one.
    pub rule: Option<&'static str>,
    /// Why it is there, as its author says.
    pub why: Option<String>,
    /// Where it is written.
    pub location: Location,
    /// What came of it.
    pub status: GuardrailStatus,
    /// Of one that is neither kept nor broken, a sentence without a full stop.
    pub reason: Option<String>,
    /// What it comes to in Cedar or in words, where it is a short form.
    pub expansion: Option<String>,
    /// Where some request is one that it speaks of.
    pub touched: Vec<Touched>,
    /// The other kinds of request of the stores that it is about.
    pub untouched: Vec<Touched>,
    /// Where it should speak of requests and cannot.
    pub uncovered: Vec<Uncovered>,
    /// What breaks it: one for each kind of request.
    pub slips: Vec<Slip>,
    /// Every policy that lets something slip through.
    pub at_fault: Vec<AtFault>,
    /// The smallest change that was found to mend it, a sentence without a full stop.
    pub mend: Option<String>,
    /// With a base: whether it was broken there already.
    pub broken_before: Option<bool>,
    /// Whether it is what a policy says of itself.
    pub of_policy: bool,
    /// Whether only the base has it.
    pub of_base: bool,
}

impl GuardrailResult {
    /// One of `kind` called `id` at `location`, of which nothing is known yet.
    #[must_use]
    pub fn new(id: &str, kind: &'static str, location: Location) -> Self {
        Self {
            id: id.to_owned(),
            kind,
            rule: None,
            why: None,
            location,
            status: GuardrailStatus::Unknown,
            reason: None,
            expansion: None,
            touched: Vec::new(),
            untouched: Vec::new(),
            uncovered: Vec::new(),
            slips: Vec::new(),
            at_fault: Vec::new(),
            mend: None,
            broken_before: None,
            of_policy: false,
            of_base: false,
        }
    }
}

/// A guardrail as it is written, whether it holds or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardrailText {
    /// What it is called.
    pub id: String,
    /// Its kind.
    pub kind: &'static str,
    /// What it says, without what is said of it and where.
    pub content: String,
    /// Where it is written.
    pub location: Location,
}

/// All guardrails of a run.
#[derive(Debug, Clone, Default)]
pub struct Guardrails {
    /// Each of them, in the order of files and places.
    pub results: Vec<GuardrailResult>,
    /// What is assumed where they are proved, a sentence each.
    pub assumptions: Vec<String>,
    /// Guardrails of the base that are gone or say less, where that is all that is told of the comparison.
    pub weakened: Vec<Weakened>,
}

impl Guardrails {
    /// Whether one of them is broken or vacuous, or one of the base is gone and nobody answers for it.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.results.iter().any(|one| one.status.fails())
            || self.weakened.iter().any(|one| one.ruling == Ruling::Refused)
    }

    /// Those that came to `status`.
    pub fn of(&self, status: GuardrailStatus) -> impl Iterator<Item = &GuardrailResult> {
        self.results.iter().filter(move |result| result.status == status)
    }
}
