//! `duplicate-annotation`: a name that should be unique and is not.

use std::collections::HashMap;

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, place};
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::rule::{Basis, Precision, Rule};
use crate::text::{Span, inline};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "duplicate-annotation",
        summary: "two policies of one store have the same name in an annotation that should be unique",
        level: Some(Level::Warning),
        basis: Basis::Text,
        precision: Precision::High,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/duplicate-annotation.md"),
    },
    check,
);

/// Annotations that name a policy; `@id` has a rule of its own.
const NAMES: [&str; 10] =
    ["name", "policyid", "policy_id", "policyname", "policy_name", "ruleid", "rule_id", "sid", "uid", "uuid"];

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let mut first: HashMap<(&str, &str), (&Policy, Option<Span>)> = HashMap::new();
    for policy in context.policies() {
        for (key, value, span) in &policy.syntax().annotations {
            if value.is_empty() || !NAMES.iter().any(|name| key.eq_ignore_ascii_case(name)) {
                continue;
            }
            let Some((other, at)) = first.get(&(key.as_str(), value.as_str())) else {
                first.insert((key, value), (policy, *span));
                continue;
            };
            let message = format!("another policy of this store already has `@{}(\"{}\")`", inline(key), inline(value));
            out.push(
                Context::finding(&RULE.meta, policy, *span, value, message)
                    .related(place(other, *at, value), "the first one", Some(other.name.clone()))
                    .help("give every policy a name of its own; what is looked up by it finds only one of them"),
            );
        }
    }
}
