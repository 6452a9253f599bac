//! `denies-everything`: a request environment in which every permit is overridden.

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, LintRule};
use crate::lint::semantic::{also, environments, finding, names};
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule {
    meta: Rule {
        id: "denies-everything",
        summary: "nothing is ever allowed in a request environment that has permits",
        level: Some(Level::Error),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/denies-everything.md"),
    },
    instead_of: &[],
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(analysis) = context.analysis() else { return };
    for denied in analysis.denied.iter().filter(|denied| !denied.unconditional) {
        let Some((first, rest)) = denied.by.split_first() else { continue };
        let Some(member) = analysis.members.get(*first) else { continue };
        let level = if denied.deliberate { Level::Note } else { Level::Error };
        let how = match rest {
            [] => "this forbid matches every request that a permit does".to_owned(),
            others => format!("with {}, this forbid matches every request that a permit does", names(analysis, others)),
        };
        let message = format!("{how}, so nothing is ever allowed here");
        let finding = finding(&RULE.meta, level, member, message)
            .help("narrow the forbid, or remove the permits if nothing is to be allowed");
        let finding = also(finding, analysis, rest, "this forbid does the rest");
        let mut finding = also(finding, analysis, &denied.permits, "this permit takes no effect here");
        finding.environments = environments(analysis, &denied.environments);
        finding.evidence = denied.evidence.clone();
        out.push(finding);
    }
}
