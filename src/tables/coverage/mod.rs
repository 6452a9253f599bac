//! Which policies and conditions rows exercise.
//!
//! Counted are the rows that ran, whether they pass or fail. **Policies** are static policies and links: one is
//! covered when some row would be decided otherwise without it. **Conditions** are the operands of `&&`, `||`, `!` and
//! `if` that are none of these themselves, clauses that are a single such operand included, and the clauses that have
//! several operands; `true` and `false` as written are none. Inside of an operand, as in `(if a then 1 else 2) == 1`,
//! the tests of `if` and the operands of `&&`, `||` and `!` count as well, up to 64 of these. A condition is covered
//! when some row evaluates it to true, some row evaluates it to false, and it decides by itself: in some row that
//! evaluates it to true or false, giving it the other value, with everything else evaluated as it is and operands that
//! were skipped evaluated where that takes them in, changes the decision. A policy that fails to evaluate is as if it
//! was not there, as for the authorizer. Links share the conditions of their template, each evaluating them for
//! itself, and a policy that several stores hold is listed once.
//!
//! | file | what it does |
//! |---|---|
//! | `gauge` | all stores of a repository |
//! | `plan` | what is counted of a store, row by row |
//! | `counts` | the counts |
//! | `report` | what an outcome says of them |
//!
//! # Why
//!
//! Coverage asks what decides. `tests/tables/coverage_oracle.rs` counts a second time: it replaces operands in the text
//! and asks the plain authorizer.

mod counts;
mod gauge;
mod plan;
mod report;

pub(super) use counts::Counts;
pub use gauge::Gauge;
pub(super) use plan::Plan;
