//! `overridden-permit`: a permit that forbids leave nothing of.

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, LintRule};
use crate::lint::semantic::{also, environments, finding, names};
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule {
    meta: Rule {
        id: "overridden-permit",
        summary: "every request that a permit matches is forbidden",
        level: Some(Level::Warning),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/overridden-permit.md"),
    },
    instead_of: &[],
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(analysis) = context.analysis() else { return };
    for overridden in &analysis.overridden {
        let Some(member) = analysis.members.get(overridden.policy) else { continue };
        let forbids = names(analysis, &overridden.by);
        let message = format!("every request that this permit matches is forbidden, by {forbids}");
        let finding = finding(&RULE.meta, Level::Warning, member, message)
            .help("the permit never takes effect: narrow the forbid, or remove the permit");
        let mut finding = also(finding, analysis, &overridden.by, "forbidden by this one");
        finding.environments = environments(analysis, &overridden.environments);
        finding.evidence = overridden.evidence.clone();
        out.push(finding);
    }
}
