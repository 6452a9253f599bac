//! Where files come from: a worktree, a git revision, the git index, or memory.
//!
//! Imports `text` only. No other module reads files or starts processes; `cli` writes what `init` makes, and the job
//! summary.
//!
//! | file or folder | what it does |
//! |---|---|
//! | `api` | what every source offers |
//! | `worktree`, `memory` | files on disk, and files given |
//! | `git` | commits and the index |
//! | `report_file` | reports, written whole or not at all |

mod api;
mod git;
mod memory;
mod report_file;
mod worktree;

pub use api::{Entry, ReadError, Source, SourceError};
pub use git::{Asked, GitIndex, GitRevision, merge_base, parse_revisions, remote_urls, resolve};
pub use memory::Memory;
pub use report_file::{replace_file, write_new_file};
pub use worktree::Worktree;
