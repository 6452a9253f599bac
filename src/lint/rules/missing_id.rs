//! `missing-id`: a policy that nothing names.

use crate::finding::Finding;
use crate::lint::context::Context;
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "missing-id",
        summary: "a policy has no `@id`",
        level: None,
        basis: Basis::Text,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/missing-id.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    for policy in context.policies().iter().filter(|policy| policy.id.is_none()) {
        let message = format!("this {} has no `@id`", policy.effect_word());
        let head = policy.head().span;
        out.push(
            Context::finding(&RULE.meta, policy, Some(head), "", message)
                .help("name it: logs and tables then call it by what it is for, not by its place in the file"),
        );
    }
}
