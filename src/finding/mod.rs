//! What is wrong, where, and how we know: the one type that engines produce and reports show.
//!
//! Imports `text` only.

mod model;

pub use model::{Environment, Evidence, FailOn, Finding, Level, Related};
