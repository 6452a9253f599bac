//! One defect, one finding: where the validator saw it too, the rule that says more speaks.

use std::collections::HashMap;

use crate::finding::Finding;
use crate::text::Location;

/// Drops from `findings` what the validator says of a defect that a rule of ours reports as well, no milder. Suppressed
/// findings must be gone by then: what Cedar refuses stays reported when ours is suppressed. `stands_for` gives the
/// validator's rules that a rule, by id, says more than.
pub(super) fn drop_superseded(findings: &mut Vec<Finding>, stands_for: &dyn Fn(&str) -> &'static [&'static str]) {
    let mut ours: HashMap<&str, Vec<&Finding>> = HashMap::new();
    for finding in findings.iter().filter(|finding| !stands_for(finding.rule).is_empty()) {
        if let Some(policy) = &finding.policy {
            ours.entry(policy).or_default().push(finding);
        }
    }
    let superseded = |finding: &Finding| {
        let same = finding.policy.as_deref().and_then(|policy| ours.get(policy));
        same.is_some_and(|same| same.iter().any(|own| is_superseded_by(finding, own, stands_for(own.rule))))
    };
    let dropped: Vec<bool> = findings.iter().map(superseded).collect();
    let mut dropped = dropped.into_iter();
    findings.retain(|_| !dropped.next().unwrap_or(false));
}

/// Drops from `findings` what a rule of ours says of a defect that the validator reports in the same place. `yields_to`
/// gives the validator's rules that say as much as a rule, by id.
pub(super) fn drop_said(findings: &mut Vec<Finding>, yields_to: &dyn Fn(&str) -> &'static [&'static str]) {
    if findings.iter().all(|finding| yields_to(finding.rule).is_empty()) {
        return;
    }
    let mut said: HashMap<String, Vec<(&'static str, Location)>> = HashMap::new();
    for finding in findings.iter() {
        if let Some(policy) = &finding.policy {
            said.entry(policy.clone()).or_default().push((finding.rule, finding.location.clone()));
        }
    }
    findings.retain(|finding| {
        let rules = yields_to(finding.rule);
        let of_policy = finding.policy.as_ref().and_then(|policy| said.get(policy));
        !of_policy.is_some_and(|all| all.iter().any(|(rule, at)| rules.contains(rule) && meet(at, &finding.location)))
    });
}

/// Whether the two places have something in common.
fn meet(one: &Location, other: &Location) -> bool {
    one.path() == other.path() && one.span.start < other.span.end && other.span.start < one.span.end
}

/// Whether `own` stands for `finding`. The validator names no request environments, and of a whole policy no place in
/// it.
fn is_superseded_by(finding: &Finding, own: &Finding, instead_of: &[&str]) -> bool {
    instead_of.contains(&finding.rule)
        && own.level <= finding.level
        && finding.store == own.store
        && if own.rule == finding.rule {
            finding.environments.is_empty() && !own.environments.is_empty()
        } else {
            meet(&finding.location, &own.location)
        }
}
