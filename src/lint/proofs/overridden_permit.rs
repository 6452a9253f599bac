//! `overridden-permit`: a permit that forbids leave nothing of.

use crate::finding::Level;
use crate::lint::facts::{Facts, Proved, finding_about, matches, overridden};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
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
    check,
)
.of_all_requests()
.of_what_is_idle()
.inferable();

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for overridden in overridden(facts).iter() {
        let Some(member) = facts.members.get(overridden.policy) else { continue };
        let forbids = facts.names(&overridden.by);
        let message = format!("every request that this permit matches is forbidden, by {forbids}");
        let finding = finding_about(&RULE.meta, member, message)
            .help("the permit never takes effect: narrow the forbid, or remove the permit");
        let mut finding = facts.relate(finding, &overridden.by, "forbidden by this one");
        finding.environments = facts.environments_at(&overridden.environments);
        out.add_shown(finding, overridden.environments.first(), overridden.policy, vec![matches(overridden.policy)]);
    }
}
