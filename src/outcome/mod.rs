//! What a run produced, and what its exit code is.
//!
//! Imports `finding`, `rule` and `text`.

mod access;
mod breadth;
pub mod changes;
mod contents;
mod coverage;
mod explained;
mod explanation;
mod fixes;
mod guardrails;
mod impact;
mod matrix;
mod mutation;
mod notice;
mod policy_ref;
pub mod replay;
mod run;
mod tests_run;

pub use crate::finding::FailOn;
pub use access::{Access, AccessCondition, AccessCount, AccessGroup, Names, StoreAccess, WhoCan};
pub use breadth::{Asked, Before, Breadth, Broader, Since};
pub use contents::{Statement, StatementKind, StoreContents};
pub use coverage::{ConditionCoverage, ConditionKind, Coverage, PolicyCoverage};
pub use explained::{
    Cacheable, Change, ChangeKind, Explained, HangsOn, HangsOnKind, Lasting, PartValue, PolicyExplained, PolicyStatus,
    Reach, Turn, Until,
};
pub use explanation::{Explanation, Mark};
pub use fixes::{FixResult, FixStatus};
pub use guardrails::{AtFault, GuardrailResult, GuardrailStatus, GuardrailText, Guardrails, Slip, Touched, Uncovered};
pub use impact::{ImpactLine, StoreImpact, is_conditional};
pub use matrix::{Among, Extent, Matrix, MatrixCell, MatrixPart, MatrixPrincipal, MatrixRow};
pub use mutation::{Mutation, SuggestedRow, Survival, Survivor, row_name};
pub use notice::{Notice, NoticeKind, Weight};
pub use policy_ref::PolicyRef;
pub use run::{Count, LeftOut, Outcome, Summary, Verdict};
pub use tests_run::{
    Decision, Expected, Got, PolicyError, RowFault, RowRequest, Status, Status as TestStatus, TestResult,
};
