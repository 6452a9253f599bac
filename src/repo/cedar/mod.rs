//! Cedar's parser, syntax tree, schemas and entities, by the internals of cedar-policy-core: the public API has neither
//! the syntax tree nor the places of expressions, and keeps nothing of what was parsed before an error. Rules walk our
//! own tree (`repo::syntax`), so that Cedar's changes meet this folder.
//!
//! | file | what it does |
//! |---|---|
//! | `parse` | from text to policies |
//! | `body` | a policy, its annotations and the operands of its condition |
//! | `syntax` | from Cedar's syntax tree to ours |
//! | `reads` | the attributes and tags that a condition reads |
//! | `operands` | the operands of a condition, and the condition without them |
//! | `free` | operands that can fail whatever stands beside them |
//! | `schema` | what a schema declares |
//! | `declared` | what a schema declares, for people |
//! | `entities` | entities read one by one |
//! | `typed`, `untyped`, `written` | entities that are written plainly, read by what their schema declares or without one |
//! | `fault` | Cedar's diagnostics as words |
//! | `places` | Cedar's places as ours |

mod body;
mod declared;
mod entities;
mod fault;
mod free;
mod operands;
mod parse;
mod places;
mod reads;
mod schema;
mod syntax;
mod typed;
mod untyped;
mod written;

pub use body::{Body, Part};
pub use declared::{
    Attribute, Kind as ValueKind, action_declaration, context_attributes, entity_attributes, entity_declaration,
    string_of,
};
pub use entities::{EntityReader, SharedEntity, direct_parents, entity_values, is_action, same_values, with_actions};
pub use fault::{CedarFault, fault};
pub use free::{Freedom, Root};
pub use operands::Operand;
pub use parse::{Parsed, make_ready, parse};
pub use reads::Read;
pub use schema::{attribute_at, context_shape, entity_shape, enumeration, may_have, may_have_tag, same_schema};
