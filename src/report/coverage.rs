//! Coverage in words: the only owner of its wording.

use std::collections::BTreeMap;

use super::counted::counted;
use crate::outcome::{ConditionKind, Coverage, Explanation, Mark, PolicyRef};
use crate::text::PlaceKey;

/// So many gaps are named in a sentence.
const NAMED: usize = 3;

/// `80% (17 of 20 policies decide a row, 31 of 40 conditions are shown to matter)`; what it is about when that is not
/// everything. Names of revisions are untrusted.
pub(super) fn figure(coverage: &Coverage) -> String {
    let since = coverage.since.as_ref().map(|since| format!(" of what changed since {since}")).unwrap_or_default();
    if coverage.figure().1 == 0 {
        return format!("100%{since}: there is nothing to cover");
    }
    let policies = coverage.policies.iter().filter(|policy| policy.covered()).count();
    let conditions = coverage.conditions.iter().filter(|condition| condition.covered()).count();
    format!(
        "{}%{since} ({policies} of {}, {conditions} of {})",
        coverage.percent(),
        counted(coverage.policies.len(), "policy decides a row", "policies decide a row"),
        counted(coverage.conditions.len(), "condition is shown to matter", "conditions are shown to matter"),
    )
}

/// `coverage is 62%, below the floor of 80%`; none when the floor is reached or there is none.
pub(super) fn missed_floor(coverage: &Coverage) -> Option<String> {
    let floor = coverage.floor.filter(|_| coverage.below_floor())?;
    Some(format!("coverage is {}%, below the floor of {floor}%", coverage.percent()))
}

/// The same with the first gaps. Names are untrusted.
pub(super) fn below_floor(coverage: &Coverage) -> Option<String> {
    let missed = missed_floor(coverage)?;
    let policies =
        coverage.policies.iter().filter_map(|policy| Some(format!("{}: {}", policy.policy.name, policy.missing()?)));
    let conditions = coverage.conditions.iter().filter_map(|condition| {
        Some(format!("`{}` in {}: {}", condition.text, condition.policy.name, condition.missing()?))
    });
    let all: Vec<String> = policies.chain(conditions).collect();
    let more = match all.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!("; and {}", counted(more, "more gap", "more gaps")),
    };
    let first: Vec<&str> = all.iter().take(NAMED).map(String::as_str).collect();
    Some(format!("{missed}: {}{more}", first.join("; ")))
}

/// A policy that something is missing of.
struct Gap {
    explanation: Explanation,
    said: Vec<String>,
    open: usize,
}

/// What is not covered, by policy.
pub(super) fn gaps(coverage: &Coverage) -> Vec<Explanation> {
    let mut gaps: BTreeMap<(PlaceKey<'_>, &str), Gap> = BTreeMap::new();
    let none = |policy: &PolicyRef| Gap {
        explanation: Explanation { policy: Some(policy.clone()), sentence: String::new(), marks: Vec::new() },
        said: Vec::new(),
        open: 0,
    };
    for of in &coverage.policies {
        if let Some(missing) = of.missing() {
            gaps.entry(key(&of.policy)).or_insert_with(|| none(&of.policy)).said.push(missing.to_owned());
        }
    }
    for of in &coverage.conditions {
        let Some(missing) = of.missing() else { continue };
        let gap = gaps.entry(key(&of.policy)).or_insert_with(|| none(&of.policy));
        // Without a place of its own it has the policy's.
        let placed = of.location.span.start != of.policy.location.span.start;
        let text = match of.kind {
            _ if !placed => format!("`{}`: {missing}", of.text),
            ConditionKind::Operand => missing,
            ConditionKind::When | ConditionKind::Unless => format!("the clause: {missing}"),
        };
        gap.explanation.marks.push(Mark { location: of.location.clone(), text });
        gap.open += 1;
    }
    let told = |((_, name), Gap { mut explanation, mut said, open }): ((PlaceKey<'_>, &str), Gap)| {
        match open {
            0 => {}
            1 => said.push("one condition is not shown to matter".to_owned()),
            open => said.push(format!("{open} conditions are not shown to matter")),
        }
        explanation.sentence = format!("{name}: {}", said.join("; "));
        explanation
    };
    gaps.into_iter().map(told).collect()
}

fn key(policy: &PolicyRef) -> (PlaceKey<'_>, &str) {
    (policy.location.key(), &policy.name)
}
