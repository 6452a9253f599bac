//! Decision tables: rows of requests with the decisions that they should get.
//!
//! An engine: imports `text`, `data`, `finding`, `rule`, `outcome`, `repo`, `decide` and `trace`.

mod absent;
mod compare;
mod coverage;
mod engine;
mod explanation;
mod foreign;
mod forms;
mod known;
mod names;
mod native;
mod places;
mod preview;
mod ran;
mod ready;
mod request;
mod rows;
mod rules;
mod select;
mod strangers;
mod uid;
mod worker;

pub use coverage::Gauge;
pub use engine::run;
pub use preview::unknown;
pub use ran::Ran;
pub use rules::RULES;
pub use select::{Filter, Selection, Shard};
