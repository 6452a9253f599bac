//! Cedar's own validator over every store, each complaint a finding at its place.
//!
//! An engine: imports `text`, `finding`, `rule`, `config` and `repo`.

mod engine;
mod fold;
mod hints;
mod rules;

pub use engine::{of_policies, run, run_some};
pub use rules::RULES;
