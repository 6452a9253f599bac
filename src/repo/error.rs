//! Why what a decision table brings along cannot be had.

use thiserror::Error;

use crate::source::ReadError;

/// Why an entity file that a table names cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum EntityFileError {
    /// The path leads out of the table's folder.
    #[error("`{0}` lies outside of the folder of this table")]
    OutsideFolder(String),
    /// The path leads out of the repository.
    #[error("`{0}` lies outside of the repository")]
    OutsideRepository(String),
    /// The file cannot be read.
    #[error("`{path}` cannot be read: {error}")]
    Unreadable {
        /// Relative to the source's root.
        path: String,
        /// Why.
        error: ReadError,
    },
}

/// Why the store that a table brings cannot be had whole.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OwnStoreError {
    /// The table is not JSON, in serde_json's words.
    #[error("{0}")]
    NotJson(String),
    /// What stands under this key is no path.
    #[error("`{0}` is a path in quotes")]
    NotAPath(&'static str),
    /// The file of this path, as written, is not there.
    #[error("`{0}` is in no folder above this test")]
    NotFound(String),
    /// No policies are named.
    #[error("`policies` names no file")]
    NoPolicies,
    /// A file of the store is wrong.
    #[error("{place}: {message}")]
    Faulty {
        /// Where, as reports write it.
        place: String,
        /// What is wrong.
        message: String,
    },
}
