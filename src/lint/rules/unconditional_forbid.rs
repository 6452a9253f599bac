//! `unconditional-forbid`: "default deny" written as a rule.

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, LintRule};
use crate::lint::semantic::{also, environments, finding};
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule {
    meta: Rule {
        id: "unconditional-forbid",
        summary: "a forbid matches every request where permits exist",
        level: Some(Level::Error),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/unconditional-forbid.md"),
    },
    instead_of: &[],
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(analysis) = context.analysis() else { return };
    for denied in analysis.denied.iter().filter(|denied| denied.unconditional) {
        let member = denied.by.first().and_then(|forbid| analysis.members.get(*forbid));
        let Some(member) = member else { continue };
        let level = if denied.deliberate { Level::Note } else { Level::Error };
        let whole = denied.environments.len() == analysis.environments.len();
        let place = if whole { "anywhere" } else { "here" };
        let message = format!("this forbid matches every request, so nothing is ever allowed {place}");
        let finding = finding(&RULE.meta, level, member, message).help(
            "give it a condition, or remove it: Cedar denies by itself what no policy permits, and a forbid overrides \
             every permit",
        );
        let mut finding = also(finding, analysis, &denied.permits, "this permit takes no effect here");
        finding.environments = environments(analysis, &denied.environments);
        finding.evidence = denied.evidence.clone();
        out.push(finding);
    }
}
