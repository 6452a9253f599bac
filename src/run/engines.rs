//! Every engine over one reading of a repository.

use crate::config::Config;
use crate::lint::Options;
use crate::outcome::Outcome;
use crate::repo::Repo;
use crate::tables::{Gauge, Selection};
use crate::{lint, tables, validate};

/// Runs every engine over `repo` and adds what they say to `outcome`.
pub(super) fn engines(
    outcome: &mut Outcome,
    repo: &Repo,
    config: &Config,
    level: Option<u32>,
    selection: &Selection,
    gauge: Option<&Gauge<'_>>,
) {
    let ((from_validation, linted), mut ran) = rayon::join(
        || rayon::join(|| validate::run(repo, config, level), || lint::run(repo, config, Options::default())),
        || tables::run(repo, selection, gauge),
    );
    outcome.findings.extend(from_validation);
    outcome.findings.extend(linted.findings);
    outcome.notices.extend(ran.remarks());
    config.settle(&mut ran.findings, &outcome.catalogue);
    outcome.findings.extend(ran.findings);
    outcome.passed = ran.passed;
    outcome.tests = ran.rows;
    outcome.notices.extend(linted.undecided);
}
