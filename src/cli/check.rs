//! `polcheck check`: validate, lint and test.

use super::args::CheckArgs;
use super::exit::Failure;
use super::finishing::finish;
use super::loading::load;
use super::output;
use super::progress::Progress;
use crate::lint::Options;
use crate::text::inline;
use crate::{lint, tables, validate};

/// Runs the command and gives the exit code.
pub(super) fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let reports = output::wanted(&args.run.common)?;
    let progress = Progress::start("checking", args.run.common.quiet);
    let mut loaded = load(&args.run)?;
    let mut outcome = loaded.outcome("check");
    let (repo, config) = (&loaded.repo, &loaded.config);
    let ((from_validation, linted), (rows, from_tables)) = rayon::join(
        || rayon::join(|| validate::run(repo, config, args.level), || lint::run(repo, config, Options::default())),
        || tables::run(repo),
    );
    outcome.findings.extend(from_validation);
    outcome.findings.extend(linted.findings);
    outcome.findings.extend(from_tables);
    outcome.tests = rows;
    outcome.gaps = loaded.unvalidated();
    // Validation says of these what is wrong with them.
    outcome.gaps.extend(linted.unfit);
    outcome.checked_something = loaded.holds_policies() || !outcome.tests.is_empty();
    outcome.inconclusive = repo
        .guardrails
        .iter()
        .map(|path| format!("the guardrails in `{}` are not proved by this version", inline(path)))
        .collect();
    outcome.inconclusive.extend(linted.undecided);
    finish(&mut outcome, &loaded, &args.run.common, &|rule| loaded.ran(rule, false))?;
    drop(progress);
    let code = output::write(&outcome, &reports, &args.run.common);
    // The process ends here; taking everything apart piece by piece would be work for nothing.
    std::mem::forget((outcome, loaded));
    code
}
