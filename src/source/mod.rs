//! Where files come from: a worktree, a git revision, the git index, or memory.
//!
//! Imports `text` only. No other module reads files or starts processes; `cli` writes what `init` makes, and the job
//! summary.
//!
//! | file or folder | what it does |
//! |---|---|
//! | `api` | what every source offers |
//! | `worktree`, `memory` | files on disk, and files given |
//! | `remembered` | a worktree that is read once |
//! | `git` | commits and the index |
//! | `edited` | a source with some of its files changed |
//! | `log` | logs, read as streams and unpacked |
//! | `report_file` | reports, written whole or not at all |
//! | `rewrite` | a new text in the place of one that was read |

mod api;
mod edited;
mod git;
mod log;
mod memory;
mod remembered;
mod report_file;
mod rewrite;
mod worktree;

pub use api::{Entry, ReadError, Source, SourceError};
pub use edited::Edited;
pub use git::{Asked, GitIndex, GitRevision, merge_base, parse_revisions, remote_urls, resolve};
pub use log::{STDIN, is_packed, log_size, logs, open_log};
pub use memory::Memory;
pub use remembered::Remembered;
pub use report_file::{replace_file, write_new_file};
pub use rewrite::{RewriteError, may_rewrite, rewrite};
pub use worktree::{Worktree, read_pipe};
