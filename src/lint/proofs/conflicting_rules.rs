//! `conflicting-rules`: permits and forbids that overlap, neither inside the other.

use crate::finding::Level;
use crate::lint::facts::{Facts, Proved, conflicts, finding_about, matches};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
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
    check,
)
.inferable()
.on_demand();

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for conflict in conflicts(facts).iter() {
        let Some(member) = facts.members.get(conflict.permit) else { continue };
        let message = format!("some of what this permit matches is forbidden by {}", facts.names(&conflict.forbids));
        let finding = finding_about(&RULE.meta, member, message)
            .help("the forbid wins; if it should not, give one of the two a condition that leaves the other alone");
        let mut finding = facts.relate(finding, &conflict.forbids, "wins where both match");
        finding.environments = facts.environments_at(&conflict.environments);
        let both = conflict.forbids.first().map(|forbid| matches(conflict.permit).and(matches(*forbid)));
        out.add_shown(finding, Some(&conflict.shown_in), conflict.permit, both.into_iter().collect());
    }
}
