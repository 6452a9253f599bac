//! What came of a guardrail, in words.

use cedar_policy::{AuthorizationError, Authorizer, Effect, Policy, PolicySet};

use super::guardrail::{Demand, Guardrail, Rule};
use super::judge::{Does, Shown};
use super::world::World;
use crate::outcome::AtFault;
use crate::repo::Repo;
use crate::symbolic::{Case, Subject};
use crate::text::{inline, nearest};

/// A policy at fault, by its index.
pub(super) fn at_fault(world: &World<'_>, index: usize, does: Does) -> Option<AtFault> {
    let member = world.members.get(index)?;
    let does = match does {
        Does::Allows => "allows it",
        Does::WouldAllow => "allows it once it is linked so",
        Does::Refuses => "refuses it",
        Does::WouldRefuse => "refuses it once it is linked so",
        Does::Skipped => "would refuse it, but fails there, so that Cedar skips it",
        Does::Matches => "matches it",
    };
    Some(AtFault {
        policy: member.name.to_owned(),
        effect: if member.effect == Effect::Permit { "permit" } else { "forbid" },
        location: member.head.clone(),
        does: does.to_owned(),
    })
}

/// How `rule` fails on the request, if it does, in the evaluator's words.
pub(super) fn fails(rule: &Policy, case: &Case) -> Option<String> {
    let set = PolicySet::from_policies([rule.clone()]).ok()?;
    let response = Authorizer::new().is_authorized(&case.request, &set, &case.entities);
    let AuthorizationError::PolicyEvaluationError(error) = response.diagnostics().errors().next()?;
    Some(error.inner().to_string())
}

/// What a request that breaks a guardrail of `kind` shows, a sentence without a full stop.
pub(super) fn slip(kind: &str, shown: &Shown, causes: &[AtFault], fails: Option<&str>) -> String {
    let named = |does: &str| {
        let names: Vec<String> =
            causes.iter().filter(|cause| cause.does.starts_with(does)).map(|cause| short(&cause.policy)).collect();
        listed(&names)
    };
    let mut sentence = match kind {
        "permit" => match named("refuses") {
            Some(names) => format!("{names} what has to be allowed", names = with_verb(&names, "refuse")),
            None => "no policy allows what has to be allowed".to_owned(),
        },
        "same" => match named("allows") {
            Some(names) => format!("{} one and not the other", with_verb(&names, "allow")),
            None => "one is allowed and the other is not".to_owned(),
        },
        "temporary" | "expires" if causes.iter().any(|cause| cause.does == "matches it") => {
            let names = named("matches").map_or_else(|| "the policy".to_owned(), |names| names.text);
            match &shown.endless {
                Some(why) => format!("{names} has no end, since {why}"),
                None if kind == "temporary" => {
                    format!("{names} has no end: it still matches when every other time that it reads is long past")
                }
                None => format!("{names} still matches after its end"),
            }
        }
        "expires" if fails.is_some() => match named("allows") {
            Some(names) => format!("{} it with no end to be seen", with_verb(&names, "allow")),
            None => "it is allowed with no end to be seen".to_owned(),
        },
        "expires" => match named("allows") {
            Some(names) => format!("{} it after the end", with_verb(&names, "allow")),
            None => "it is allowed after the end".to_owned(),
        },
        "isolate" => match named("allows") {
            Some(names) => format!("{} what belongs to somebody else", with_verb(&names, "allow")),
            None => "what belongs to somebody else is allowed".to_owned(),
        },
        _ => match named("allows") {
            Some(names) => format!("{} what has to be refused", with_verb(&names, "allow")),
            None => "what has to be refused is allowed".to_owned(),
        },
    };
    if !shown.apart.is_empty() {
        sentence.push_str(&format!(", which hangs on {}, that the other does not declare", shown.apart.join(" and ")));
    }
    if let Some(why) = fails {
        sentence.push_str(&format!(
            "; the guardrail cannot be evaluated there, which counts as matched: {}",
            inline(why.trim())
        ));
    }
    sentence
}

/// Names of policies, and whether it is one.
struct Named {
    text: String,
    one: bool,
}

fn listed(names: &[String]) -> Option<Named> {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", inline(name))).collect();
    let text = match quoted.as_slice() {
        [] => return None,
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    };
    Some(Named { text, one: quoted.len() == 1 })
}

fn with_verb(names: &Named, verb: &str) -> String {
    format!("{} {verb}{}", names.text, if names.one { "s" } else { "" })
}

/// A full name without its path.
fn short(name: &str) -> String {
    name.rsplit_once('#').map_or(name, |(_, short)| short).to_owned()
}

/// Why `guardrail` is about no request, a sentence without a full stop.
pub(super) fn vacuous(guardrail: &Guardrail, repo: &Repo) -> String {
    let about_none = if repo.stores.is_empty() {
        "there are no policies that it could be about, so it holds nothing"
    } else {
        "it is about no request that the schema allows, so it holds nothing"
    };
    let schemas = || repo.stores.iter().filter_map(|store| store.schema.ready());
    let actions: Vec<String> = schemas().flat_map(|schema| schema.cedar.actions().map(ToString::to_string)).collect();
    let named: Vec<String> = match &guardrail.demand {
        Demand::Refused(Rule::Everywhere(policy, _)) | Demand::Allowed(Rule::Everywhere(policy, _)) => {
            let entities = Subject::policy(policy).named_entities();
            let action = |name: &String| name.rsplit_once("::\"").is_some_and(|(ty, _)| ty.ends_with("Action"));
            entities.iter().map(ToString::to_string).filter(action).collect()
        }
        Demand::Alike(alike) => alike.actions.clone(),
        _ => Vec::new(),
    };
    let id = |name: &str| name.rsplit_once("::\"").map_or(name, |(_, id)| id.trim_end_matches('"')).to_owned();
    let by_id = matches!(guardrail.demand, Demand::Alike(_));
    let declared =
        |name: &String| actions.contains(name) || (by_id && actions.iter().any(|action| id(action) == *name));
    let unknown = named.iter().find(|name| !declared(name));
    match unknown.filter(|_| !actions.is_empty()) {
        Some(name) => {
            let ids: Vec<String> = actions.iter().map(|action| id(action)).collect();
            let meant = match nearest(&id(name), ids.iter().map(String::as_str)) {
                Some(meant) => format!("; did you mean `{}`?", inline(meant)),
                None => String::new(),
            };
            format!("no schema declares the action {}, so it holds nothing{meant}", inline(name))
        }
        None => about_none.to_owned(),
    }
}
