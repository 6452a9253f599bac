//! polcheck where it runs for a team: the GitHub Action, the pre-commit hooks, and what docs/ci/ tells others to write.

#[path = "../common/mod.rs"]
mod common;

mod action;
mod docs;
mod pinned;
mod pre_commit;
