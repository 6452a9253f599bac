//! One decision explained: which policies made it, and what would turn it.

use serde_json::Value;

use super::explanation::{Explanation, Mark};
use super::policy_ref::PolicyRef;
use super::tests_run::{Decision, Got, RowRequest};
use crate::finding::Evidence;
use crate::text::Location;

/// What a policy does with the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PolicyStatus {
    /// It matches.
    Matches,
    /// Its scope matches and its condition fails to evaluate.
    Errors,
    /// Its scope matches and its condition does not hold.
    DoesNotMatch,
    /// Its scope does not match.
    OutOfScope,
}

impl PolicyStatus {
    /// The word in reports for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Matches => "matches",
            Self::Errors => "errors",
            Self::DoesNotMatch => "does_not_match",
            Self::OutOfScope => "out_of_scope",
        }
    }
}

/// What an expression in a policy comes to by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartValue {
    /// Where it stands; the policy's first line where Cedar kept no place.
    pub location: Location,
    /// As Cedar writes it.
    pub text: String,
    /// Its value as Cedar writes it, or why it has none.
    pub value: Result<String, String>,
}

/// A policy and what it does with the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyExplained {
    /// The policy.
    pub policy: PolicyRef,
    /// What it does.
    pub status: PolicyStatus,
    /// Its operands, or the part of its scope that is missed, and what each comes to.
    pub marks: Vec<Mark>,
    /// Every expression in its condition, and what it comes to; none out of scope.
    pub values: Vec<PartValue>,
}

/// One thing of a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What is changed, such as `context.mfa`, `principal.level` or `Team::"a".lead`; of a membership the entity.
    pub what: String,
    /// The entity that it is about, in Cedar syntax; none for the context.
    pub entity: Option<String>,
    /// What changes.
    pub kind: ChangeKind,
}

/// What changes, in Cedar's JSON.
#[derive(Debug, Clone, PartialEq)]
pub enum ChangeKind {
    /// A value: what it is, and what it would be. `None` where there is none.
    Value {
        /// What it is.
        old: Option<Value>,
        /// What it would be.
        new: Option<Value>,
    },
    /// An entity that is in a group, in Cedar syntax, or no longer is.
    Member {
        /// The group.
        group: String,
        /// Whether it would be in it.
        joins: bool,
    },
}

/// A change that turns the decision, confirmed by Cedar's authorizer.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// All of it; nothing of it can be left out.
    pub changes: Vec<Change>,
    /// Whether what `[step-up]` lists can bring it about; `None` where it lists nothing.
    pub reachable: Option<bool>,
}

/// How far the list of turns is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// No other change is as small: proved.
    Proved,
    /// There is none at all: proved.
    Never,
    /// Values that policies name were tried out, and why no more is known.
    Tried(String),
}

/// Until when a decision stays as it is while a clock goes on and nothing else changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Lasting {
    /// The attribute that tells the time, such as `context.now`.
    pub clock: String,
    /// What it says in the request.
    pub from: Value,
    /// The clocks that go on with it, by as much; the others stand still.
    pub along: Vec<String>,
    /// Until when.
    pub until: Until,
}

/// Until when.
#[derive(Debug, Clone, PartialEq)]
pub enum Until {
    /// The first instant at which the decision is the other one, confirmed by Cedar's authorizer.
    Instant(Value),
    /// No later instant turns it: proved.
    Ever,
    /// Not decided, and why.
    Unknown(String),
}

/// One decision explained.
#[derive(Debug, Clone, PartialEq)]
pub struct Explained {
    /// The store, by name.
    pub store: String,
    /// The row or line that the request is from, if it is from one.
    pub from: Option<String>,
    /// The request.
    pub request: RowRequest,
    /// What Cedar's authorizer answered.
    pub got: Got,
    /// What decided, and what came near: the most telling first.
    pub reasons: Vec<Explanation>,
    /// Every policy, those that matter most first.
    pub policies: Vec<PolicyExplained>,
    /// What would turn the decision, the smallest change first; none where nothing was looked for.
    pub turns: Vec<Turn>,
    /// How far `turns` is known.
    pub reach: Reach,
    /// Until when it stays as it is, for each clock.
    pub lasting: Vec<Lasting>,
}

impl Explained {
    /// The decision that `turns` lead to.
    #[must_use]
    pub fn other(&self) -> Decision {
        match self.got.decision {
            Decision::Allow => Decision::Deny,
            Decision::Deny => Decision::Allow,
        }
    }
}

/// What an attribute is to the decisions of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HangsOnKind {
    /// It tells the time.
    Time,
    /// It is of the context.
    Context,
    /// It is of an entity.
    Entity,
}

impl HangsOnKind {
    /// The word in reports for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Context => "context",
            Self::Entity => "entity",
        }
    }
}

/// An attribute that decisions may hang on.
#[derive(Debug, Clone, PartialEq)]
pub struct HangsOn {
    /// `context.mfa`, or `User.level` of all entities of a type.
    pub attribute: String,
    /// What it is.
    pub kind: HangsOnKind,
    /// Why it is not known whether decisions hang on it; none where two requests show that they do.
    pub open: Option<String>,
    /// Two requests that differ in it alone and are decided otherwise, confirmed by Cedar's authorizer.
    pub example: Option<Box<[Evidence; 2]>>,
}

/// What the decisions of an action hang on, besides who asks for what.
#[derive(Debug, Clone, PartialEq)]
pub struct Cacheable {
    /// The store, by name.
    pub store: String,
    /// The action, in Cedar syntax.
    pub action: String,
    /// Attributes, in the order of their kinds and names.
    pub on: Vec<HangsOn>,
    /// The types of the groups that policies ask for; whether decisions hang on these is not asked.
    pub groups: Vec<String>,
}
