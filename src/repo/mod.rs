//! Policy repositories: stores and what they hold, with every place.
//!
//! Imports `text`, `source`, `data`, `config`, `finding` and `rule`. Only [`cedar`] touches the internals of cedar-policy-core.

pub mod cedar;
mod classify;
mod entities;
mod files;
mod focus;
mod layout;
mod links;
mod load;
mod model;
mod policies;
mod rules;
mod schema;
mod schema_bounds;
pub mod shape;
mod statements;
pub mod syntax;
mod tables;

pub use focus::Focus;
pub use layout::SCHEMA_FOLDERS;
pub use load::{Explicit, Request, is_known, is_schema, load};
pub use model::{
    Decider, EntityData, EntityState, Link, Named, Policy, Repo, Schema, SchemaState, Store, Table, TableForm,
};
pub use rules::RULES;
pub(crate) use rules::TEST_MISMATCH;
