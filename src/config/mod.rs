//! `polcheck.toml`: read with places, checked key by key, every mistake a finding.
//!
//! Imports `text`, `source`, `finding` and `rule`.

mod load;
mod model;
mod reader;
mod rules;

pub use load::{FILE_NAME, load};
pub use model::{Config, Override, Pattern, StoreConfig};
pub use rules::RULES;
