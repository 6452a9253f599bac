//! Cedar's authorizer over many policies, at a cost that follows the policies that can apply.
//!
//! Imports nothing of ours: Cedar's types only.

mod scoped_authorizer;

pub use scoped_authorizer::ScopedAuthorizer;
