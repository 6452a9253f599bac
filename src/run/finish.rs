//! The last step before the reports: suppressions, one finding for each defect, and the stable order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::error::RunError;
use super::loaded::Loaded;
use super::options::Reading;
use crate::finding::{Finding, suppression};
use crate::lint;
use crate::outcome::Outcome;
use crate::rule::Rule;
use crate::text::SourceFile;

/// Applies the suppressions of the policy files and puts the findings in order. `ran` says which rules were looked for,
/// so that no suppression of another is called unused.
pub(super) fn finish(
    outcome: &mut Outcome,
    loaded: &Loaded,
    reading: &Reading,
    ran: &dyn Fn(&Rule) -> bool,
) -> Result<(), RunError> {
    let mut files: BTreeMap<&str, &Arc<SourceFile>> = BTreeMap::new();
    let mut policies = Vec::new();
    for policy in loaded.repo.stores.iter().flat_map(|store| &store.policies) {
        files.insert(policy.location.path(), &policy.location.file);
        policies.push((policy.location.clone(), policy.name.clone()));
    }
    let files: Vec<_> = files.into_values().filter(|file| file.name().ends_with(".cedar")).cloned().collect();
    let today = today(reading)?;
    let rules = lint::rule_states(&outcome.catalogue, ran);
    let dated = files.iter().flat_map(suppression::scan).any(|suppression| suppression.until.is_some());
    let found = std::mem::take(&mut outcome.findings);
    let mut applied = suppression::apply(found, &policies, &files, &rules, Some(&today));
    loaded.config.settle(&mut applied.housekeeping, &loaded.catalogue);
    outcome.findings = applied.kept;
    lint::drop_superseded(&mut outcome.findings);
    outcome.findings.append(&mut applied.housekeeping);
    outcome.suppressed = applied.suppressed;
    outcome.now = dated.then_some(today);
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
