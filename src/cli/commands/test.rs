//! `polcheck test`.

use std::fmt::Write;

use clap::Args;

use crate::cli::args::{CommonArgs, ReadArgs};
use crate::cli::failure::Failure;
use crate::cli::output::{Output, print};
use crate::outcome::{Outcome, Status};
use crate::run::{self, CoverageOptions, TestOptions};
use crate::tables::{Filter, Shard};
use crate::text::inline;

/// Run decision tables
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  polcheck test\n  polcheck test -p policies.cedar -s app.cedarschema --tests \
                        tests.json\n  polcheck test -v                        every row\n  polcheck test --filter \
                        action=refund --filter expect=deny\n  polcheck test --shard 2/4               the second of four \
                        jobs\n  polcheck test --coverage                what no row exercises\n  polcheck test \
                        --coverage-floor 80 --against main")]
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
    /// Coverage of only what changed since a revision; implies --coverage
    #[arg(long, value_name = "REV")]
    against: Option<String>,
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &TestArgs, common: &CommonArgs) -> Result<u8, Failure> {
    let output = Output::of(common)?;
    let coverage = &args.coverage;
    let options = TestOptions {
        reading: output.reading(&args.read),
        filters: args.filter.clone(),
        shard: args.shard,
        fail_fast: args.fail_fast,
        list: args.list,
        coverage: CoverageOptions {
            wanted: coverage.coverage,
            floor: coverage.coverage_floor,
            since: coverage.against.clone(),
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
    output.write(outcome)
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
