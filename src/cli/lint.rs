//! `polcheck lint`: the rules that need only text or syntax.

use super::args::RunArgs;
use super::exit::Failure;
use super::finishing::finish;
use super::loading::load;
use super::output;
use super::progress::Progress;
use crate::lint;

/// Runs the command and gives the exit code.
pub(super) fn run(args: &RunArgs) -> Result<u8, Failure> {
    let reports = output::wanted(&args.common)?;
    let progress = Progress::start("linting", args.common.quiet);
    let mut loaded = load(args)?;
    let mut outcome = loaded.outcome("lint");
    outcome.findings.extend(lint::run(&loaded.repo, &loaded.config, None));
    outcome.checked_something = loaded.holds_policies();
    finish(&mut outcome, &loaded, &args.common, &|rule| lint::is_lint(rule.id))?;
    drop(progress);
    let code = output::write(&outcome, &reports, &args.common);
    // The process ends here; taking everything apart piece by piece would be work for nothing.
    std::mem::forget((outcome, loaded));
    code
}
