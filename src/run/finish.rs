//! The last step before the reports: triage, and what was asked for of all that was read.
//!
//! # Why
//!
//! The day that counts as today comes from `today` and from nowhere else. Only suppressions and accepted changes look
//! at it.

use super::error::RunError;
use super::loaded::Loaded;
use super::reading::Reading;
use crate::finding::Finding;
use crate::lint;
use crate::outcome::Outcome;
use crate::rule::Rule;
use crate::triage::Triage;

/// Which rules were looked for.
pub(super) type Ran<'r> = &'r dyn Fn(&Rule) -> bool;

/// Applies the suppressions of the policy files and puts the findings in order. `ran` says which rules were looked for,
/// so that no suppression of another is called unused.
pub(super) fn finish(outcome: &mut Outcome, loaded: &Loaded, reading: &Reading, ran: Ran<'_>) -> Result<(), RunError> {
    let policies = loaded.repo.stores.iter().flat_map(|store| &store.policies);
    let today = today(reading)?;
    outcome.notices.extend(loaded.second_opinion());
    let triage = Triage {
        policies: policies.map(|policy| (policy.location.clone(), policy.name.clone())).collect(),
        catalogue: &outcome.catalogue,
        ran,
        stands_for: &lint::stands_for,
        yields_to: &lint::yields_to,
        settle: &|findings| loaded.config.settle(findings, &loaded.catalogue),
        today: &today,
    };
    let triaged = triage.finish(std::mem::take(&mut outcome.findings));
    outcome.findings = triaged.findings;
    outcome.suppressed = triaged.suppressed;
    outcome.now = triaged.dated.then_some(today);
    // What was read is more than what was asked for.
    outcome.findings.retain(|finding| loaded.repo.reports(finding));
    outcome.suppressed.retain(|(finding, _)| loaded.repo.reports(finding));
    Finding::finish(&mut outcome.findings);
    Ok(())
}

/// The day that counts as today, in UTC: `--now`, or the clock's.
pub(super) fn today(reading: &Reading) -> Result<String, RunError> {
    let Some(now) = &reading.now else {
        return Ok(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string());
    };
    let day = match now.parse::<jiff::Timestamp>() {
        Ok(instant) => Ok(instant.to_zoned(jiff::tz::TimeZone::UTC).date()),
        Err(_) => now.parse::<jiff::civil::Date>(),
    };
    day.map(|day| day.to_string())
        .map_err(|_| RunError::usage(format!("`--now {now}` is not a time; write 2026-11-30 or 2026-11-30T12:00:00Z")))
}
