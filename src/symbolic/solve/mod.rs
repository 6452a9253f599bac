//! One question after the other: literals, a search, and the objections of the theories.
//!
//! | file | what it does |
//! |---|---|
//! | `policies` | the policies of a session, compiled for its environment when they are asked for |
//! | `decisions` | what policies decide together, as formulas |
//! | `encoding` | policies and formulas as literals |
//! | `others` | "some other policy matches", for every policy at the cost of one |
//! | `solver` | the search: models, and what the theories say to them |
//! | `plain` | models whose numbers people can read |
//! | `known` | models whose strings policies name |

mod decisions;
mod encoding;
mod known;
mod merge;
mod others;
mod plain;
mod policies;
mod solver;

pub(super) use policies::SessionPolicies;
pub(super) use solver::Solver;
pub use solver::{DEFAULT_BUDGET, Sample};
