//! `polcheck test`: decision tables.

use super::args::RunArgs;
use super::exit::Failure;
use super::finishing::finish;
use super::loading::load;
use super::output;
use super::progress::Progress;
use crate::tables;

/// Runs the command and gives the exit code.
pub(super) fn run(args: &RunArgs) -> Result<u8, Failure> {
    let reports = output::wanted(&args.common)?;
    let progress = Progress::start("testing", args.common.quiet);
    let mut loaded = load(args)?;
    let mut outcome = loaded.outcome("test");
    let (rows, findings) = tables::run(&loaded.repo);
    outcome.findings.extend(findings);
    outcome.checked_something = !rows.is_empty();
    outcome.tests = rows;
    finish(&mut outcome, &loaded, &args.common, &|_| false)?;
    drop(progress);
    let code = output::write(&outcome, &reports, &args.common);
    // The process ends here; taking everything apart piece by piece would be work for nothing.
    std::mem::forget((outcome, loaded));
    code
}
