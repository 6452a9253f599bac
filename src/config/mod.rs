//! `polcheck.toml`: read with places, checked key by key, every mistake a finding.
//!
//! Imports `text`, `source`, `finding` and `rule`.

mod json_schema;
mod load;
mod model;
mod reader;
mod rules;

pub use json_schema::json_schema;
pub use load::{FILE_NAME, load};
pub use model::{Config, Override, Pattern, StoreConfig};
pub use rules::RULES;
