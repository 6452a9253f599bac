//! Requests decided as Cedar's authorizer decides them, at the cost of the policies that can apply.
//!
//! Imports nothing of ours: Cedar's types only.
//!
//! | part | what it does |
//! |---|---|
//! | `scoped_authorizer` | Cedar's authorizer over policies that are looked up by their scope |
//! | `compiled` | policies and entities compiled once: an evaluator of our own, held to Cedar's |
//! | `census` | who may do what, among all principals and all resources that there are |

mod census;
mod compiled;
mod scoped_authorizer;

pub use census::{Access, Bits, Census, Column, Condition, Counted, Kind, Uncounted};
pub use compiled::{
    Answer, Answerer, CompiledAuthorizer, Decider, Gap, Gaps, Lack, Numbered, Plain, Requested, Verdict,
};
pub use scoped_authorizer::ScopedAuthorizer;
