//! `duplicate-id`: two policies of one store with one id.

use std::collections::HashMap;

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, LintRule, place};
use crate::repo::Policy;
use crate::rule::{Basis, Precision, Rule};
use crate::text::{Location, inline};

pub(in crate::lint) static RULE: LintRule = LintRule {
    meta: Rule {
        id: "duplicate-id",
        summary: "two policies, templates or links of one store have the same id",
        level: Some(Level::Error),
        basis: Basis::Text,
        precision: Precision::Exact,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/duplicate-id.md"),
    },
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let mut first: HashMap<&str, (Location, &str)> = HashMap::new();
    for policy in context.policies() {
        let Some((id, span)) = &policy.id else { continue };
        let at = place(policy, *span, id);
        match first.get(id.as_str()) {
            Some(other) => out.push(duplicate(policy, id, at, other)),
            None => {
                first.insert(id, (at, &policy.name));
            }
        }
    }
    for link in &context.store.links {
        if let Some((place, name)) = first.get(link.short.as_str()) {
            let message = format!("a policy already has the id `{}` of this link", inline(&link.short));
            let finding = Finding::new(RULE.meta.id, Level::Error, link.location.clone(), message);
            out.push(finding.policy(link.name.clone(), link.location.text()).help(HELP).related(
                place.clone(),
                "the first one",
                Some((*name).to_owned()),
            ));
        }
    }
}

const HELP: &str = "give every policy, template and link of a store an id of its own";

fn duplicate(policy: &Policy, id: &str, at: Location, (place, name): &(Location, &str)) -> Finding {
    let message = format!("another policy of this store already has the id `{}`", inline(id));
    Finding::new(RULE.meta.id, Level::Error, at, message)
        .policy(policy.name.clone(), policy.location.text())
        .help(HELP)
        .related(place.clone(), "the first one", Some((*name).to_owned()))
}
