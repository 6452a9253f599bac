//! `unused-template`: a template with no link.

use std::collections::BTreeSet;

use crate::finding::{Finding, Level};
use crate::lint::context::Context;
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "unused-template",
        summary: "nothing here links to a template",
        level: Some(Level::Note),
        basis: Basis::Text,
        precision: Precision::High,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/unused-template.md"),
    },
    check,
)
.of_what_is_idle();

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let linked: BTreeSet<usize> = context.store.links.iter().map(|link| link.template).collect();
    let templates = context.policies().iter().enumerate().filter(|(_, policy)| policy.body.is_template());
    for (_, template) in templates.filter(|(at, _)| !linked.contains(at)) {
        let head = template.head().span;
        let message = "nothing here links to this template, so that it decides nothing".to_owned();
        out.push(
            Context::finding(&RULE.meta, template, Some(head), "", message)
                .help("remove it if nothing else does; links that are made at run time are not seen here"),
        );
    }
}
