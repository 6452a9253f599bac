//! `polcheck report`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::validate::ValidateArgs;
use crate::cli::args::CommonArgs;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::run::{self, CheckOptions, Reading, ReportOptions};

/// Write one page with everything: findings over the policies, who may do what, coverage, guardrails, changes
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck report --html report.html\n  polcheck report --html report.html --against \
                        main   what changes is marked\n  polcheck report --html - services/payments          \
                        printed, about a part\n\nThe page is one file that loads nothing. It exits as `polcheck check` does."
)]
pub(in crate::cli) struct ReportArgs {
    /// Write the page to FILE; `-` is standard output
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Compare effective permissions with those of a revision; its gates apply as well
    #[arg(long, value_name = "REV", env = "POLCHECK_AGAINST", hide_env = true)]
    against: Option<String>,
    /// Count what that revision has as well, not only what is new
    #[arg(long, requires = "against")]
    all: bool,
    /// Findings that this file has fail nothing [default: `baseline` in polcheck.toml]
    #[arg(long, value_name = "FILE", env = "POLCHECK_BASELINE", hide_env = true)]
    baseline: Option<PathBuf>,
    #[command(flatten)]
    validate: ValidateArgs,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &ReportArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let Some(file) = &args.html else {
        let way_out = "`--html report.html` names one, and `--html -` prints it";
        return Err(Failure(format!("`polcheck report` writes a page and was given no file for it; {way_out}")));
    };
    let output = Output::of(common)?;
    let file = Some(file.as_path()).filter(|file| *file != Path::new("-"));
    match file {
        Some(file) => output.can_be_written(file)?,
        None => output.is_free("the page")?,
    }
    let reading = Reading { baseline: args.baseline.clone().into(), ..output.reading(&args.validate.read) };
    let check = CheckOptions { reading, level: args.validate.level, against: args.against.clone(), all: args.all };
    let outcome = output.run("checking", || run::report(&ReportOptions { check }))?;
    output.write_page(&outcome, file)?;
    // The page stands for the report that is printed where none is asked for.
    if common.report.is_empty() { output.write_aside(outcome) } else { output.write(outcome) }
}
