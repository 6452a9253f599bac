//! Why a run could not be. What is wrong inside of files is a finding and no error.

use thiserror::Error;

use crate::source::SourceError;

/// Why a run could not be.
#[derive(Debug, Error)]
pub enum RunError {
    /// What was asked for does not go together, or cannot be read.
    #[error("{0}")]
    Usage(String),
    /// There is nothing at a path that was named.
    #[error("there is no `{0}`")]
    NoSuchPath(String),
    /// There is no store of that name.
    #[error("there is no store `{name}`; {way_out}")]
    NoSuchStore {
        /// The name.
        name: String,
        /// The nearest one, or all.
        way_out: String,
    },
    /// What was asked for needs a git repository.
    #[error("`{folder}` is not in a git repository, so {consequence}")]
    NoRepository {
        /// The folder.
        folder: String,
        /// What follows.
        consequence: &'static str,
    },
    /// An answer that Cedar's authorizer does not confirm: a defect of polcheck.
    #[error("internal error: polcheck and Cedar's authorizer disagree about {0}; please report it")]
    Defect(String),
    /// The folder or repository cannot be listed.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The operating system refused.
    #[error(transparent)]
    System(#[from] std::io::Error),
}

impl RunError {
    /// Wrong usage, in a sentence.
    pub(super) fn usage(sentence: impl Into<String>) -> Self {
        Self::Usage(sentence.into())
    }
}
