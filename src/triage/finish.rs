//! Suppressions, one finding for each defect, and the stable order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::apply::{RuleState, apply};
use super::rules::RULES;
use super::scan::scan;
use super::supersede::{drop_said, drop_superseded};
use crate::finding::{Finding, Fix};
use crate::rule::{Catalogue, Rule};
use crate::text::{Location, SourceFile};

/// What the last step needs to know.
pub struct Triage<'t> {
    /// The place and the full name of every policy. Those of their files that are `.cedar` files are looked through for
    /// suppressions.
    pub policies: Vec<(Location, String)>,
    /// Every rule.
    pub catalogue: &'t Catalogue,
    /// Whether a rule was looked for: a suppression of one that was not is not called unused.
    pub ran: &'t dyn Fn(&Rule) -> bool,
    /// The rules of the validator that a rule, by id, says more than.
    pub stands_for: &'t dyn Fn(&str) -> &'static [&'static str],
    /// The rules of the validator that say as much as a rule, by id.
    pub yields_to: &'t dyn Fn(&str) -> &'static [&'static str],
    /// Gives findings about suppressions the levels that they are to have.
    pub settle: &'t dyn Fn(&mut Vec<Finding>),
    /// The day, as `YYYY-MM-DD`.
    pub today: &'t str,
}

/// What is left of a run's findings.
#[derive(Debug, Clone, Default)]
pub struct Triaged {
    /// Findings to report, not in order yet.
    pub findings: Vec<Finding>,
    /// Suppressed ones, each with the reason given.
    pub suppressed: Vec<(Finding, String)>,
    /// Whether some suppression ends on a day, so that the day counts.
    pub dated: bool,
}

impl Triage<'_> {
    /// Triages `findings`.
    #[must_use]
    pub fn finish(&self, findings: Vec<Finding>) -> Triaged {
        let mut files: BTreeMap<(&str, usize), &Arc<SourceFile>> = BTreeMap::new();
        for (place, _) in self.policies.iter().filter(|(place, _)| place.file.name().ends_with(".cedar")) {
            files.insert(place.text_key(), &place.file);
        }
        let suppressions: Vec<_> = files.into_values().flat_map(scan).collect();
        let state =
            |rule: &'static Rule| RuleState { id: rule.id, suppressible: is_suppressible(rule), ran: (self.ran)(rule) };
        let rules: Vec<_> = self.catalogue.iter().map(state).collect();
        let dated = suppressions.iter().any(|suppression| suppression.until.is_some());
        let mut applied = apply(findings, &self.policies, &suppressions, &rules, Some(self.today));
        (self.settle)(&mut applied.housekeeping);
        let mut findings = applied.kept;
        drop_superseded(&mut findings, self.stands_for);
        drop_said(&mut findings, self.yields_to);
        findings.append(&mut applied.housekeeping);
        // What another tool's file carries is written by that tool's rules.
        let carried = |finding: &&mut Finding| finding.fix.as_ref().is_some_and(Fix::is_embedded);
        let carried = findings.iter_mut().filter(carried);
        carried.for_each(|finding| match finding.fix.take().map(|fix| fix.in_carrier()) {
            Some(Ok(fix)) => finding.fix = Some(fix),
            Some(Err(left)) => finding.left = Some(left),
            None => {}
        });
        Triaged { findings, suppressed: applied.suppressed, dated }
    }
}

/// A finding about a suppression cannot itself be suppressed, and neither can what Cedar refuses.
fn is_suppressible(rule: &Rule) -> bool {
    rule.configurable && !RULES.iter().any(|own| own.id == rule.id)
}
