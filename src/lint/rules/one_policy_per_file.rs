//! `one-policy-per-file`: a file that holds several policies.

use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::lint::context::Context;
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "one-policy-per-file",
        summary: "a file holds more than one policy",
        level: None,
        basis: Basis::Text,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/one-policy-per-file.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let mut files: BTreeMap<&str, Vec<&Policy>> = BTreeMap::new();
    for policy in context.policies() {
        files.entry(policy.location.path()).or_default().push(policy);
    }
    for policies in files.values() {
        if let [first, second, ..] = policies.as_slice() {
            let head = second.head().span;
            let message = "this file holds more than one policy".to_owned();
            out.push(
                Context::finding(&RULE.meta, second, Some(head), "", message)
                    .related(first.head(), "the first one", Some(first.name.clone()))
                    .help("put each policy into a file of its own"),
            );
        }
    }
}
