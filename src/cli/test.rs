//! `polcheck test`: decision tables.

use std::fmt::Write;

use super::args::TestArgs;
use super::exit::Failure;
use super::finishing::finish;
use super::loading::load;
use super::output;
use super::progress::Progress;
use crate::outcome::{Outcome, Status};
use crate::tables::{self, Gauge, Ran, Selection};
use crate::text::inline;

/// Runs the command and gives the exit code.
pub(super) fn run(args: &TestArgs) -> Result<u8, Failure> {
    let TestArgs { filter, shard, fail_fast, list, coverage, run } = args;
    let reports = output::wanted(&run.common)?;
    let progress = Progress::start("testing", run.common.quiet);
    let mut loaded = load(run)?;
    let mut outcome = loaded.outcome("test");
    let selection = Selection {
        filters: filter.clone(),
        shard: *shard,
        fail_fast: *fail_fast,
        list: *list,
        brief: output::brief(&reports, &run.common),
    };
    let gauge = (coverage.asked(&loaded.config) && !list).then(|| Gauge::new(&loaded.repo));
    let mut ran = tables::run(&loaded.repo, &selection, gauge.as_ref());
    let part = ran.left_out > 0 || ran.stopped;
    outcome.coverage = gauge.map(|gauge| coverage.measured(run, &loaded, &gauge, part)).transpose()?;
    outcome.gaps.extend(left_out(&ran));
    if part && loaded.config.coverage_floor.is_some() {
        outcome.gaps.push("the floor of coverage, for it is about all rows".to_owned());
    }
    outcome.remarks.extend(ran.remarks());
    loaded.config.settle(&mut ran.findings, &loaded.catalogue);
    outcome.findings.extend(ran.findings);
    // A share can come out empty, and the other shares have the rows.
    let shared_out = shard.is_some() && filter.is_empty() && ran.left_out > 0;
    outcome.checked_something = ran.passed > 0 || !ran.rows.is_empty() || shared_out;
    outcome.passed = ran.passed;
    outcome.tests = ran.rows;
    finish(&mut outcome, &loaded, &run.common, &|_| false)?;
    drop(progress);
    let code = if *list && run.common.report.is_empty() {
        output::print(&listed(&outcome))?;
        // What cannot be listed is said as ever.
        if outcome.exit_code() == 0 { Ok(0) } else { output::write(&outcome, &reports, &run.common) }
    } else {
        output::write(&outcome, &reports, &run.common)
    };
    // The process ends here; taking everything apart piece by piece would be work for nothing.
    std::mem::forget((outcome, loaded));
    code
}

/// What a run says of rows that it did not run.
fn left_out(ran: &Ran) -> Vec<String> {
    let mut said = Vec::new();
    match ran.left_out {
        0 => {}
        1 => said.push("1 row that --filter and --shard leave out".to_owned()),
        count => said.push(format!("{count} rows that --filter and --shard leave out")),
    }
    if ran.stopped {
        said.push("what comes after the first failure (--fail-fast)".to_owned());
    }
    said
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
