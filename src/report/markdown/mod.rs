//! `--report markdown`: the job summary of a CI run, or a comment on a pull request.

mod changes;
mod escape;
mod summary;

use crate::report::Format;

pub use summary::summary_markdown;

/// The format.
pub(super) static FORMAT: Format =
    Format { name: "markdown", about: "a summary for a CI job's page", render: summary_markdown };
