//! Whole runs: from options to an [`Outcome`](crate::outcome::Outcome). What the command line, a library user and an
//! editor call; it parses no arguments and prints nothing.
//!
//! Imports everything but `report` and `cli`.
//!
//! | file | what it does |
//! |---|---|
//! | `check`, `validate`, `lint`, `test`, `diff` | one kind of run each |
//! | `open` | a repository, opened and not judged |
//! | `options` | what a run is asked for |
//! | `error` | why a run could not be |
//! | `place` | where a run stands, what its paths mean, and its sources |
//! | `settings` | what a source says about how it is to be read and what fails |
//! | `configuration` | what configuration names and the repository does not have |
//! | `loaded` | from options to a repository, and to the outcome that a run starts with |
//! | `sides`, `comparing` | both sides of a comparison, read and compared |
//! | `coverage` | what rows exercise |
//! | `finish` | suppressions, one finding for each defect, the order |

/// The stack that threads need that run this, and rayon's threads, in bytes, where policies may come from strangers:
/// Cedar's parser, validator and drop code recurse over the syntax tree, and what is let through in one policy fits.
/// Only touched pages count.
pub const STACK: usize = 1 << 30;

mod check;
mod comparing;
mod configuration;
mod coverage;
mod diff;
mod error;
mod finish;
mod lint;
mod loaded;
mod open;
mod options;
mod place;
mod settings;
mod sides;
mod test;
mod validate;

pub use check::check;
pub use diff::{accept, diff};
pub use error::RunError;
pub use lint::lint;
pub use open::{Opened, open};
pub use options::{
    CheckOptions, Compare, CoverageOptions, Deny, DiffOptions, Files, LintOptions, Reading, TestOptions,
    ValidateOptions,
};
pub use settings::catalogue;
pub use test::test;
pub use validate::validate;
