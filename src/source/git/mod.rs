//! git: what it holds, and what names stand for.
//!
//! | file | what it does |
//! |---|---|
//! | `command` | runs git, with a clean environment |
//! | `database` | objects, and the one process that reads them |
//! | `blobs` | contents by path |
//! | `snapshots` | the files of a commit, and of the index |
//! | `worktree_files` | what git knows of the files in a worktree |
//! | `asked`, `revision_text` | what a user types to name commits |
//! | `resolve` | what names stand for |
//! | `unresolved` | why a name stands for no commit, or for several |
//! | `fetch_hint` | which command brings what a clone lacks |
//! | `ids` | ids of objects |

mod asked;
mod blobs;
mod command;
mod database;
mod fetch_hint;
mod ids;
mod resolve;
mod revision_text;
mod snapshots;
mod unresolved;
mod worktree_files;

pub use asked::{Asked, parse_revisions};
pub(super) use blobs::Objects;
pub use command::remote_urls;
pub use resolve::{merge_base, resolve};
pub use snapshots::{GitIndex, GitRevision};
pub(super) use worktree_files::{converted, left_out_by_sparse, list_worktree};
