//! `polcheck validate`.

use clap::Args;

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::run::{self, ValidateOptions};

/// Check schema, policies, templates, links and entities with Cedar's own validator
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  polcheck validate\n  polcheck validate -s app.cedarschema -p policies/ \
                        --entities entities.json\n  polcheck validate --level 1     policies that chain one dereference at most")]
pub(in crate::cli) struct ValidateArgs {
    /// Let policies chain at most N entity dereferences (level validation)
    #[arg(long, value_name = "N")]
    pub(super) level: Option<u32>,
    #[command(flatten)]
    pub(super) read: ReadArgs,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &ValidateArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    let options = ValidateOptions { reading: output.reading(&args.read), level: args.level };
    output.show("validating", || run::validate(&options))
}
