//! Policy repositories: stores and what they hold, with every place.
//!
//! Imports `text`, `source`, `data`, `config`, `finding` and `rule`. Only [`cedar`] touches the internals of cedar-policy-core.
//!
//! | part | what it does |
//! |---|---|
//! | `load` | from a source to a repository, as far as a `request` asks |
//! | `discover` | which file is what, and which store owns it |
//! | `read` | from files to what they hold, one reader a kind |
//! | `files` | reads each file once |
//! | `model` | what a repository holds, once read |
//! | `focus` | what a run reports on |
//! | `cedar` | Cedar's parser, trees, schemas and entities |
//! | `syntax`, `shape` | our own trees of policies and of what schemas ask for |
//! | `paths` | paths as text |
//! | `rules` | the rules that reading can break |

pub mod cedar;
mod discover;
mod files;
mod focus;
mod load;
mod model;
mod paths;
mod read;
mod request;
mod rules;
pub mod shape;
pub mod syntax;

pub use discover::{SCHEMA_FOLDERS, is_known, is_schema};
pub use focus::Focus;
pub use load::load;
pub use model::{
    Decider, EntityData, EntityState, Link, Named, Policy, Repo, Schema, SchemaState, Store, Table, TableForm,
};
pub use request::{Explicit, Request};
pub use rules::RULES;
pub(crate) use rules::TEST_MISMATCH;
