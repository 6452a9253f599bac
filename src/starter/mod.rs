//! What a first setup of a repository holds: configuration, and for each store a decision table that pins what is
//! allowed today.
//!
//! Imports what an engine may import.
//!
//! | file | what it does |
//! |---|---|
//! | `first_table` | a store's first decision table, or why there is none |
//! | `requests` | requests and what the store decides of them |
//! | `synthetic` | the same over entities from the engine |
//! | `table` | the table |
//! | `settings` | a first polcheck.toml |

mod first_table;
mod requests;
mod settings;
mod synthetic;
mod table;

pub use first_table::{FirstTable, first_table};
pub use settings::settings;
