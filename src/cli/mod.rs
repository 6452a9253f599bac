//! The command line: parse, load, run the engines, report, exit code.
//!
//! Imports everything; the only module that prints, reads the environment and writes files.

mod args;
mod check;
mod comparing;
mod configuration;
mod coverage;
mod diff;
mod exit;
mod finishing;
mod init;
mod lint;
mod loading;
mod output;
mod progress;
mod rules;
mod test;
mod validate;

pub use exit::main;
pub use loading::catalogue;
