//! Decision tables: rows of requests with the decisions that they should get.
//!
//! An engine: imports `outcome`, `finding`, `text`, `repo`, `decide` and `trace`.

mod compare;
mod coverage;
mod engine;
mod explanation;
mod foreign;
mod forms;
mod names;
mod native;
mod places;
mod request;
mod rows;
mod select;
mod uid;
mod worker;

pub use coverage::Gauge;
pub use engine::{Ran, run};
pub use select::{Filter, Selection, Shard};
