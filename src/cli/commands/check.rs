//! `polcheck check`.

use crate::cli::args::CheckArgs;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::run::{self, CheckOptions};

/// Runs the command and gives the exit code.
pub(in crate::cli) fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let output = Output::of(&args.validate.run.common)?;
    let reading = output.reading(&args.validate.run);
    let options = CheckOptions { reading, level: args.validate.level, against: args.against.clone() };
    output.show("checking", || run::check(&options))
}
