//! `polcheck lint`.

use crate::cli::args::LintArgs;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::run::{self, LintOptions};

/// Runs the command and gives the exit code.
pub(in crate::cli) fn run(args: &LintArgs) -> Result<u8, Failure> {
    let output = Output::of(&args.run.common)?;
    let options = LintOptions { reading: output.reading(&args.run), conflicts: args.conflicts, breadth: args.breadth };
    output.show("linting", || run::lint(&options))
}
