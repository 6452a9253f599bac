//! `duplicate-id`: two policies of one store with one id.

use std::collections::HashMap;

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, finding_at, place};
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::rule::{Basis, Precision, Rule};
use crate::text::{Location, inline};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "duplicate-id",
        summary: "two policies, templates or links of one store have the same id",
        level: Some(Level::Error),
        basis: Basis::Text,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/duplicate-id.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let mut first: HashMap<&str, &Policy> = HashMap::new();
    for policy in context.policies() {
        let Some((id, _)) = &policy.id else { continue };
        match first.get(id.as_str()) {
            Some(other) => out.push(duplicate(policy, id, other)),
            None => {
                first.insert(id, policy);
            }
        }
    }
    for link in &context.store.links {
        if let Some(other) = first.get(link.short.as_str()) {
            let message = format!("a policy already has the id `{}` of this link", inline(&link.short));
            let finding = finding_at(&RULE.meta, link.location.clone(), message);
            out.push(and_first(finding.policy(link.name.clone(), &link.location), other).help(HELP));
        }
    }
}

const HELP: &str = "give every policy, template and link of a store an id of its own";
const FILES: &str = "give every policy, template and link of a store an id of its own; files that are never deployed together \
                     (versions of one another, say) are stores of their own in polcheck.toml";

fn duplicate(policy: &Policy, id: &str, other: &Policy) -> Finding {
    let message = format!("another policy of this store already has the id `{}`", inline(id));
    let help = if policy.location.path() == other.location.path() { HELP } else { FILES };
    let finding = finding_at(&RULE.meta, id_place(policy), message);
    and_first(finding.policy(policy.name.clone(), &policy.location), other).help(help)
}

fn and_first(finding: Finding, first: &Policy) -> Finding {
    finding.related(id_place(first), "the first one", Some(first.name.clone()))
}

fn id_place(policy: &Policy) -> Location {
    let (id, span) = policy.id.as_ref().map_or(("", None), |(id, span)| (id.as_str(), *span));
    place(policy, span, id)
}
