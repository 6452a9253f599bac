//! Every engine over one reading of a repository.

use std::sync::Arc;

use crate::config::{CONFIGURATION, Config};
use crate::lint::Options;
use crate::outcome::Outcome;
use crate::repo::Repo;
use crate::symbolic::Solvers;
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
    (solvers, today): (&Arc<Solvers>, &str),
) {
    let options = Options { solvers: Arc::clone(solvers), today: Some(today), ..Options::default() };
    let ((from_validation, linted), mut ran) = rayon::join(
        || rayon::join(|| validate::run(repo, config, level), || lint::run(repo, config, options)),
        || tables::run(repo, selection, gauge),
    );
    outcome.findings.extend(from_validation);
    outcome.misconfigured |= linted.findings.iter().any(|finding| finding.rule == CONFIGURATION.id);
    outcome.findings.extend(linted.findings);
    outcome.notices.extend(ran.remarks());
    config.settle(&mut ran.findings, &outcome.catalogue);
    outcome.findings.extend(ran.findings);
    outcome.passed = ran.passed;
    outcome.tests = ran.rows;
    outcome.notices.extend(linted.undecided);
}
