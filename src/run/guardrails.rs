//! What is proved of guardrails: those of the repository, and with a base those of the base as well.
//!
//! # Why
//!
//! In a pull request the author controls the guardrails. So the base's are proved of the change too; whatever the
//! change makes of them counts once it is merged. A guardrail of the base that the change has word for word is said
//! once.

use super::loaded::Loaded;
use super::sides::Sides;
use crate::config::{Asked, Gate, GuardrailConfig};
use crate::diff;
use crate::finding::Environment;
use crate::outcome::changes::{Comparison, Direction, Lifecycle, Ruling, Status};
use crate::outcome::{AtFault, GuardrailResult, GuardrailStatus, Notice, NoticeKind, Outcome, Slip, Touched};
use crate::prove::{self, Wanted};
use crate::text::{Location, inline};

/// Proves the guardrails of `loaded` and puts what came of it into `outcome`. With `sides` those of the old side as
/// well, and what the comparison in `outcome` says of guardrails about changes.
pub(super) fn prove(outcome: &mut Outcome, loaded: &Loaded, sides: Option<&Sides>) {
    // A guardrail of the base follows its stores to their new names.
    let stores = outcome.comparison.iter().flat_map(|comparison| &comparison.stores);
    let renamed: Vec<(String, String)> =
        stores.filter_map(|store| Some((store.old_name.clone()?, store.name.clone()))).collect();
    let run = |guardrails: &Loaded, stores: &Loaded| {
        prove::run(&Wanted {
            renamed: &renamed,
            guardrails: &guardrails.repo,
            config: &guardrails.config,
            repo: &stores.repo,
            settings: &stores.config,
            solvers: &stores.solvers,
        })
    };
    let mut all = run(loaded, loaded);
    if let Some(sides) = sides {
        let of_base = run(&sides.old, loaded).results.into_iter().filter(|result| adds(result, &all.results));
        let of_base: Vec<_> = of_base.map(|result| GuardrailResult { of_base: true, ..result }).collect();
        all.results.extend(of_base);
        let broken = |result: &GuardrailResult| result.status == GuardrailStatus::Broken;
        if all.results.iter().any(broken) {
            let before: Vec<GuardrailResult> =
                run(loaded, &sides.old).results.into_iter().chain(run(&sides.old, &sides.old).results).collect();
            for result in all.results.iter_mut().filter(|result| broken(result)) {
                let same = |other: &&GuardrailResult| content(other) == content(result);
                result.broken_before = before.iter().find(same).map(broken);
            }
        }
    }
    let never = never_gain(loaded, sides);
    match (&outcome.comparison, sides) {
        (Some(comparison), Some(_)) => {
            let repos: Vec<_> = sides.iter().flat_map(|sides| [&sides.old.repo, &sides.new.repo]).collect();
            let each =
                never.iter().map(|(one, of_base)| gained(one, *of_base, &diff::never_gain(one, &repos), comparison));
            let gone = |result: &GuardrailResult| result.of_base && result.status == GuardrailStatus::Vacuous;
            all.results.extend(each.filter(|result| !gone(result)));
        }
        _ => outcome.notices.extend(never.iter().map(|(one, _)| waits(one))),
    }
    for result in &all.results {
        if matches!(result.status, GuardrailStatus::Unknown | GuardrailStatus::NotCovered) {
            outcome.notices.push(open(result));
        }
    }
    outcome.guardrails = all;
}

/// Whether a guardrail of the base says something that those of the change, `own`, do not.
///
/// Word for word the same is not the same where it is about other stores or types, or under another clock: what it
/// comes to tells. What a policy says of itself, and what is about nothing that is left, is for what became weaker to
/// tell.
fn adds(result: &GuardrailResult, own: &[GuardrailResult]) -> bool {
    let as_much = |other: &&GuardrailResult| {
        content(other) == content(result)
            && (result.status == GuardrailStatus::Holds
                || (other.status == result.status
                    && result.slips.iter().all(|slip| {
                        other.slips.iter().any(|own| (&own.store, &own.environment) == (&slip.store, &slip.environment))
                    })))
    };
    !result.of_policy && result.status != GuardrailStatus::Vacuous && !own.iter().any(|other| as_much(&other))
}

fn content(result: &GuardrailResult) -> (&'static str, String) {
    (result.kind, prove::content(result.expansion.as_deref(), &result.location))
}

fn open(result: &GuardrailResult) -> Notice {
    let why = result.reason.clone().unwrap_or_default();
    let id = inline(&result.id);
    let message = match (result.status, result.uncovered.as_slice()) {
        (GuardrailStatus::NotCovered, uncovered) => {
            let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
            for one in uncovered {
                match reasons.iter_mut().find(|(why, _)| *why == one.why) {
                    Some((_, kinds)) => kinds.push(kind(&one.environment)),
                    None => reasons.push((&one.why, vec![kind(&one.environment)])),
                }
            }
            let each = reasons.iter().map(|(why, kinds)| format!("{} ({why})", kinds.join(", ")));
            let all = each.collect::<Vec<_>>().join("; ");
            format!("guardrail `{id}` cannot speak of requests that the policies allow: {all}")
        }
        _ => format!("guardrail `{id}` is not decided: {why}"),
    };
    Notice::new(NoticeKind::GuardrailUnproved, message).at(&result.location)
}

/// A request environment in words: `User view Photo`.
fn kind(environment: &Environment) -> String {
    inline(&format!("{} {} {}", environment.principal, environment.action, environment.resource)).into_owned()
}

/// The guardrails about changes of both sides, and whether only the old side has it.
fn never_gain<'l>(loaded: &'l Loaded, sides: Option<&'l Sides>) -> Vec<(&'l GuardrailConfig, bool)> {
    let never =
        |loaded: &'l Loaded| loaded.config.guardrails.all.iter().filter(|one| matches!(one.asked, Asked::NeverGain));
    let mut all: Vec<(&GuardrailConfig, bool)> = never(loaded).map(|one| (one, false)).collect();
    for one in sides.into_iter().flat_map(|sides| never(&sides.old)) {
        if !all.iter().any(|(other, _)| other.texts() == one.texts()) {
            all.push((one, true));
        }
    }
    all
}

fn waits(one: &GuardrailConfig) -> Notice {
    let message = format!(
        "guardrail `{}` is about what a change gives: it is looked at with `--against`, and by `diff`",
        inline(&one.id)
    );
    Notice::new(NoticeKind::GuardrailWaits, message).at(&one.location)
}

/// What the comparison says of a guardrail about changes.
fn gained(one: &GuardrailConfig, of_base: bool, gate: &Gate, comparison: &Comparison) -> GuardrailResult {
    let mut result = GuardrailResult::new(&one.id, "never-gain", one.location.clone());
    result.why.clone_from(&one.why);
    result.of_base = of_base;
    result.expansion = Some(said(one));
    result.status = GuardrailStatus::Holds;
    // Whether something that it is about is still there.
    let mut left = false;
    for store in &comparison.stores {
        let names: Vec<&str> = [Some(store.name.as_str()), store.old_name.as_deref()].into_iter().flatten().collect();
        let covers = |environment: &Environment| {
            let Environment { principal, action, resource } = environment;
            gate.covers(&names, [principal, action, resource])
        };
        if let (Some(why), true) = (
            &store.unusable,
            one.stores.is_empty() || one.stores.iter().any(|name| names.contains(&name.text.as_str())),
        ) {
            result.status = GuardrailStatus::Unknown;
            result.reason.get_or_insert_with(|| why.clone());
        }
        for change in &store.environments {
            let touched = Touched { store: store.name.clone(), environment: change.environment.clone() };
            if covers(&change.environment) {
                left |= change.lifecycle != Lifecycle::Removed;
                result.touched.push(touched);
                if let Status::Unknown(why) = &change.gained {
                    result.status = GuardrailStatus::Unknown;
                    result.reason.get_or_insert_with(|| why.clone());
                }
            } else {
                result.untouched.push(touched);
            }
        }
        for group in store.groups.iter().filter(|group| group.direction == Direction::Gained) {
            for effect in &group.effects {
                let Some(change) = store.environments.get(effect.environment) else { continue };
                if effect.ruling != Ruling::Refused || !covers(&change.environment) {
                    continue;
                }
                let causes: Vec<AtFault> = group.causes.iter().map(at_fault).collect();
                let names: Vec<String> = causes.iter().map(|cause| format!("`{}`", inline(&cause.policy))).collect();
                let what = format!("the change gives {} by {}", kind(&change.environment), names.join(" and "));
                result.at_fault.extend(
                    causes.iter().filter(|cause| !result.at_fault.contains(cause)).cloned().collect::<Vec<_>>(),
                );
                if !result.slips.iter().any(|slip| slip.environment == change.environment && slip.store == store.name) {
                    result.slips.push(Slip {
                        store: store.name.clone(),
                        environment: change.environment.clone(),
                        what,
                        evidence: effect.witness.evidence.clone(),
                        other: None,
                        causes,
                        guardrail_fails: None,
                    });
                }
            }
        }
    }
    if !result.slips.is_empty() {
        result.status = GuardrailStatus::Broken;
        result.broken_before = Some(false);
        result.reason = None;
    } else if !left && result.status == GuardrailStatus::Holds {
        result.status = GuardrailStatus::Vacuous;
        result.reason = Some("it is about no request that the schemas allow, so it holds nothing".to_owned());
    }
    result
}

fn at_fault(cause: &crate::outcome::changes::Cause) -> AtFault {
    let location = cause.new.as_ref().or(cause.old.as_ref()).cloned().unwrap_or_else(|| Location::of_path("."));
    AtFault { policy: cause.policy.clone(), effect: "permit", location, does: "gives it".to_owned() }
}

fn said(one: &GuardrailConfig) -> String {
    let list = |names: &[crate::config::Name]| {
        names.iter().map(|name| format!("`{}`", inline(&name.text))).collect::<Vec<_>>().join(", ")
    };
    let mut said = if one.principals.is_empty() {
        "nobody gains ".to_owned()
    } else {
        format!("no {} gains ", list(&one.principals))
    };
    said.push_str(&if one.actions.is_empty() { "anything".to_owned() } else { list(&one.actions) });
    if !one.resources.is_empty() {
        said.push_str(&format!(" on {}", list(&one.resources)));
    }
    said
}
