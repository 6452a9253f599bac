//! `polcheck validate`.

use crate::cli::args::ValidateArgs;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::run::{self, ValidateOptions};

/// Runs the command and gives the exit code.
pub(in crate::cli) fn run(args: &ValidateArgs) -> Result<u8, Failure> {
    let output = Output::of(&args.run.common)?;
    let options = ValidateOptions { reading: output.reading(&args.run), level: args.level };
    output.show("validating", || run::validate(&options))
}
