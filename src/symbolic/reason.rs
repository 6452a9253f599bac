//! Why a question has no answer.

use std::fmt;

use thiserror::Error;

use super::solvers::Silence;

/// Why a question has no answer. `Display` gives a sentence for the user, without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A policy that the question names was set aside; its name and why.
    SetAside {
        /// The policy's id as given to [`super::CompiledPolicies`].
        policy: String,
        /// Why it could not be compiled.
        why: SetAsideReason,
    },
    /// The search took as many steps as it may.
    Budget {
        /// The steps.
        steps: u64,
        /// What in the question makes such searches long, if there is anything of the kind.
        hard: Option<Difficulty>,
    },
    /// Patterns of `like` whose combination has more states than the engine looks at.
    Patterns {
        /// The bound.
        states: usize,
    },
    /// cvc5 is to answer, and has no say.
    Silent(Silence),
    /// The engine and cvc5 give two answers: a defect of one of them.
    Solvers {
        /// Whether it is the engine that says there is such a request.
        found: bool,
        /// What was asked.
        question: String,
    },
    /// The witness found was not confirmed by Cedar's own authorizer: a defect of the engine.
    Replay {
        /// What differed.
        difference: String,
    },
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::SetAside { policy, why } => write!(f, "policy `{policy}` was set aside: {why}"),
            // Without their number, so that one cause is said once: the later a question, the fewer steps it may take.
            Reason::Budget { hard, .. } => {
                write!(f, "not decided within the steps that the search may take, because of ")?;
                match hard {
                    Some(hard) => hard.fmt(f),
                    None => f.write_str("how many conditions there are on the same values"),
                }
            }
            Reason::Patterns { states } => {
                write!(f, "the patterns of `like` on one string combine to more than {states} states")
            }
            Reason::Silent(why) => write!(f, "cvc5 has no answer, since {why}"),
            Reason::Solvers { found, .. } => {
                let (yes, no) = if *found { ("the engine", "cvc5") } else { ("cvc5", "the engine") };
                write!(f, "{yes} says that there is such a request and {no} that there is none; please report this")
            }
            Reason::Replay { difference } => {
                write!(
                    f,
                    "the request found was not confirmed by Cedar's authorizer ({difference}); please report this"
                )
            }
        }
    }
}

/// Why a policy could not be compiled for an environment.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Error)]
pub enum SetAsideReason {
    /// symcc cannot express the policy or the environment, in its words.
    #[error("{0}")]
    Refused(String),
    /// Entities could not be written in the place of its slots.
    #[error("{0}")]
    Slots(String),
    /// What it says of types does not go with what others say, under a schema that was inferred.
    #[error("`{what}` would have two types: {first}, {second}")]
    Contested {
        /// The attribute.
        what: String,
        /// What the schema follows.
        first: String,
        /// What the policy needs.
        second: String,
    },
    /// It asks of which type an attribute is, and nothing says it, under a schema that was inferred.
    #[error("it asks of which type `{what}` is, and nothing else says it")]
    Untold {
        /// The attribute.
        what: String,
    },
    /// It is for a group of actions, and nothing says which actions are in it.
    #[error("nothing says whether {action} is in the group {group}")]
    OpenGroup {
        /// The action.
        action: String,
        /// The group.
        group: String,
    },
    /// Its terms hold an operation that the engine does not know.
    #[error("{0}")]
    Unsupported(&'static str),
}

/// What makes a search long, the harder the later. `Display` gives words that follow "because of".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difficulty {
    /// Patterns of `like`.
    Patterns,
    /// Ranges of addresses.
    Addresses,
    /// Sums of unknown numbers.
    Sums,
    /// Division, which dates and times are taken apart with.
    Dates,
    /// A product of two unknown numbers.
    Product,
}

impl fmt::Display for Difficulty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Patterns => "patterns of `like` on the same strings",
            Self::Addresses => "ranges of IP addresses",
            Self::Sums => "sums of unknown numbers",
            Self::Product => "a product of two unknown numbers",
            Self::Dates => "date and time arithmetic (`toDate`, `toTime`, `toDays` and the like)",
        })
    }
}
