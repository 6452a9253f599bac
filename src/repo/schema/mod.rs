//! Schemas: read in both syntaxes, several files as one, and kept within bounds.
//!
//! | file | what it does |
//! |---|---|
//! | `read` | from files to a schema, every fault at its place |
//! | `bounds` | what would take Cedar too long to resolve |

mod bounds;
mod read;

pub use read::schema_as_json;
pub(super) use read::{depth, parse, read};
