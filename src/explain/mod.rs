//! Why a request is decided as it is, and the smallest changes that would turn the decision.
//!
//! Imports `text`, `finding`, `outcome`, `repo`, `decide`, `trace`, `symbolic`, `expression` and `infer`.
//!
//! | file | what it does |
//! |---|---|
//! | `places` | where in a file a trace's place is |
//! | `reasons` | why a decision is not the other one: sentences, and marks over the text of policies |
//! | `policies` | every policy: whether it matches, and what its expressions come to |
//! | `slot` | what of a request and its entities can be changed, one thing at a time |
//! | `situation` | a request with the entities that it leads to, changed and decided |
//! | `vocabulary` | the attributes, literals and groups that policies name |
//! | `probe` | policies that say of a slot that it is what it is |
//! | `compiled` | the policies of a store in the engine |
//! | `frame` | what of a request is fixed and what may change |
//! | `question` | the engine, asked about one request with its slots fixed or free |
//! | `search` | the smallest sets of slots that turn the decision |
//! | `values` | from what the engine found to values that people understand |
//! | `trial` | values that policies name, tried out where the engine has no answer |
//! | `turns` | all of that put together |
//! | `cacheable` | what the decisions of an action hang on |
//! | `lasting` | until when a decision stays as it is |
//!
//! # Why
//!
//! The engine is asked about all requests and entities that fit the schema. A request is one of them, so it is fixed by
//! policies that nobody has: one for each attribute that policies name, which matches where the attribute is what it is
//! in the request. To ask what a change of some of them would do is to leave these out. What is found is written into
//! the request or its entities, and Cedar's authorizer decides: what it does not confirm is not shown.

mod cacheable;
mod compiled;
mod frame;
mod lasting;
mod places;
mod policies;
mod probe;
mod question;
mod reasons;
mod search;
mod situation;
mod slot;
mod trial;
mod turns;
mod values;
mod vocabulary;

pub use cacheable::cacheable;
pub use compiled::{Compiled, compile, compile_all};
pub use lasting::lasting;
pub use places::place;
pub use policies::told;
pub use reasons::{Asked, reasons};
pub use situation::Situation;
pub use turns::{Wanted, turns};
