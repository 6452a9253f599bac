//! Literals, gates and bits over a SAT solver.
//!
//! | file | what it does |
//! |---|---|
//! | `sat` | the solver, named here only |
//! | `graph` | the circuit as data: gates, clauses, the question under way |
//! | `gates` | new gates, folded and shared |
//! | `search` | the search for values, over what a question hangs on |
//! | `bits`, `arithmetic` | vectors of literals as numbers |

mod arithmetic;
mod bits;
mod gates;
mod graph;
mod sat;
mod search;

pub(super) use bits::Bits;
pub(super) use graph::Circuit;
pub(super) use sat::{Lit, Solved};
