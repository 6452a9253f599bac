//! What a row states against what came out.

use cedar_policy::{AuthorizationError, PolicyId, Response};

use super::rows::{Called, Errors, Reasons, Row};
use crate::outcome::{Decision, Expected, Got, PolicyError, PolicyRef};
use crate::repo::{Named, Store};
use crate::text::inline;

/// The authorizer's answer in the words of reports.
#[must_use]
pub fn got(store: &Store, response: &Response) -> Got {
    let decision = match response.decision() {
        cedar_policy::Decision::Allow => Decision::Allow,
        cedar_policy::Decision::Deny => Decision::Deny,
    };
    let mut reason: Vec<_> = response.diagnostics().reason().filter_map(|id| policy_ref(store, id)).collect();
    reason.sort_by(|a, b| a.name.cmp(&b.name));
    let mut errors: Vec<_> = response
        .diagnostics()
        .errors()
        .filter_map(|AuthorizationError::PolicyEvaluationError(error)| {
            let message = crate::repo::cedar::fault(error.inner()).message;
            Some(PolicyError { policy: policy_ref(store, error.policy_id())?, message })
        })
        .collect();
    errors.sort_by(|a, b| a.policy.name.cmp(&b.policy.name));
    Got { decision, reason, errors }
}

/// The policy or link of `store` whose key is `id`, as reports name it.
pub(super) fn policy_ref(store: &Store, id: &PolicyId) -> Option<PolicyRef> {
    let found = store.find(id)?;
    Some(PolicyRef { name: found.name.to_owned(), effect: found.effect, location: found.location.clone() })
}

/// What `row` states.
pub(super) fn expected(row: &Row<'_>) -> Expected {
    let reason = match &row.reasons {
        Reasons::Open => None,
        Reasons::AtLeast(names) | Reasons::ExactlyPositions(names) => Some(names.clone()),
        Reasons::Exactly(names) => Some(names.iter().map(|called| called.said.clone()).collect()),
    };
    let errors = match &row.errors {
        Errors::Open => None,
        Errors::Count(count) => Some(*count),
        Errors::Exactly(names) => Some(names.len()),
        Errors::ExactlyPositions(names) => Some(names.len()),
    };
    Expected { decision: row.decision, reason, errors, who: None }
}

/// What is not as a row states that expects `decision`, `reasons` and `errors`, a sentence each; empty when it passes.
///
/// # Errors
/// When the row names a policy by a name that several have: the row cannot be judged.
pub(super) fn mismatches(
    store: &Store,
    decision: Decision,
    (reasons, errors): (&Reasons, &Errors),
    got: &Got,
) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    if got.decision != decision {
        wrong.push(format!("expected {}, got {}", decision.as_str(), got.decision.as_str()));
    }
    match reasons {
        Reasons::Open => {}
        Reasons::AtLeast(names) => at_least(store, names, got, &mut wrong)?,
        Reasons::Exactly(names) => just(store, names, got.reason.iter(), ["decides", "does not decide"], &mut wrong),
        Reasons::ExactlyPositions(names) => {
            exactly(names, got.reason.iter().map(|policy| positional(store, policy)), "deciding", &mut wrong);
        }
    }
    match errors {
        Errors::Open => {}
        Errors::Count(count) if *count == got.errors.len() => {}
        Errors::Count(count) => {
            let policies = if *count == 1 { "policy" } else { "policies" };
            wrong.push(format!("expected {count} {policies} to fail to evaluate, got {}", got.errors.len()));
        }
        Errors::Exactly(names) => {
            let failing = got.errors.iter().map(|error| &error.policy);
            just(store, names, failing, ["fails to evaluate", "does not fail to evaluate"], &mut wrong);
        }
        Errors::ExactlyPositions(names) => {
            let failing = got.errors.iter().map(|error| positional(store, &error.policy));
            exactly(names, failing, "failing", &mut wrong);
        }
    }
    Ok(wrong)
}

fn at_least(store: &Store, names: &[String], got: &Got, wrong: &mut Vec<String>) -> Result<(), String> {
    for name in names {
        let shown = inline(name);
        match store.named(name) {
            Named::One(key) => {
                let full = store.find(key).map_or("", |found| found.name);
                if !got.reason.iter().any(|policy| policy.name == full) {
                    wrong.push(format!("expected `{shown}` to decide, and it did not"));
                }
            }
            Named::Nothing(near) => {
                let meant = near.map_or_else(String::new, |near| format!("; did you mean `{}`?", inline(&near)));
                wrong.push(format!("expected `{shown}` to decide, and no policy is called so{meant}"));
            }
            Named::Several(full) => {
                let full: Vec<_> = full.into_iter().map(|name| format!("`{}`", inline(name))).collect();
                return Err(format!("`{shown}` could be {}; write the full name", full.join(" or ")));
            }
        }
    }
    Ok(())
}

/// Compares policies with those that a row names: who is there besides, and who is missing.
fn just<'g>(
    store: &Store,
    names: &[Called],
    got: impl Iterator<Item = &'g PolicyRef>,
    [does, does_not]: [&str; 2],
    wrong: &mut Vec<String>,
) {
    let got: Vec<&str> = got.map(|policy| policy.name.as_str()).collect();
    let missing = names.iter().filter(|called| !got.contains(&called.full.as_str()));
    wrong.extend(missing.map(|called| format!("`{}` {does_not}", inline(&called.said))));
    let extra = got.into_iter().filter(|name| !names.iter().any(|called| called.full == *name));
    let besides = if names.is_empty() { "" } else { " too" };
    wrong.extend(extra.map(|name| format!("`{}` {does}{besides}", inline(short(store, name)))));
}

/// The short name of the policy called `full`, where it is enough.
fn short<'n>(store: &'n Store, full: &'n str) -> &'n str {
    let known = store.deciding().find(|(_, name, _)| *name == full).map(|(_, _, short)| short);
    known.filter(|short| matches!(store.named(short), Named::One(_))).unwrap_or(full)
}

/// `policy0` and so on, by the place in the file.
fn positional(store: &Store, policy: &PolicyRef) -> String {
    let at = store.policies.iter().find(|other| other.name == policy.name);
    at.map_or_else(|| policy.name.clone(), |found| format!("policy{}", found.position))
}

/// Compares names as sets.
fn exactly(names: &[String], got: impl Iterator<Item = String>, what: &str, wrong: &mut Vec<String>) {
    let mut got: Vec<String> = got.collect();
    let mut wanted = names.to_vec();
    got.sort();
    wanted.sort();
    wanted.dedup();
    if got != wanted {
        let list = |names: &[String]| match names {
            [] => "none".to_owned(),
            names => names.iter().map(|name| format!("`{}`", inline(name))).collect::<Vec<_>>().join(", "),
        };
        wrong.push(format!("expected the {what} policies {}, got {}", list(&wanted), list(&got)));
    }
}

/// Who should be allowed and is not, and who is and should not be: a sentence each.
pub(super) fn wrong_people(missing: &[String], extra: &[String]) -> Vec<String> {
    let list = |names: &[String]| {
        let shown: Vec<_> = names.iter().take(LISTED).map(|name| inline(name).into_owned()).collect();
        match names.len().saturating_sub(LISTED) {
            0 => shown.join(", "),
            more => format!("{} and {more} more", shown.join(", ")),
        }
    };
    let mut wrong = Vec::new();
    if !extra.is_empty() {
        wrong.push(format!("allowed and not expected: {}", list(extra)));
    }
    if !missing.is_empty() {
        wrong.push(format!("expected and not allowed: {}", list(missing)));
    }
    wrong
}

/// How many names a sentence lists.
const LISTED: usize = 8;
