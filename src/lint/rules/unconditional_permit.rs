//! `unconditional-permit`: a permit for anything.

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, LintRule};
use crate::lint::semantic::{environments, finding};
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule {
    meta: Rule {
        id: "unconditional-permit",
        summary: "a permit matches every request",
        level: Some(Level::Error),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/unconditional-permit.md"),
    },
    instead_of: &[],
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(analysis) = context.analysis() else { return };
    for grant in &analysis.grants {
        let Some(member) = analysis.members.get(grant.policy) else { continue };
        let finding = if grant.whole {
            let message = "this permit matches every request: any principal may take any action on any resource";
            finding(&RULE.meta, Level::Error, member, message.to_owned())
                .help("say who may do what: name actions in the scope, or add a condition that looks at principal and resource")
        } else {
            finding(&RULE.meta, Level::Note, member, "this permit matches every request here".to_owned())
                .help("add a condition unless it is meant for everybody")
        };
        out.push(Finding {
            environments: environments(analysis, &grant.environments),
            evidence: grant.evidence.clone(),
            ..finding
        });
    }
}
