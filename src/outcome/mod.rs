//! What a run produced, and what its exit code is.
//!
//! Imports `finding`, `rule` and `text`.

pub mod changes;
mod coverage;
mod lesson;
mod notice;
mod run;
mod tests_run;

pub use crate::finding::FailOn;
pub use coverage::{ConditionCoverage, ConditionKind, Coverage, PolicyCoverage};
pub use lesson::{Lesson, Mark};
pub use notice::{Notice, NoticeKind, Weight};
pub use run::{Breadth, Count, LeftOut, Outcome, Summary, Verdict};
pub use tests_run::{Decision, Expected, Got, PolicyError, PolicyRef, RowFault, RowRequest, Status, TestResult};
