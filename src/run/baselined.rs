//! The baseline, applied to what a run found.

use super::finish::Ran;
use crate::config::{Baseline, CONFIGURATION, UNUSED_CONFIGURATION};
use crate::finding::Finding;
use crate::outcome::Outcome;
use crate::repo;

/// Whether a baseline may hold `finding`: not what could not be read, nor what is wrong with configuration.
pub(super) fn may_be_baselined(finding: &Finding) -> bool {
    let unread = repo::RULES.iter().any(|rule| rule.id == finding.rule && !rule.configurable);
    !unread && ![CONFIGURATION.id, UNUSED_CONFIGURATION.id].contains(&finding.rule)
}

/// Applies `baseline` to the finished findings of `outcome`. `whole` says whether all of the repository was asked for;
/// `ran` which rules were looked for.
pub(super) fn apply(outcome: &mut Outcome, baseline: Option<&Baseline>, whole: bool, ran: Ran<'_>) {
    let Some(baseline) = baseline else { return };
    let looked_for = |rule: &str| whole && outcome.catalogue.get(rule).is_some_and(ran);
    let (mut may, rest): (Vec<Finding>, Vec<Finding>) =
        std::mem::take(&mut outcome.findings).into_iter().partition(may_be_baselined);
    let idle = baseline.apply(&mut may, &looked_for);
    may.extend(rest);
    may.extend(idle);
    outcome.findings = may;
    Finding::finish(&mut outcome.findings);
}
