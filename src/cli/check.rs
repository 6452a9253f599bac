//! `polcheck check`: validate, lint and test, and diff when a base is given.

use super::args::{CheckArgs, ValidateArgs};
use super::comparing;
use super::coverage::CoverageArgs;
use super::exit::Failure;
use super::finishing::finish;
use super::loading::load;
use super::output;
use super::progress::Progress;
use crate::lint::Options;
use crate::tables::{Gauge, Selection};
use crate::text::inline;
use crate::{lint, tables, validate};

/// Runs the command and gives the exit code.
pub(super) fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let CheckArgs { validate: ValidateArgs { run, level }, against } = args;
    let reports = output::wanted(&run.common)?;
    let progress = Progress::start("checking", run.common.quiet);
    let mut loaded = load(run)?;
    let mut outcome = loaded.outcome("check");
    let (repo, config) = (&loaded.repo, &loaded.config);
    // The floor is the configuration's; what else there is about coverage belongs to `test`.
    let coverage = CoverageArgs::default();
    let gauge = coverage.asked(config).then(|| Gauge::new(repo));
    let selection = Selection { brief: output::brief(&reports, &run.common), ..Selection::default() };
    let ((from_validation, linted), mut ran) = rayon::join(
        || rayon::join(|| validate::run(repo, config, *level), || lint::run(repo, config, Options::default())),
        || tables::run(repo, &selection, gauge.as_ref()),
    );
    outcome.findings.extend(from_validation);
    outcome.findings.extend(linted.findings);
    outcome.remarks.extend(ran.remarks());
    config.settle(&mut ran.findings, &loaded.catalogue);
    outcome.findings.extend(ran.findings);
    outcome.passed = ran.passed;
    outcome.tests = ran.rows;
    outcome.coverage = gauge.map(|gauge| coverage.measured(run, &loaded, &gauge, false)).transpose()?;
    outcome.gaps = loaded.unvalidated();
    // Validation says of these what is wrong with them.
    outcome.gaps.extend(linted.unfit);
    outcome.checked_something = loaded.holds_policies() || outcome.rows() > 0;
    outcome.inconclusive = repo
        .guardrails
        .iter()
        .map(|(path, _)| format!("the guardrails in `{}` are not proved by this version", inline(path)))
        .collect();
    outcome.inconclusive.extend(linted.undecided);
    if let Some(revision) = against {
        let sides = comparing::against(run, revision)?;
        comparing::compare(&sides, &[], &run.common, &mut outcome)?;
    }
    finish(&mut outcome, &loaded, &run.common, &|rule| loaded.ran(rule, false))?;
    drop(progress);
    let code = output::write(&outcome, &reports, &run.common);
    // The process ends here; taking everything apart piece by piece would be work for nothing.
    std::mem::forget((outcome, loaded));
    code
}
