//! Runs the validator: each policy once, in parallel, in a stable order.

use std::collections::HashSet;

use cedar_policy::{PolicyId, PolicySet, ValidationError, ValidationMode, ValidationWarning, Validator};
use rayon::prelude::*;

use super::fold::fold;
use super::hints::{fitting, improve};
use super::rules::{NEVER_APPLIES, follows, of_error, of_warning};
use crate::config::Config;
use crate::finding::{Finding, Level};
use crate::repo::cedar::{CedarFault, fault};
use crate::repo::{Policy, Repo, Schema, Store};
use crate::rule::{NEVER_MATCHES, Rule};
use crate::text::{Location, Span};

/// How many policies go to the validator at a time.
const CHUNK: usize = 32;

/// Validates every store that has a schema, strictly. `level` bounds how many entity dereferences a policy may chain
/// (<https://docs.cedarpolicy.com/policies/level-validation.html>); a store's own configured level wins. Only policies
/// that `repo` reports on are looked at.
#[must_use]
pub fn run(repo: &Repo, config: &Config, level: Option<u32>) -> Vec<Finding> {
    run_some(repo, config, level, &|_, _| true)
}

/// The same of the policies among them for which `wanted` holds.
#[must_use]
pub fn run_some(
    repo: &Repo,
    config: &Config,
    level: Option<u32>,
    wanted: &dyn Fn(&Store, &Policy) -> bool,
) -> Vec<Finding> {
    let jobs: Vec<_> = repo
        .stores
        .iter()
        .filter_map(|store| store.schema.ready().map(|schema| (store, schema)))
        .flat_map(|(store, schema)| {
            let mut asked = asked_for(repo, store);
            asked.retain(|at| store.policies.get(*at).is_some_and(|policy| wanted(store, policy)));
            let chunks: Vec<Vec<usize>> = asked.chunks(CHUNK).map(<[usize]>::to_vec).collect();
            chunks.into_iter().map(move |chunk| (store, schema, chunk))
        })
        .collect();
    let found: Vec<Vec<Finding>> = jobs
        .into_par_iter()
        .map(|(store, schema, chunk)| validate(store, schema, &chunk, store.level.or(level), config))
        .collect();
    found.into_iter().flatten().collect()
}

/// The same, unbounded, of the policies of `repo` for which `wanted` holds, whatever it reports on.
#[must_use]
pub fn of_policies(repo: &Repo, config: &Config, wanted: &(dyn Fn(&Store, &Policy) -> bool + Sync)) -> Vec<Finding> {
    let stores = repo.stores.par_iter().filter_map(|store| store.schema.ready().map(|schema| (store, schema)));
    let found: Vec<Vec<Finding>> = stores
        .map(|(store, schema)| {
            let all = store.policies.iter().enumerate().filter(|(_, policy)| wanted(store, policy));
            let chunk: Vec<usize> = all.map(|(at, _)| at).collect();
            if chunk.is_empty() { Vec::new() } else { validate(store, schema, &chunk, None, config) }
        })
        .collect();
    found.into_iter().flatten().collect()
}

/// The policies of `store` that `repo` reports on, and the templates of links that it reports on.
fn asked_for(repo: &Repo, store: &Store) -> Vec<usize> {
    let linked = |at: usize| {
        let mut links = store.links.iter().filter(|link| link.template == at);
        links.any(|link| repo.focus.covers(link.location.path()))
    };
    let all = store.policies.iter().enumerate();
    let asked = all
        .filter(|(at, policy)| repo.focus.covers(policy.location.path()) || (policy.body.is_template() && linked(*at)));
    asked.map(|(at, _)| at).collect()
}

fn validate(store: &Store, schema: &Schema, chunk: &[usize], level: Option<u32>, config: &Config) -> Vec<Finding> {
    let set = subset(store, chunk);
    let validator = Validator::new(schema.cedar.clone());
    let result = match level {
        Some(level) => validator.validate_with_level(&set, ValidationMode::Strict, level),
        None => validator.validate(&set, ValidationMode::Strict),
    };
    let mut found: Vec<Finding> = result
        .validation_errors()
        .filter_map(|error| finding(store, config, (of_error(error), Level::Error), error.policy_id(), fault(error)))
        .collect();
    // A policy with an error is not said to match nothing as well: the error is why.
    let wrong: HashSet<&PolicyId> = result.validation_errors().map(ValidationError::policy_id).collect();
    // Nor does one that applies to nothing match nothing as well.
    let idle = |warning: &&ValidationWarning| of_warning(warning).id == NEVER_APPLIES.id;
    let idle: HashSet<&PolicyId> =
        result.validation_warnings().filter(idle).map(ValidationWarning::policy_id).collect();
    for warning in result.validation_warnings() {
        let rule = of_warning(warning);
        if follows(rule.id) && wrong.contains(warning.policy_id()) {
            continue;
        }
        if rule.id == NEVER_MATCHES.id && idle.contains(warning.policy_id()) {
            continue;
        }
        found.extend(finding(store, config, (rule, Level::Warning), warning.policy_id(), fault(warning)));
    }
    let mut folded = fold(found);
    folded.iter_mut().for_each(|finding| improve(finding, schema));
    // The validator gives them in no order, and whoever shows one of a policy takes the first.
    let key = |finding: &Finding| (finding.location.clone(), finding.level, finding.rule, finding.message.clone());
    folded.sort_by_cached_key(key);
    folded
}

/// The policies of `chunk` with the links of their templates.
fn subset(store: &Store, chunk: &[usize]) -> PolicySet {
    let mut set = PolicySet::new();
    for policy in chunk.iter().filter_map(|at| store.policies.get(*at)) {
        // Keys are unique in a store, so that adding cannot fail.
        let _ = match &policy.body {
            crate::repo::cedar::Body::Static(policy) => set.add((**policy).clone()),
            crate::repo::cedar::Body::Template(template) => set.add_template((**template).clone()),
        };
    }
    for link in store.links.iter().filter(|link| chunk.contains(&link.template)) {
        let values = store.set.policy(&link.key).and_then(cedar_policy::Policy::template_links);
        if let (Some(template), Some(values)) = (store.policies.get(link.template), values) {
            let _ = set.link(template.key.clone(), link.key.clone(), values);
        }
    }
    set
}

/// What the validator says of the policy `id`, as a finding of a rule that is of some level when the validator says it.
fn finding(
    store: &Store,
    config: &Config,
    (rule, own): (&'static Rule, Level),
    id: &PolicyId,
    fault: CedarFault,
) -> Option<Finding> {
    let decider = store.find(id)?;
    let policy = decider.policy;
    let linked = decider.location != &policy.location;
    let json = decider.location.file.name().ends_with(".json");
    let location = match fault.span {
        Some(span) if !linked && !json => {
            let span = span.shifted(policy.base);
            let inside = span.start >= policy.location.span.start && span.end <= policy.location.span.end;
            if inside { Location::new(&policy.location.file, span) } else { policy.location.clone() }
        }
        _ => first_line(decider.location),
    };
    let level = config.level_of(rule, location.path(), own)?;
    // The id is one of ours.
    let named = format!("for policy `{id}`");
    let bare =
        |text: &str| text.strip_prefix(&named).map_or(text, |rest| rest.trim_start_matches([',', ':', ' '])).to_owned();
    let message = bare(&fault.message);
    let mut finding =
        Finding::new(rule.id, level, location, message).store(&store.name).policy(decider.name, &policy.location);
    finding.help = fault.help.as_deref().map(bare);
    if rule.id == NEVER_APPLIES.id {
        finding.help = store.schema.ready().and_then(|schema| fitting(policy, &schema.cedar)).or(finding.help);
    }
    if linked {
        let place = first_line(&policy.location);
        finding = finding.related(place, "the template of this link", Some(policy.name.clone()));
    }
    Some(finding)
}

/// The first line of a place, so that a report does not show a whole policy or JSON object.
fn first_line(location: &Location) -> Location {
    let line = location.text().lines().next().unwrap_or_default();
    let start = location.span.start;
    Location::new(&location.file, Span::new(start, start + line.len()))
}
