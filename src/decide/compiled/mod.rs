//! Policies and entities compiled once, for what decides millions of times.
//!
//! | file | what it does |
//! |---|---|
//! | `value` | values as numbers |
//! | `instants` | instants as numbers |
//! | `plain` | contexts as they are read |
//! | `world` | entities by number |
//! | `node` | conditions as a graph |
//! | `glob` | patterns |
//! | `operations` | what operators come to |
//! | `compile` | from Cedar's expressions to nodes |
//! | `policy` | policies with their scopes |
//! | `policies` | all that is compiled, filed by scope |
//! | `evaluator` | nodes evaluated for a request |
//! | `left_over` | what is left to ask of a context that is not known |
//! | `authorizer` | requests decided |
//! | `gaps` | what is not known of a request |
//! | `answer` | requests decided of which not everything is known |

mod answer;
mod authorizer;
mod compile;
mod evaluator;
mod gaps;
mod glob;
mod instants;
mod left_over;
mod node;
mod operations;
mod plain;
mod policies;
mod policy;
mod value;
mod world;

pub use answer::{Answer, Answerer, Numbered, Requested};
pub use authorizer::{CompiledAuthorizer, Decider, Verdict};
pub(super) use evaluator::{Ask, Evaluator};
pub use gaps::{Gap, Gaps, Lack};
pub(super) use node::{BinaryOp, Graph, Node};
pub use plain::Plain;
pub(super) use policies::Policies;
pub(super) use policy::{Body, Part, Policy};
pub(super) use value::Value;
