//! Schemas: read in both syntaxes, several files as one, and kept within bounds.
//!
//! | file | what it does |
//! |---|---|
//! | `read` | from files to a schema, every fault at its place |
//! | `bounds` | what would take Cedar too long to resolve |
//! | `json_form` | what is wrong with the form of a schema in JSON |
//! | `names` | the names that a schema uses and declares, with their places |
//! | `unresolved` | where what does not resolve stands |

mod bounds;
mod json_form;
mod names;
mod read;
mod unresolved;

pub use names::declared_at;
pub use read::schema_as_json;
pub(super) use read::{depth, parse, read};
