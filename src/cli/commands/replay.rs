//! `polcheck replay`.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use crate::cli::args::{CommonArgs, ExplicitArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, print};
use crate::outcome::changes::Direction;
use crate::run::{self, ReplayOptions, ReplayProgress};

/// Run recorded decisions against a revision: which real requests change
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  polcheck replay decisions.jsonl             the record, and the worktree\n  polcheck replay \
                  logs/ --from main --deny lost\n  polcheck replay - --since 30d --undecided 5\n  polcheck replay \
                  day1.jsonl.gz --partial\n  polcheck replay --merge part1.json part2.json\n\nLogs: JSON lines, calls to Amazon Verified Permissions and CloudTrail's\n\
                  records of them, Cedarling, cedar-agent; plain, gzip or Zstandard. What a\nrecord does not carry is \
                  taken from the entities here, or it is undecided."
)]
pub(in crate::cli) struct ReplayArgs {
    /// Logs: files, folders with all below, or - for standard input
    #[arg(value_name = "LOG", required = true)]
    logs: Vec<PathBuf>,
    /// The revision to compare with [default: the recorded decision]
    #[arg(long, value_name = "OLD")]
    from: Option<String>,
    /// The revision to run against [default: the worktree]
    #[arg(long, value_name = "NEW", conflicts_with = "staged")]
    to: Option<String>,
    /// Only records from then on: 2026-11-01, 2026-11-01T08:00:00Z, 30d or 12h
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only so many percent of the records, always the same ones
    #[arg(long, value_name = "PERCENT", value_parser = percent)]
    sample: Option<f64>,
    /// Fail when records gain or lose access: exit 1
    #[arg(long, value_name = "CHANGE")]
    deny: Vec<DenyArg>,
    /// So many percent of the records may stay undecided, more exit 4
    #[arg(long, value_name = "PERCENT", default_value = "0", value_parser = percent)]
    undecided: f64,
    /// Print a part of the answer, a line of JSON, to be joined with others
    #[arg(long, conflicts_with_all = ["deny", "undecided"])]
    partial: bool,
    /// Join parts: each LOG is what --partial printed
    #[arg(long, conflicts_with_all = ["from", "to", "since", "sample"])]
    merge: bool,
    #[command(flatten)]
    explicit: ExplicitArgs,
}

/// The words of `--deny`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DenyArg {
    Gained,
    Lost,
}

impl From<DenyArg> for Direction {
    fn from(arg: DenyArg) -> Self {
        match arg {
            DenyArg::Gained => Self::Gained,
            DenyArg::Lost => Self::Lost,
        }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).parse::<f64>();
    let within = number.ok().filter(|number| (0.0..=100.0).contains(number));
    within.ok_or_else(|| "a number from 0 to 100 is wanted".to_owned())
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &ReplayArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    let read = ReadArgs { paths: Vec::new(), explicit: args.explicit.clone() };
    let progress = Arc::new(ReplayProgress::default());
    let options = ReplayOptions {
        reading: output.reading(&read),
        logs: args.logs.clone(),
        from: args.from.clone(),
        to: args.to.clone(),
        since: args.since.clone(),
        sample: args.sample,
        deny: args.deny.iter().copied().map(Into::into).collect(),
        undecided: args.undecided,
        merge: args.merge,
        rows: false,
        keep_names: false,
        progress: Arc::clone(&progress),
    };
    if args.partial {
        if !common.report.is_empty() {
            let way_out = "join parts with a report: `polcheck replay --merge PART --report FORMAT=FILE`";
            return Err(Failure(format!("`--partial` counts one part and reports nothing; {way_out}")));
        }
        print(&output.counting(&progress, || run::replay_part(&options))?)?;
        return Ok(0);
    }
    let outcome = output.counting(&progress, || run::replay(&options))?;
    output.write(outcome)
}
