//! Rows of decision tables that polcheck writes itself: from a request to its answer, and to the text of a table.
//!
//! | file | what it does |
//! |---|---|
//! | `row` | a request with what a store decides of it |
//! | `yaml` | rows as entries of a table in YAML |

mod row;
pub mod yaml;

pub use row::{Asker, Row, fields_of};
