//! `polcheck prove`.

use clap::Args;

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::run::{self, ProveOptions};

/// Prove guardrails: rules about the rules, in `*.cedarguard` and polcheck.toml, of every request
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck prove                     which hold, and what breaks the others\n  polcheck \
                  prove --against main      those of that revision as well"
)]
pub(in crate::cli) struct ProveArgs {
    /// Prove the guardrails of a revision as well, and what nobody may gain since then
    #[arg(long, value_name = "REV", env = "POLCHECK_AGAINST", hide_env = true)]
    against: Option<String>,
    #[command(flatten)]
    read: ReadArgs,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &ProveArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    let options = ProveOptions { reading: output.reading(&args.read), against: args.against.clone() };
    output.show("proving", || run::prove(&options))
}
