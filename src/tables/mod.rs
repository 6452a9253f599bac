//! Decision tables: rows of requests with the decisions that they should get.
//!
//! An engine: imports `outcome`, `finding`, `text`, `repo` and `decide`.

mod compare;
mod engine;
mod forms;
mod names;
mod own;
mod request;
mod rows;
mod select;

pub use engine::{Ran, run};
pub use select::{Filter, Selection, Shard};
