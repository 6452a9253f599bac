//! `conflicting-rules`: permits and forbids that overlap.

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, LintRule};
use crate::lint::semantic::{also, environments, finding, names};
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule {
    meta: Rule {
        id: "conflicting-rules",
        summary: "a permit and a forbid overlap, and neither contains the other",
        level: Some(Level::Note),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/conflicting-rules.md"),
    },
    instead_of: &[],
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(analysis) = context.analysis() else { return };
    for conflict in &analysis.conflicts {
        let Some(permit) = analysis.members.get(conflict.permit) else { continue };
        let forbid = names(analysis, &[conflict.forbid]);
        let message = format!("some of what this permit matches is forbidden by {forbid}");
        let finding = finding(&RULE.meta, Level::Note, permit, message)
            .help("the forbid wins; if it should not, give one of the two a condition that leaves the other alone");
        let mut finding = also(finding, analysis, &[conflict.forbid], "wins where both match");
        finding.environments = environments(analysis, &conflict.environments);
        finding.evidence = conflict.evidence.clone();
        out.push(finding);
    }
}
