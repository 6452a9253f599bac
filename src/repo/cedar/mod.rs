//! Cedar's parser, syntax tree, schemas and entities. The only folder that touches the internals of cedar-policy-core,
//! because the public API keeps neither the places of expressions nor what was parsed before an error.
//!
//! | file | what it does |
//! |---|---|
//! | `parse` | from text to policies |
//! | `body` | a policy, its annotations and the operands of its condition |
//! | `syntax` | from Cedar's syntax tree to ours |
//! | `reads` | the attributes and tags that a condition reads |
//! | `schema` | what a schema declares |
//! | `entities` | entities read one by one |
//! | `fault` | Cedar's diagnostics as words |
//! | `places` | Cedar's places as ours |

mod body;
mod entities;
mod fault;
mod parse;
mod places;
mod reads;
mod schema;
mod syntax;

pub use body::{Body, Part};
pub use entities::{SharedEntity, direct_parents, entity_values};
pub use fault::{CedarFault, fault};
pub use parse::{Parsed, parse};
pub use reads::Read;
pub use schema::{context_shape, entity_shape, enumeration, same_schema};
