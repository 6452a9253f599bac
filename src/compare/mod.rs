//! Two sets of policies over one request environment: which requests the one allows and the other does not, because of
//! which policies, and for whom. What `diff` and every other question about equivalence share.
//!
//! Imports `symbolic`.
//!
//! | file | what it does |
//! |---|---|
//! | `pair` | the two sets, with what they have in common said once |
//! | `environment` | gained and lost in one environment |
//! | `causes` | the smallest sets of changes that bring an effect about |
//! | `conditions`, `expression` | for whom, as a Cedar expression that is proved |

mod causes;
mod conditions;
mod environment;
mod expression;
mod pair;

pub use conditions::Condition;
pub use environment::{Confirm, Decided, Delta, Effect, Found, Options, Where, Why};
pub use pair::{Body, Pair, PolicyPair, Which};
