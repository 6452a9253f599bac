//! Everything on one page: what a check finds, the texts that it is about, and the permission matrix.

use super::check::{CheckOptions, with_page};
use super::error::RunError;
use crate::outcome::Outcome;

/// What [`report`] is asked for: what a check is.
#[derive(Debug, Clone, Default)]
pub struct ReportOptions {
    /// What to check.
    pub check: CheckOptions,
}

/// Checks as [`super::check`] does, and adds what a page shows besides: what stores hold, coverage whether or not there
/// is a floor, and the matrix of each store with what the decisions of its actions hang on. None of that changes the
/// exit code.
///
/// # Errors
/// When what is asked for is not there, or does not go together.
pub fn report(options: &ReportOptions) -> Result<Outcome, RunError> {
    with_page(&options.check)
}
