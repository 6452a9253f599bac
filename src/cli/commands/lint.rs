//! `polcheck lint`.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, print};
use crate::cli::unified::unified;
use crate::run::{self, FixOptions, LintOptions, Reading};

/// Look for mistakes: in text and syntax, and with a schema by proof over every request that it allows
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("list").multiple(true))]
#[command(after_help = "Examples:\n  polcheck lint\n  polcheck lint -v             notes too\n  polcheck lint \
                        --conflicts    permits and forbids that overlap\n  polcheck lint --fix --diff   how findings can be mended\n  polcheck rules               what is looked for")]
pub(in crate::cli) struct LintArgs {
    /// List every permit and forbid that overlap, with a request that both match
    #[arg(long, group = "list")]
    conflicts: bool,
    /// Rank permits by how far they reach
    #[arg(long, group = "list")]
    breadth: bool,
    /// Say of the ranking and of what overlaps what is new since this revision
    #[arg(long, value_name = "REV", requires = "list")]
    against: Option<String>,
    /// Mend what can be mended without changing a decision, in the files; notes too with -v
    #[arg(long, conflicts_with = "against")]
    fix: bool,
    /// Show what --fix would write, and write nothing
    #[arg(long, requires = "fix")]
    diff: bool,
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
    let options =
        LintOptions { reading, conflicts: args.conflicts, breadth: args.breadth, against: args.against.clone() };
    if args.fix {
        return fix(output, options, args.diff, common);
    }
    output.show("linting", || run::lint(&options))
}

/// Mends what was found, or shows how with a `dry` run: the changes on standard output, what there is to say of them on
/// standard error.
fn fix(output: Output<'_>, lint: LintOptions, dry: bool, common: &CommonArgs) -> Result<u8, Failure> {
    if dry {
        output.is_free("the changes")?;
    }
    let options = FixOptions { lint, notes: common.verbose, dry };
    let mut files = Vec::new();
    let outcome = output.run("mending", || {
        let fixed = run::fix(&options)?;
        files = fixed.files;
        Ok(fixed.outcome)
    })?;
    if !dry {
        return output.write(outcome);
    }
    print(&unified(&files, output.is_watched()))?;
    output.write_aside(outcome)
}
