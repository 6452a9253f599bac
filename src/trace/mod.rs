//! Evaluation with the value of every operand: why a policy decides a request, and what stands in the way of one that
//! does not.
//!
//! [`Tracer`] takes a policy set apart once: each condition into a [`Condition`], the tree of `&&`, `||`, `!` and `if`
//! over operands that are none of these. The tree is walked here, with the short circuits of Cedar; operands are
//! evaluated by Cedar's own evaluator.
//!
//! Places are byte ranges in the text that the policy was parsed from. A policy from JSON has none.
//!
//! Imports nothing of ours: Cedar's types only.
//!
//! | file | what it does |
//! |---|---|
//! | `tracer` | a policy set taken apart once; why a policy decides, and what stands in its way |
//! | `condition` | a condition as a tree of operands |
//! | `reading` | takes Cedar's conditions apart |
//! | `term` | Cedar's expressions and their places |
//! | `world` | evaluates operands, and puts values into words |
//! | `truth`, `values` | what each node comes to |
//! | `influence` | what the other truth value of a node would have done |
//! | `distance` | the fewest operands that stand in the way |
//! | `scope` | what of a scope is not met |
//! | `times` | durations and dates as people write them |

mod condition;
mod distance;
mod influence;
mod reading;
mod scope;
mod term;
mod times;
mod tracer;
mod truth;
mod values;
mod world;

pub use condition::{Clause, Condition, Node, Shape};
pub use influence::Seen;
pub use scope::{Miss, Variable};
pub use tracer::{Account, DESCRIBED, Missed, Operand, Tracer};
pub use truth::Truth;
pub use values::Values;
pub use world::{Part, World};
