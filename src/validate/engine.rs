//! Runs the validator: each policy once, in parallel, in a stable order.

use std::collections::HashSet;

use cedar_policy::{PolicyId, PolicySet, ValidationError, ValidationMode, Validator};
use rayon::prelude::*;

use super::fold::fold;
use super::rules::{follows, of_error, of_warning};
use crate::config::Config;
use crate::finding::{Finding, Level};
use crate::repo::cedar::{Fault, fault};
use crate::repo::{Repo, Schema, Store};
use crate::rule::Rule;
use crate::text::{Location, Span};

/// How many policies go to the validator at a time.
const CHUNK: usize = 32;

/// Validates every store that has a schema, strictly. `level` bounds how many entity dereferences a policy may chain
/// (<https://docs.cedarpolicy.com/policies/level-validation.html>); a store's own configured level wins.
#[must_use]
pub fn run(repo: &Repo, config: &Config, level: Option<u32>) -> Vec<Finding> {
    let jobs: Vec<_> = repo
        .stores
        .iter()
        .filter_map(|store| store.schema.ready().map(|schema| (store, schema)))
        .flat_map(|(store, schema)| {
            let starts = (0..store.policies.len()).step_by(CHUNK);
            starts.map(move |start| (store, schema, start))
        })
        .collect();
    let found: Vec<Vec<Finding>> = jobs
        .into_par_iter()
        .map(|(store, schema, start)| {
            let level = store.level.or(level);
            validate(store, schema, start..(start + CHUNK).min(store.policies.len()), level, config)
        })
        .collect();
    found.into_iter().flatten().collect()
}

fn validate(
    store: &Store,
    schema: &Schema,
    range: std::ops::Range<usize>,
    level: Option<u32>,
    config: &Config,
) -> Vec<Finding> {
    let set = subset(store, range);
    let validator = Validator::new(schema.cedar.clone());
    let result = match level {
        Some(level) => validator.validate_with_level(&set, ValidationMode::Strict, level),
        None => validator.validate(&set, ValidationMode::Strict),
    };
    let mut found: Vec<Finding> = result
        .validation_errors()
        .filter_map(|error| finding(store, config, of_error(error), error.policy_id(), fault(error)))
        .collect();
    // A policy with an error is not said to match nothing as well: the error is why.
    let wrong: HashSet<&PolicyId> = result.validation_errors().map(ValidationError::policy_id).collect();
    for warning in result.validation_warnings() {
        let rule = of_warning(warning);
        if follows(rule.id) && wrong.contains(warning.policy_id()) {
            continue;
        }
        let finding = finding(store, config, rule, warning.policy_id(), fault(warning));
        found.extend(finding.map(|finding| Finding { level: finding.level.max(Level::Warning), ..finding }));
    }
    fold(found)
}

/// The policies of `range` with the links of their templates.
fn subset(store: &Store, range: std::ops::Range<usize>) -> PolicySet {
    let mut set = PolicySet::new();
    for policy in store.policies.get(range.clone()).unwrap_or_default() {
        // Keys are unique in a store, so that adding cannot fail.
        let _ = match &policy.body {
            crate::repo::cedar::Body::Static(policy) => set.add(policy.clone()),
            crate::repo::cedar::Body::Template(template) => set.add_template(template.clone()),
        };
    }
    for link in store.links.iter().filter(|link| range.contains(&link.template)) {
        let values = store.set.policy(&link.key).and_then(cedar_policy::Policy::template_links);
        if let (Some(template), Some(values)) = (store.policies.get(link.template), values) {
            let _ = set.link(template.key.clone(), link.key.clone(), values);
        }
    }
    set
}

fn finding(store: &Store, config: &Config, rule: &'static Rule, id: &PolicyId, fault: Fault) -> Option<Finding> {
    let decider = store.find(id)?;
    let policy = decider.policy;
    let linked = decider.location != &policy.location;
    let json = decider.location.path().ends_with(".json");
    let location = match fault.span {
        Some(span) if !linked && !json => {
            let span = span.shifted(policy.base);
            let inside = span.start >= policy.location.span.start && span.end <= policy.location.span.end;
            if inside { Location::new(&policy.location.file, span) } else { policy.location.clone() }
        }
        _ => first_line(decider.location),
    };
    let level = config.level(rule, location.path())?;
    let named = format!("for policy `{id}`");
    let message = fault
        .message
        .strip_prefix(&named)
        .map_or(fault.message.as_str(), |rest| rest.trim_start_matches([',', ':', ' ']));
    let mut finding =
        Finding::new(rule.id, level, location, message).store(&store.name).policy(decider.name, &policy.location);
    finding.help = fault.help;
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
