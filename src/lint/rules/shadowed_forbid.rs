//! `shadowed-forbid`: a forbid that other forbids make superfluous.

use cedar_policy::Effect;

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, LintRule};
use crate::lint::semantic::report_shadow;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule {
    meta: Rule {
        id: "shadowed-forbid",
        summary: "every request that a forbid matches is matched by other forbids",
        level: Some(Level::Warning),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/shadowed-forbid.md"),
    },
    instead_of: &[],
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(analysis) = context.analysis() else { return };
    let of_effect = |policy: usize| analysis.members.get(policy).is_some_and(|member| member.effect == Effect::Forbid);
    let shadows = analysis.shadows.iter().filter(|shadow| of_effect(shadow.policy));
    out.extend(shadows.filter_map(|shadow| report_shadow(analysis, shadow, &RULE.meta)));
}
