//! `polcheck fmt`.

use std::fmt::Write;

use clap::Args;

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, print};
use crate::cli::unified::unified;
use crate::run::{self, FmtOptions, Formatted};
use crate::text::inline;

/// Lay out policy files as Cedar's formatter does, where that leaves policies and comments as they are
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck fmt                  rewrite the policy files\n  polcheck fmt --check          write nothing; \
                  exit 1 where files would change\n  polcheck fmt --check --diff   and show how they would read"
)]
pub(in crate::cli) struct FmtArgs {
    /// Write nothing; exit 1 where a file would change
    #[arg(long)]
    check: bool,
    /// Write nothing; print the changes for `git apply`
    #[arg(long)]
    diff: bool,
    #[command(flatten)]
    read: ReadArgs,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &FmtArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    if !common.report.is_empty() {
        return Err(Failure(
            "`fmt` has no reports; `--check` says by its exit code whether a file would change".to_owned(),
        ));
    }
    let dry = args.check || args.diff;
    let formatted = run::fmt(&FmtOptions { reading: output.reading(&args.read), dry })?;
    if args.diff {
        print(&unified(&formatted.files, output.is_watched()))?;
    }
    if !common.quiet {
        print(&said(&formatted, args, dry))?;
    }
    let Formatted { files, same, refused, broken } = &formatted;
    Ok(match (files.len() + same + refused.len() + broken.len(), refused.is_empty() && broken.is_empty()) {
        (0, _) => 3,
        (_, false) => 4,
        _ => u8::from(args.check && !files.is_empty()),
    })
}

/// What was done, a line each, and the sum as the last.
fn said(formatted: &Formatted, args: &FmtArgs, dry: bool) -> String {
    let Formatted { files, same, refused, broken } = formatted;
    let mut text = String::new();
    let done = if dry { "would be laid out anew" } else { "laid out anew" };
    for file in files.iter().filter(|_| !args.diff) {
        let _ = writeln!(text, "{}: {done}", inline(&file.path));
    }
    for (place, why) in refused {
        let _ = writeln!(text, "{}: left as it is: {}", inline(&place.label()), inline(why));
    }
    for path in broken {
        let _ =
            writeln!(text, "{}: left as it is: it does not load whole, and `polcheck validate` says why", inline(path));
    }
    let counted = |count: usize| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    let mut parts = Vec::new();
    if !files.is_empty() {
        parts.push(format!("{} {done}", counted(files.len())));
    }
    if refused.len() + broken.len() > 0 {
        parts.push(format!("{} left as found", counted(refused.len() + broken.len())));
    }
    if *same > 0 {
        parts.push(format!("{} laid out so already", counted(*same)));
    }
    if parts.is_empty() {
        parts.push("no policy file was found".to_owned());
    }
    let _ = writeln!(text, "polcheck fmt: {}", parts.join("; "));
    text
}
