//! Guardrails in words: what every report says of them.

use std::collections::BTreeMap;

use crate::finding::Environment;
use crate::outcome::{GuardrailResult, GuardrailStatus, Guardrails, Slip};
use crate::report::counted::counted;
use crate::text::inline;

/// The status as people read it.
pub(super) fn status(status: GuardrailStatus) -> &'static str {
    match status {
        GuardrailStatus::Holds => "holds",
        GuardrailStatus::Broken => "broken",
        GuardrailStatus::Vacuous => "vacuous",
        GuardrailStatus::Unknown => "not decided",
        GuardrailStatus::NotCovered => "not covered",
    }
}

/// Of a guardrail that does not hold: what it comes to, a sentence without a full stop.
pub(super) fn verdict(result: &GuardrailResult) -> String {
    let id = inline(&result.id);
    let slips = || match result.slips.as_slice() {
        [] => String::new(),
        [only] => format!(": {}", only.what),
        [first, ..] => format!(": {}, in {}", first.what, kinds(result.slips.iter().map(|slip| &slip.environment))),
    };
    match result.status {
        GuardrailStatus::Holds => format!("guardrail `{id}` holds"),
        GuardrailStatus::Broken => format!("guardrail `{id}` is broken{}", slips()),
        GuardrailStatus::Vacuous => {
            format!("guardrail `{id}` is vacuous: {}", result.reason.as_deref().unwrap_or("it is about no request"))
        }
        GuardrailStatus::Unknown => {
            format!("guardrail `{id}` is not decided: {}", result.reason.as_deref().unwrap_or("nobody knows why"))
        }
        GuardrailStatus::NotCovered => {
            let mut reasons: BTreeMap<&str, Vec<&Environment>> = BTreeMap::new();
            for one in &result.uncovered {
                reasons.entry(&one.why).or_default().push(&one.environment);
            }
            let each = reasons.into_iter().map(|(why, all)| format!("{} ({why})", kinds(all.into_iter())));
            format!("guardrail `{id}` cannot speak of {}", each.collect::<Vec<_>>().join("; "))
        }
    }
}

/// What is said besides of one that does not hold, a sentence each.
pub(super) fn details(result: &GuardrailResult) -> Vec<String> {
    let mut all = Vec::new();
    all.extend(result.why.iter().map(|why| format!("why it is there: {}", inline(why))));
    if let Some(before) = before(result) {
        all.push(before.to_owned());
    }
    if result.of_base {
        all.push("only the base has this guardrail: the change takes it away".to_owned());
    }
    all.extend(result.at_fault.iter().map(|one| {
        let place = one.location.label();
        format!("{} `{}` {} ({})", one.effect, inline(short(&one.policy)), inline(&one.does), inline(&place))
    }));
    all.extend(result.mend.iter().map(|mend| format!("proved to mend it: {}", inline(mend))));
    all.extend(result.expansion.iter().map(|expansion| format!("it comes to: {}", inline(expansion))));
    all
}

/// Whether the change breaks it, where that is known.
pub(super) fn before(result: &GuardrailResult) -> Option<&'static str> {
    match (result.status, result.broken_before) {
        (GuardrailStatus::Broken, Some(true)) => Some("it was broken before this change already"),
        (GuardrailStatus::Broken, Some(false)) => Some("this change breaks it"),
        _ => None,
    }
}

/// A full name without its path.
pub(super) fn short(name: &str) -> &str {
    name.rsplit_once('#').map_or(name, |(_, short)| short)
}

/// Kinds of request, those of one principal and one resource type together: `read and write by User on Doc`.
pub(super) fn kinds<'e>(environments: impl Iterator<Item = &'e Environment>) -> String {
    let mut groups: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for environment in environments {
        let actions = groups.entry((&environment.principal, &environment.resource)).or_default();
        let action = action(&environment.action);
        if !actions.contains(&action) {
            actions.push(action);
        }
    }
    let each = groups.into_iter().map(|((principal, resource), actions)| {
        format!("{} by {} on {}", listed(&actions), inline(principal), inline(resource))
    });
    each.collect::<Vec<_>>().join("; ")
}

fn action(name: &str) -> String {
    let id = name.strip_prefix("Action::\"").and_then(|rest| rest.strip_suffix('"'));
    let plain = |id: &&str| !id.is_empty() && id.chars().all(|c| c.is_ascii_alphanumeric() || "_-.:/".contains(c));
    inline(id.filter(plain).unwrap_or(name)).into_owned()
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// How many guardrails came to what, for the line at the end; `None` where there are none.
pub(super) fn counts(guardrails: &Guardrails) -> Option<String> {
    let all = guardrails.results.len();
    if all == 0 {
        return None;
    }
    let holding = guardrails.of(GuardrailStatus::Holds).count();
    let of = counted(all, "guardrail", "guardrails");
    let mut text = if holding == all {
        if all == 1 { "1 guardrail holds".to_owned() } else { format!("{of} hold") }
    } else {
        format!("{holding} of {of} {}", if holding == 1 || all == 1 { "holds" } else { "hold" })
    };
    for one in GuardrailStatus::ALL.into_iter().filter(|one| *one != GuardrailStatus::Holds) {
        let count = guardrails.of(one).count();
        if count > 0 {
            text.push_str(&format!(", {count} {}", status(one)));
        }
    }
    Some(text)
}

/// The request of `slip` that stands first, and of two actions the second.
pub(super) fn evidences(slip: &Slip) -> impl Iterator<Item = &crate::finding::Evidence> {
    std::iter::once(&slip.evidence).chain(&slip.other)
}
