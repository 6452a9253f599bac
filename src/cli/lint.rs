//! `polcheck lint`: the rules of our own.

use super::args::LintArgs;
use super::exit::Failure;
use super::finishing::finish;
use super::loading::load;
use super::output;
use super::progress::Progress;
use crate::lint::{self, Options};

/// Runs the command and gives the exit code.
pub(super) fn run(args: &LintArgs) -> Result<u8, Failure> {
    let common = &args.run.common;
    let reports = output::wanted(common)?;
    let progress = Progress::start("linting", common.quiet);
    let mut loaded = load(&args.run)?;
    let mut outcome = loaded.outcome("lint");
    let options = Options { conflicts: args.conflicts, breadth: args.breadth, ..Options::default() };
    let linted = lint::run(&loaded.repo, &loaded.config, options);
    outcome.findings.extend(linted.findings);
    outcome.inconclusive = linted.undecided;
    // Nothing else in this run says that these policies are wrong.
    outcome.inconclusive.extend(linted.unfit);
    outcome.demanded = args.conflicts.then_some(lint::ON_DEMAND).into_iter().collect();
    outcome.breadth = linted.breadth;
    outcome.checked_something = loaded.holds_policies();
    finish(&mut outcome, &loaded, common, &|rule| lint::is_lint(rule.id) && loaded.ran(rule, args.conflicts))?;
    drop(progress);
    let code = output::write(&outcome, &reports, common);
    // The process ends here; taking everything apart piece by piece would be work for nothing.
    std::mem::forget((outcome, loaded));
    code
}
