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
//! | `context`, `literals`, `conditions` | what these are given, the entities that policies write out, conditions taken apart |
//! | `custom` | the rules that a configuration declares |
//! | `custom_conditions` | what is wrong with the conditions that these name |
//! | `proofs/` | rules by proof, a file each |
//! | `fixes/` | how findings are mended |
//! | `facts/` | what proofs are given and share |
//! | `rule` | what a rule declares of itself |

mod catalogue;
mod conditions;
mod context;
mod custom;
mod custom_conditions;
mod facts;
mod fixes;
mod literals;
mod proofs;
mod prove;
mod rule;
mod rules;
mod run;

pub use catalogue::{lint_rule, lint_rules, metadata, stands_for, yields_to};
pub use context::Context;
pub use facts::{Facts, Proved};
pub use prove::infers;
pub use rule::{Check, LintRule, Proof, Text, Whole};
pub use run::{Linted, Options, run};
