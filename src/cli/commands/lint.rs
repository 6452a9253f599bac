//! `polcheck lint`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::run::{self, LintOptions, Reading};

/// Look for mistakes: in text and syntax, and with a schema by proof over every request that it allows
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  polcheck lint\n  polcheck lint -v             notes too\n  polcheck lint \
                        --conflicts    permits and forbids that overlap\n  polcheck rules               what is looked for")]
pub(in crate::cli) struct LintArgs {
    /// List every permit and forbid that overlap, with a request that both match
    #[arg(long)]
    conflicts: bool,
    /// Rank permits by how far they reach
    #[arg(long)]
    breadth: bool,
    /// Count what each rule finds instead of showing it
    #[arg(long)]
    statistics: bool,
    /// Findings that this file has fail nothing [default: `baseline` in polcheck.toml]
    #[arg(long, value_name = "FILE", env = "POLCHECK_BASELINE", hide_env = true)]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    read: ReadArgs,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &LintArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?.statistics(args.statistics);
    let reading = Reading { baseline: args.baseline.clone().into(), ..output.reading(&args.read) };
    let options = LintOptions { reading, conflicts: args.conflicts, breadth: args.breadth };
    output.show("linting", || run::lint(&options))
}
