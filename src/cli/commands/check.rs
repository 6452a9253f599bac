//! `polcheck check`.

use std::path::PathBuf;

use clap::Args;

use super::validate::ValidateArgs;
use crate::cli::args::CommonArgs;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::cli::watch::watch;
use crate::run::{self, CheckOptions, Reading};

/// Validate, lint, test and prove, and diff when a base is given: what CI and the hook run
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  polcheck check\n  polcheck check services/payments --fail-on warning\n  \
                        polcheck check --staged                  what is about to be committed\n  \
                        polcheck check --against origin/main     and what changes who may do what\n  \
                        polcheck check --report human --report sarif=polcheck.sarif")]
pub(in crate::cli) struct CheckArgs {
    /// Compare effective permissions with those of a revision; its gates apply as well
    #[arg(long, value_name = "REV", env = "POLCHECK_AGAINST", hide_env = true)]
    against: Option<String>,
    /// Count and show what that revision has as well, not only what is new
    #[arg(long, requires = "against")]
    all: bool,
    /// Count what each rule finds instead of showing it
    #[arg(long)]
    statistics: bool,
    /// Findings that this file has fail nothing; `polcheck baseline` writes it [default: `baseline` in polcheck.toml]
    #[arg(long, value_name = "FILE", env = "POLCHECK_BASELINE", hide_env = true)]
    baseline: Option<PathBuf>,
    /// Run again whenever a file changes, until Ctrl-C
    #[arg(long, conflicts_with = "staged")]
    watch: bool,
    #[command(flatten)]
    validate: ValidateArgs,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &CheckArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?.statistics(args.statistics);
    let reading = Reading { baseline: args.baseline.clone().into(), ..output.reading(&args.validate.read) };
    let options = CheckOptions { reading, level: args.validate.level, against: args.against.clone(), all: args.all };
    if !args.watch {
        return output.show("checking", || run::check(&options));
    }
    let root = run::root(&options.reading)?;
    watch(&root, &output.files(), || output.show_and_go_on("checking", || run::check(&options)))
}
