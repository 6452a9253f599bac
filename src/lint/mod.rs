//! Rules of our own: what is legal Cedar and still wrong.
//!
//! A rule is one file in `rules` (over text) or in `proofs` (by the engine), one line in the list of that folder, one
//! page in `docs/rules` and one folder in `fixtures/rules`.
//!
//! | file | what it does |
//! |---|---|
//! | `run` | runs the rules over all stores, at the levels that configuration gives |
//! | `prove` | runs the proofs over one store |
//! | `catalogue` | every rule there is, by id |
//! | `rules/` | rules over text and syntax, a file each |
//! | `context`, `literals` | what these are given, and the entities that policies write out |
//! | `proofs/` | rules by proof, a file each |
//! | `facts/` | what proofs are given and share |
//! | `rule` | what a rule declares of itself |
//! | `supersede` | drops what the validator says where a rule says more |
//! | `housekeeping` | the rules about suppressions |

mod catalogue;
mod context;
mod facts;
mod housekeeping;
mod literals;
mod proofs;
mod prove;
mod rule;
mod rules;
mod run;
mod supersede;

pub use catalogue::{lint_rule, lint_rules, metadata};
pub use context::Context;
pub use facts::{Facts, Proved};
pub use housekeeping::{RULES as HOUSEKEEPING_RULES, rule_states};
pub use rule::{Check, LintRule, Proof, Text};
pub use run::{Linted, Options, run};
pub use supersede::drop_superseded;
