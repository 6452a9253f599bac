//! `polcheck test`.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, print};
use crate::cli::suggested;
use crate::outcome::{Outcome, Status};
use crate::run::{self, CoverageOptions, MutationOptions, ReplayOptions, ReplayProgress, TestOptions};
use crate::tables::{Filter, Shard};
use crate::text::inline;

/// Run decision tables
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  polcheck test\n  polcheck test -p policies.cedar -s app.cedarschema --tests \
                        tests.json\n  polcheck test -v                        every row\n  polcheck test --filter \
                        action=refund --filter expect=deny\n  polcheck test --shard 2/4               the second of four \
                        jobs\n  polcheck test --coverage                what no row exercises\n  polcheck test \
                        --coverage-floor 80 --against main\n  polcheck test --mutate                  \
                        which small changes no row notices\n  polcheck test --suggest pinned_test.yaml\n  polcheck test --from-log decisions.jsonl --suggest recorded_test.yaml")]
pub(in crate::cli) struct TestArgs {
    /// Run only rows that hold TEXT in their id, or as KEY=TEXT in their name, file, principal, action, resource or
    /// expect; `*` stands for anything; repeat to narrow down
    #[arg(long, value_name = "[KEY=]TEXT")]
    filter: Vec<Filter>,
    /// Run only one of several shares of the rows, such as 2/4; a row stays in its share when others come and go
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Stop at the first row that fails or cannot run
    #[arg(long)]
    fail_fast: bool,
    /// Name the rows and run none
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    coverage: CoverageArgs,
    #[command(flatten)]
    mutation: MutationArgs,
    #[command(flatten)]
    logs: LogArgs,
    #[command(flatten)]
    read: ReadArgs,
}

/// Arguments about coverage.
#[derive(Debug, Default, Args)]
struct CoverageArgs {
    /// Say which policies and conditions no row exercises
    #[arg(long)]
    coverage: bool,
    /// Fail when less is covered, in percent of policies and conditions; implies --coverage
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["filter", "shard", "fail_fast", "list"], value_parser = clap::value_parser!(u32).range(0..=100))]
    coverage_floor: Option<u32>,
    /// Coverage, or small changes, of only what changed since a revision; alone it implies --coverage
    #[arg(long, value_name = "REV")]
    against: Option<String>,
}

/// Arguments about small changes of policies.
#[derive(Debug, Default, Args)]
struct MutationArgs {
    /// Change the policies a little, one at a time, and say which changes no row notices
    #[arg(long, conflicts_with_all = ["filter", "shard", "fail_fast", "list"])]
    mutate: bool,
    /// Fail when rows notice less of the changes that matter, in percent; implies --mutate
    #[arg(long, value_name = "PERCENT", conflicts_with_all = ["filter", "shard", "fail_fast", "list"], value_parser = clap::value_parser!(u32).range(0..=100))]
    mutate_floor: Option<u32>,
    /// Print rows that would notice what no row does, or write them to FILE: a new table in YAML, or the end
    /// of one in YAML, JSON or CSV
    #[arg(long, value_name = "FILE", num_args = 0..=1, conflicts_with_all = ["filter", "shard", "fail_fast", "list"])]
    #[expect(clippy::option_option, reason = "how clap says that a value may be left out")]
    suggest: Option<Option<PathBuf>>,
}

/// Arguments about recorded decisions.
#[derive(Debug, Default, Args)]
struct LogArgs {
    /// Print rows made of recorded decisions, one for each class of requests that policies do not tell apart, or write
    /// them where --suggest says; names become pseudonyms
    #[arg(long, value_name = "LOG", conflicts_with_all = ["filter", "shard", "fail_fast", "list", "coverage", "coverage_floor", "against", "mutate", "mutate_floor"])]
    from_log: Vec<PathBuf>,
    /// With --from-log: pseudonyms in the place of names of principals, resources and the like (the default)
    #[arg(long, requires = "from_log", conflicts_with = "keep_names")]
    pseudonyms: bool,
    /// With --from-log: names as they are in the log
    #[arg(long, requires = "from_log")]
    keep_names: bool,
}

/// Rows made of recorded decisions.
fn from_log(args: &TestArgs, output: Output<'_>, quiet: bool) -> Result<u8, Failure> {
    let progress = Arc::new(ReplayProgress::default());
    let options = ReplayOptions {
        reading: output.reading(&args.read),
        logs: args.logs.from_log.clone(),
        // What is undecided makes no row, and fails nothing.
        undecided: 100.0,
        rows: true,
        keep_names: args.logs.keep_names,
        progress: Arc::clone(&progress),
        ..ReplayOptions::default()
    };
    let file = args.mutation.suggest.clone().flatten();
    if file.is_none() {
        output.is_free("the rows")?;
    }
    let outcome = output.counting(&progress, || run::replay(&options))?;
    let rows = outcome.replayed.as_ref().map(|replayed| replayed.rows.as_slice()).unwrap_or_default();
    match file {
        None => {
            print(&suggested::table(suggested::RECORDED, rows))?;
            output.write_aside(outcome)
        }
        Some(file) => {
            suggested::write(&file, suggested::RECORDED, rows, quiet)?;
            output.write(outcome)
        }
    }
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &TestArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    if !args.logs.from_log.is_empty() {
        return from_log(args, output, common.quiet);
    }
    let (coverage, mutation) = (&args.coverage, &args.mutation);
    let mutate = mutation.mutate || mutation.mutate_floor.is_some() || mutation.suggest.is_some();
    if let Some(None) = mutation.suggest {
        output.is_free("the rows")?;
    }
    let options = TestOptions {
        reading: output.reading(&args.read),
        filters: args.filter.clone(),
        shard: args.shard,
        fail_fast: args.fail_fast,
        list: args.list,
        coverage: CoverageOptions {
            wanted: coverage.coverage,
            floor: coverage.coverage_floor,
            since: coverage
                .against
                .clone()
                .filter(|_| !mutate || coverage.coverage || coverage.coverage_floor.is_some()),
        },
        mutation: MutationOptions {
            wanted: mutate,
            floor: mutation.mutate_floor,
            since: coverage.against.clone(),
            rows: mutation.suggest.is_some(),
        },
    };
    let outcome = output.run("testing", || run::test(&options))?;
    if args.list && common.report.is_empty() {
        print(&listed(&outcome))?;
        // What cannot be listed is said as ever.
        if outcome.exit_code() == 0 {
            return Ok(0);
        }
    }
    let Some(file) = &mutation.suggest else { return output.write(outcome) };
    let rows = outcome.mutation.as_ref().map(|mutation| mutation.suggested.as_slice()).unwrap_or_default();
    match file {
        None => {
            print(&suggested::table(suggested::UNNOTICED, rows))?;
            output.write_aside(outcome)
        }
        Some(file) => {
            suggested::write(file, suggested::UNNOTICED, rows, common.quiet)?;
            output.write(outcome)
        }
    }
}

/// A line for each row: what it expects, and its id.
fn listed(outcome: &Outcome) -> String {
    let mut text = String::new();
    for row in outcome.tests.iter().filter(|row| row.status == Status::Skip) {
        let expected = match (&row.expected, &row.skip_reason) {
            (_, Some(_)) => "skip",
            (Some(expected), None) if expected.who.is_some() => "who",
            (Some(expected), None) => expected.decision.as_str(),
            (None, None) => "",
        };
        let _ = writeln!(text, "{expected:5}  {}", inline(&row.id));
    }
    text
}
