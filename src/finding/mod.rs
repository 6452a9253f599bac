//! What is wrong, where, and how we know: the one type that engines produce and reports show.
//!
//! Imports `text` only.

mod fix;
mod model;

pub use fix::{Edit, Fix, Left, Mend};
pub use model::{Environment, Evidence, FailOn, Finding, Level, Related};
