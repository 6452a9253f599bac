//! Two sets of policies over one request environment: which requests the one allows and the other does not, because of
//! which policies, and for whom. What `diff` and every other question about equivalence share.
//!
//! Imports `symbolic` and `expression`.
//!
//! | file | what it does |
//! |---|---|
//! | `pair` | the two sets, with what they have in common said once |
//! | `delta` | what a comparison gives, and what it is asked for |
//! | `environment` | gained and lost in each environment |
//! | `leaders` | the first environment of each kind |
//! | `carried` | what is found in one environment, taken over in another |
//! | `view`, `work` | the policies of one environment in a session |
//! | `effects` | what is gained or lost, each with a request that shows it |
//! | `fails_open` | forbids that a schema change makes error |
//! | `idle` | changed policies that change no decision |
//! | `migrated` | effects that hang on how re-declared data is carried over |
//! | `causes` | the smallest sets of changes that bring an effect about |
//! | `reading` | which attributes an expression reads |
//! | `clauses`, `conjunct` | for whom, in clauses that are proved |
//! | `choose` | which of many policies a clause has to name |
//! | `shortest` | what `when` says, as short as can be proved |
//! | `left` | what exceptions leave of a value |
//! | `constant` | expressions without what the request environment decides |
//! | `apart` | conjuncts that are plain to see never to hold at once |

mod apart;
mod carried;
mod causes;
mod choose;
mod clauses;
mod conjunct;
mod constant;
mod delta;
mod effects;
mod environment;
mod fails_open;
mod idle;
mod leaders;
mod left;
mod migrated;
mod pair;
mod reading;
mod shortest;
mod view;
mod work;

pub use delta::{
    Clause, Condition, Confirm, Decided, Delta, Effect, Found, Left, LeftOver, Open, Options, Undecided, Where,
};
pub use idle::Idle;
pub use pair::{Body, Pair, PolicyPair, Which};
