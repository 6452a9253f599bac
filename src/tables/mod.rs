//! Decision tables: rows of requests with the decisions that they should get.
//!
//! An engine: imports `outcome`, `finding`, `text`, `repo`, `decide` and `trace`.

mod compare;
mod coverage;
mod engine;
mod explanation;
mod forms;
mod names;
mod own;
mod places;
mod request;
mod rows;
mod select;
mod uid;
mod worker;

pub use coverage::Gauge;
pub use engine::{Ran, run};
pub use select::{Filter, Selection, Shard};
