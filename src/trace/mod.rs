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

mod condition;
mod distance;
mod effects;
mod scope;
mod terms;
mod times;
mod tracer;
mod values;

pub use condition::{Clause, Condition, Node, Shape};
pub use effects::Seen;
pub use scope::{Miss, Variable};
pub use terms::World;
pub use tracer::{Account, DESCRIBED, Operand, Tracer};
pub use values::{Truth, Values};
