//! Literals, gates and bits over a SAT solver.
//!
//! | file | what it does |
//! |---|---|
//! | `sat` | the solver, named here only |
//! | `graph` | the circuit as data: gates, clauses, the question under way |
//! | `gates` | new gates, folded and shared |
//! | `search` | the search for values, over what a question hangs on |
//! | `trust` | what a search takes on trust, and numbers that a theory knows |
//! | `merge` | models put together from others |
//! | `triggers`, `watch` | which of many literals hold, without looking at each |
//! | `bits`, `arithmetic` | vectors of literals as numbers |
//! | `product` | what bits of products come to |

mod arithmetic;
mod bits;
mod gates;
mod graph;
mod merge;
mod product;
mod sat;
mod search;
mod triggers;
mod trust;
mod watch;

pub(super) use arithmetic::Division;
pub(super) use bits::Bits;
pub(super) use graph::{Circuit, Demand, Many};
pub(super) use sat::{Lit, Solved};
