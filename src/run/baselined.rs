//! The baseline, applied to what a run found.

use super::finish::Ran;
use super::loaded::Loaded;
use super::reading::Reading;
use crate::config::{Baseline, CONFIGURATION, UNUSED_CONFIGURATION};
use crate::finding::Finding;
use crate::outcome::Outcome;
use crate::repo;

/// Whether a baseline may hold `finding`: not what could not be read, nor what is wrong with configuration.
pub(super) fn may_be_baselined(finding: &Finding) -> bool {
    let unread = repo::RULES.iter().any(|rule| rule.id == finding.rule && !rule.configurable);
    !unread && ![CONFIGURATION.id, UNUSED_CONFIGURATION.id].contains(&finding.rule)
}

/// Applies `baseline` to the finished findings of `outcome`, a run over `loaded`. `ran` says which rules were looked
/// for; that an entry is idle is only said where all of the repository was asked for.
pub(super) fn apply(
    outcome: &mut Outcome,
    baseline: Option<&Baseline>,
    loaded: &Loaded,
    reading: &Reading,
    ran: Ran<'_>,
) {
    let Some(baseline) = baseline else { return };
    let whole = loaded.repo.focus.is_whole() && reading.store.is_none();
    let looked_for = |rule: &str| whole && outcome.catalogue.get(rule).is_some_and(ran);
    let (mut may, rest): (Vec<Finding>, Vec<Finding>) =
        std::mem::take(&mut outcome.findings).into_iter().partition(may_be_baselined);
    let mut idle = baseline.apply(&mut may, &looked_for);
    loaded.config.settle(&mut idle, &outcome.catalogue);
    may.extend(rest);
    may.extend(idle);
    outcome.findings = may;
    Finding::finish(&mut outcome.findings);
}
