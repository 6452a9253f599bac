//! `polcheck baseline`.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::validate::ValidateArgs;
use crate::cli::args::CommonArgs;
use crate::cli::failure::Failure;
use crate::cli::output::Output;
use crate::run::{self, BaselineOptions, Reading};
use crate::text::inline;

/// Write today's findings down, so that from now on only new ones fail
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck baseline\n  polcheck baseline -o old.json\n\nWhat cannot be read, failing \
                        rows and refused changes are never in a baseline. The exit code is that of a check with it."
)]
pub(in crate::cli) struct BaselineArgs {
    /// The file to write [default: `baseline` in polcheck.toml, or polcheck-baseline.json]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    validate: ValidateArgs,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &BaselineArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    let reading = Reading { baseline: args.output.clone().into(), ..output.reading(&args.validate.read) };
    let options = BaselineOptions { reading, level: args.validate.level };
    let mut written = None;
    let outcome = output.run("checking", || {
        let done = run::baseline(&options)?;
        written = Some((done.file, done.findings));
        Ok(done.outcome)
    })?;
    if let Some((file, findings)) = written {
        let findings = if findings == 1 { "1 finding".to_owned() } else { format!("{findings} findings") };
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let told = format!(
            "polcheck: wrote {findings} to `{}`; `baseline = \"{name}\"` in polcheck.toml reads it",
            inline(&file.display().to_string())
        );
        let _ = writeln!(std::io::stderr(), "{told}");
    }
    output.write(outcome)
}
