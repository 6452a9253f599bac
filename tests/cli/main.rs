//! The command line itself: its help, its configuration, `init`, and what it makes of files that mean harm.

#[path = "../common/mod.rs"]
mod common;

mod baseline;
mod completions;
mod config_schema;
mod explain;
mod habits;
mod help;
mod hostile;
mod init;
mod lsp;
mod same_bytes;
mod selection;
mod solvers;
mod usage;
mod watch;
