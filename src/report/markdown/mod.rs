//! `--report markdown`: a comment on a merge request, or the job summary of a CI run.

mod breadth;
mod changes;
mod conflicts;
mod escape;
mod explained;
mod matrix;
mod replay;
mod summary;

use crate::report::Format;

pub use summary::summary_markdown;

/// The format.
pub(super) static FORMAT: Format = Format {
    name: "markdown",
    every_row: false,
    about: "a page for a merge request's comment or a CI job's summary",
    render: summary_markdown,
};
