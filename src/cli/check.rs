//! `polcheck check`: validate, lint and test, and diff when a base is given.

use super::args::{CheckArgs, ValidateArgs};
use super::comparing::{self, Base};
use super::coverage::{CoverageArgs, FLOOR_OF_A_PART};
use super::exit::Failure;
use super::finishing::finish;
use super::loading::{load_as, load_held};
use super::output;
use super::progress::Progress;
use crate::config::Config;
use crate::finding::Finding;
use crate::lint::Options;
use crate::outcome::{Outcome, Status, TestResult};
use crate::repo::Repo;
use crate::tables::{Gauge, Selection};
use crate::text::inline;
use crate::{diff, lint, tables, validate};

/// Runs the command and gives the exit code.
pub(super) fn run(args: &CheckArgs) -> Result<u8, Failure> {
    let CheckArgs { validate: ValidateArgs { run, level }, against } = args;
    let reports = output::wanted(&run.common)?;
    let progress = Progress::start("checking", run.common.quiet);
    let base = against.as_ref().map(|revision| Base::open(run, revision)).transpose()?;
    let mut loaded = load_held(run, base.as_ref().map(|base| &base.settings.config))?;
    let mut outcome = loaded.outcome("check");
    let (repo, config) = (&loaded.repo, &loaded.config);
    // The floor is the configuration's; what else there is about coverage belongs to `test`.
    let coverage = CoverageArgs::default();
    let gauge = coverage.asked(config).then(|| Gauge::new(repo));
    let selection = Selection { brief: output::brief(&reports, &run.common), ..Selection::default() };
    engines(&mut outcome, repo, config, *level, &selection, gauge.as_ref());
    let part = !repo.focus.is_whole();
    outcome.coverage = gauge.map(|gauge| coverage.measured(run, &loaded, &gauge, part)).transpose()?;
    if part && config.floor().is_some() {
        outcome.gaps.push(FLOOR_OF_A_PART.to_owned());
    }
    outcome.gaps.extend(loaded.unvalidated());
    outcome.checked_something = loaded.holds_policies() || outcome.rows() > 0;
    let guardrails = repo.guardrails.iter();
    let unproved =
        guardrails.map(|(path, _)| format!("the guardrails in `{}` are not proved by this version", inline(path)));
    outcome.inconclusive.extend(unproved);
    match &base {
        Some(base) => {
            if let Some(config) = base.other_stores(config, &repo.listed) {
                // Until the change is merged, the base says as well which files are a store.
                let other = load_as(run, config)?;
                let mut more = Outcome { findings: Vec::new(), tests: Vec::new(), ..outcome.clone() };
                engines(&mut more, &other.repo, &other.config, *level, &selection, None);
                add(&mut outcome, more);
            }
            let sides = comparing::against(run, base)?;
            // The configuration is held against both sides, which no side alone can do.
            outcome.misconfigured |= comparing::misconfigured(&sides);
            outcome.findings.extend(sides.new.config_findings.iter().cloned());
            comparing::compare(&sides, &[], &run.common, &mut outcome)?;
        }
        None if repo.focus.is_whole() && run.common.store.is_none() && !run.explicit.any() => {
            let unknown = diff::unknown_names(&config.gates, &[repo], true);
            outcome.misconfigured |= !unknown.is_empty();
            outcome.findings.extend(unknown);
        }
        None => {}
    }
    finish(&mut outcome, &loaded, &run.common, &|rule| loaded.ran(rule, false))?;
    drop(progress);
    let code = output::write(&outcome, &reports, &run.common);
    // The process ends here; taking everything apart piece by piece would be work for nothing.
    std::mem::forget((outcome, loaded));
    code
}

/// Runs every engine over `repo` and adds what they say to `outcome`.
fn engines(
    outcome: &mut Outcome,
    repo: &Repo,
    config: &Config,
    level: Option<u32>,
    selection: &Selection,
    gauge: Option<&Gauge<'_>>,
) {
    let ((from_validation, linted), ran) = rayon::join(
        || rayon::join(|| validate::run(repo, config, level), || lint::run(repo, config, Options::default())),
        || tables::run(repo, selection, gauge),
    );
    outcome.findings.extend(from_validation);
    outcome.findings.extend(linted.findings);
    outcome.remarks.extend(ran.remarks());
    outcome.findings.extend(ran.findings);
    outcome.passed = ran.passed;
    outcome.tests = ran.rows;
    // Validation says of these what is wrong with them.
    outcome.gaps.extend(linted.unfit);
    outcome.inconclusive.extend(linted.undecided);
}

/// Adds to `outcome` what only another reading of the same files found.
fn add(outcome: &mut Outcome, other: Outcome) {
    let same = |one: &Finding, finding: &Finding| {
        (one.rule, &one.location, &one.message) == (finding.rule, &finding.location, &finding.message)
    };
    for finding in other.findings {
        if !outcome.findings.iter().any(|one| same(one, &finding)) {
            outcome.findings.push(finding);
        }
    }
    let bad = |row: &TestResult| matches!(row.status, Status::Fail | Status::Error);
    for row in other.tests.into_iter().filter(bad) {
        if !outcome.tests.iter().any(|one| one.id == row.id && bad(one)) {
            outcome.tests.push(row);
        }
    }
    for sentence in other.inconclusive {
        if !outcome.inconclusive.contains(&sentence) {
            outcome.inconclusive.push(sentence);
        }
    }
}
