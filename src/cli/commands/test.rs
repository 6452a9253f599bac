//! `polcheck test`.

use std::fmt::Write;

use crate::cli::args::TestArgs;
use crate::cli::failure::Failure;
use crate::cli::output::{Output, print};
use crate::outcome::{Outcome, Status};
use crate::run::{self, CoverageOptions, TestOptions};
use crate::text::inline;

/// Runs the command and gives the exit code.
pub(in crate::cli) fn run(args: &TestArgs) -> Result<u8, Failure> {
    let output = Output::of(&args.run.common)?;
    let coverage = &args.coverage;
    let options = TestOptions {
        reading: output.reading(&args.run),
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
    if args.list && args.run.common.report.is_empty() {
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
