//! Everything: validation, lint, decision tables, guardrails, and a comparison when a base is given.

use super::baselined;
use super::comparing::{Deny, base_defects, compare};
use super::configuration::idle_acceptances;
use super::coverage::{self, CoverageOptions};
use super::engines::engines;
use super::error::RunError;
use super::fillings;
use super::finish::{finish, today};
use super::fresh;
use super::guardrails;
use super::known_entities::entities_changed;
use super::loaded::{all_proved, discard, load_as, load_held};
use super::matrix;
use super::reading::Reading;
use super::sides::Base;
use crate::diff;
use crate::finding::Finding;
use crate::outcome::{Outcome, TestResult, Weight};
use crate::rule::{Basis, Rule};
use crate::tables::{Gauge, Selection};

/// What [`check`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct CheckOptions {
    /// What to read.
    pub reading: Reading,
    /// How many entity dereferences policies may chain, where nothing stricter is configured.
    pub level: Option<u32>,
    /// A revision to compare effective permissions with, and whose configuration counts as well.
    pub against: Option<String>,
    /// Whether what the revision has as well counts, and is shown, like what is new.
    pub all: bool,
}

/// Validates, lints, tests and proves; compares when a base is given.
///
/// # Errors
/// When what is asked for is not there, or does not go together.
pub fn check(options: &CheckOptions) -> Result<Outcome, RunError> {
    fillings::for_all(&options.reading, |reading| checked(options, reading, "check", false))
}

/// The same as `report`, with what a page shows besides.
pub(super) fn with_page(options: &CheckOptions) -> Result<Outcome, RunError> {
    fillings::for_all(&options.reading, |reading| checked(options, reading, "report", true))
}

fn checked(
    options: &CheckOptions,
    reading: &Reading,
    command: &'static str,
    page: bool,
) -> Result<fillings::Found, RunError> {
    let CheckOptions { level, against, all, .. } = options;
    let base = against.as_ref().map(|revision| Base::open(reading, revision)).transpose()?;
    let mut loaded = load_held(reading, base.as_ref().map(|base| (&base.settings.config, &base.parsed)))?;
    let mut outcome = loaded.outcome(command);
    let (repo, config) = (&loaded.repo, &loaded.config);
    // The floor is the configuration's; what else there is about coverage belongs to `test`.
    let asked = CoverageOptions { wanted: page, ..CoverageOptions::default() };
    let gauge = coverage::is_asked(&asked, config).then(|| Gauge::new(repo));
    let selection = Selection { brief: reading.brief, ..Selection::default() };
    let today = today(reading)?;
    engines(&mut outcome, repo, config, *level, &selection, gauge.as_ref(), (&loaded.solvers, &today));
    let part = !repo.focus.is_whole();
    outcome.coverage = gauge.map(|gauge| coverage::measure(&asked, reading, &loaded, &gauge, part)).transpose()?;
    if part && config.floor().is_some() {
        outcome.notices.push(coverage::floor_left_out());
    }
    outcome.notices.extend(loaded.unvalidated());
    outcome.notices.extend(loaded.without_policies());
    outcome.checked_something = loaded.decides() || outcome.rows() > 0;
    let mut compared = None;
    match &base {
        Some(base) => {
            if let Some(config) = base.other_stores(config, &repo.listed) {
                // Until the change is merged, the base says as well which files are a store.
                let other = load_as(reading, config, &base.parsed)?;
                let mut more = Outcome::new(command, loaded.catalogue.clone());
                engines(&mut more, &other.repo, &other.config, *level, &selection, None, (&loaded.solvers, &today));
                add(&mut outcome, more);
            }
            let sides = base.against(reading)?;
            // The configuration is held against both sides, which no side alone can do.
            outcome.misconfigured |= sides.misconfigured();
            outcome.findings.extend(sides.new.config_findings.iter().cloned());
            outcome.notices.extend(base_defects(&sides, &sides.new.repo.findings));
            compare(&sides, Deny::default(), reading, &mut outcome)?;
            let stores = outcome.comparison.iter().flat_map(|comparison| &comparison.stores);
            let and = "; `polcheck diff` says whom that concerns";
            let said: Vec<_> = stores.filter_map(|store| entities_changed(&store.name, &store.entities, and)).collect();
            outcome.notices.extend(said);
            outcome.checked_something |= sides.old.decides();
            compared = Some(sides);
        }
        None if repo.focus.is_whole() && reading.store.is_none() && !reading.files.replace_discovery() => {
            let unknown = diff::unknown_names(&diff::naming(config), &[repo], true);
            outcome.misconfigured |= !unknown.is_empty();
            outcome.findings.extend(unknown);
            outcome.findings.extend(idle_acceptances(config, &loaded.accepted, None, &today));
        }
        None => {}
    }
    guardrails::prove(&mut outcome, &loaded, compared.as_ref());
    outcome.checked_something |= !outcome.guardrails.results.is_empty();
    let proved = all_proved(&outcome);
    let ran = |rule: &Rule| (proved || rule.basis != Basis::Symbolic) && loaded.ran(rule, &[]);
    finish(&mut outcome, &loaded, reading, &ran)?;
    // In a change its author writes the baseline, so the base's counts.
    let baseline = base.as_ref().map_or(loaded.baseline.as_ref(), |base| base.settings.baseline.as_ref());
    baselined::apply(&mut outcome, baseline, &loaded, reading, &ran);
    let old = compared.as_ref().map(|sides| &sides.old);
    let found = fillings::of(&outcome, &std::iter::once(&loaded).chain(old).collect::<Vec<_>>());
    if page {
        outcome.contents = matrix::contents(&loaded);
        matrix::whole(&mut outcome, &loaded, compared.as_ref());
    } else if let (true, Some(sides)) = (reading.matrix, &compared) {
        matrix::changed(&mut outcome, sides);
    }
    if let Some(sides) = compared {
        outcome.only_new = !all;
        fresh::mark(&mut outcome, sides, &loaded, *level, reading)?;
    }
    discard(loaded);
    Ok((outcome, found))
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
    for row in other.tests.into_iter().filter(TestResult::is_bad) {
        if !outcome.tests.iter().any(|one| one.id == row.id && one.is_bad()) {
            outcome.tests.push(row);
        }
    }
    for notice in other.notices {
        if notice.kind.weight() == Weight::Inconclusive && !outcome.notices.contains(&notice) {
            outcome.notices.push(notice);
        }
    }
}
