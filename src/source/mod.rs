//! Where files come from: a worktree, a git revision, the git index, or memory.
//!
//! Imports `text` only. Nothing else in the library touches the file system or starts processes.

mod api;
mod fetching;
mod git;
mod memory;
mod objects;
mod report_file;
mod revisions;
mod worktree;

pub use api::{Entry, ReadError, Source, SourceError};
pub use git::{GitIndex, GitRevision, remote_urls};
pub use memory::Memory;
pub use report_file::replace_file;
pub use revisions::{Asked, merge_base, parse_revisions, resolve};
pub use worktree::Worktree;
