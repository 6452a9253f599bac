//! The command line: parses arguments, calls `run`, shows the outcome and exits.
//!
//! Imports everything; the only module that prints, reads the environment and writes reports.

mod args;
mod commands;
mod dispatch;
mod failure;
mod output;
mod progress;
mod suggested;
mod unified;
mod watch;

pub use dispatch::main;
