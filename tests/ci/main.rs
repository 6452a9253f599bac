//! polcheck where people meet it: the GitHub Action, the hooks, releases and packages, README and docs.

#[path = "../common/mod.rs"]
mod common;

mod action;
mod docs;
mod documents;
mod pinned;
mod pre_commit;
mod releases;
