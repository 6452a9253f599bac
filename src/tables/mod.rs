//! Decision tables: rows of requests with the decisions that they should get.
//!
//! An engine: imports `outcome`, `finding`, `text`, `repo` and `decide`.

mod compare;
mod engine;
mod forms;
mod request;
mod rows;

pub use engine::run;
