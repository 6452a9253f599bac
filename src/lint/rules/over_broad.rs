//! `over-broad`: a permit with an open scope that nothing binds.

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, LintRule};
use crate::lint::semantic::{environments, finding};
use crate::rule::{Basis, Precision, Rule};
use crate::text::inline;

/// So many types are named.
const NAMED: usize = 3;

pub(in crate::lint) static RULE: LintRule = LintRule {
    meta: Rule {
        id: "over-broad",
        summary: "a permit lets anybody do everything to a type of resource",
        level: Some(Level::Warning),
        basis: Basis::Symbolic,
        precision: Precision::High,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/over-broad.md"),
    },
    instead_of: &[],
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(analysis) = context.analysis() else { return };
    for (broad, evidence) in &analysis.broad {
        let Some(member) = analysis.members.get(broad.policy) else { continue };
        let mut resources: Vec<_> = broad.resources.iter().map(|of| format!("`{}`", inline(of))).collect();
        let more = resources.split_off(resources.len().min(NAMED));
        if !more.is_empty() {
            resources.push(format!("{} more types", more.len()));
        }
        let resources = resources.join(", ");
        let message = if broad.conditional {
            format!(
                "any principal may take every action on any {resources} when the condition holds, and it looks at neither \
                 principal nor resource"
            )
        } else {
            format!("any principal may take every action on any {resources}")
        };
        let finding = finding(&RULE.meta, Level::Warning, member, message).help(
            "name the actions in the scope, or add a condition that says which principal may do it to which resource",
        );
        out.push(Finding {
            environments: environments(analysis, &broad.environments),
            evidence: evidence.clone(),
            ..finding
        });
    }
}
