//! `over-broad`: a permit with an open scope that nothing binds.

use cedar_policy::Effect;

use crate::finding::Level;
use crate::lint::facts::{Facts, Proved, finding_about, grant_example, judge_breadth, permits_everything};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};
use crate::text::inline;

/// So many types are named.
const NAMED: usize = 3;

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
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
    check,
);

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    // Where everything is permitted, `unconditional-permit` says so.
    if permits_everything(facts) {
        return;
    }
    for permit in facts.deciding(Effect::Permit) {
        let Some(member) = facts.members.get(permit) else { continue };
        let Some(broad) = judge_breadth(facts, permit) else { continue };
        let resources = list_types(&broad.resources);
        let message = if broad.conditional {
            format!(
                "any principal may take every action on any {resources} when the condition holds, and it looks at neither \
                 principal nor resource"
            )
        } else {
            format!("any principal may take every action on any {resources}")
        };
        let mut finding = finding_about(&RULE.meta, member, message).help(
            "name the actions in the scope, or add a condition that says which principal may do it to which resource",
        );
        finding.environments = facts.environments_at(&broad.environments);
        out.add_shown(finding, broad.environments.first(), permit, grant_example(permit));
    }
}

fn list_types(types: &[String]) -> String {
    let mut all: Vec<_> = types.iter().map(|of| format!("`{}`", inline(of))).collect();
    let more = all.split_off(all.len().min(NAMED));
    if !more.is_empty() {
        all.push(format!("{} more types", more.len()));
    }
    all.join(", ")
}
