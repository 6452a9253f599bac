//! `unconditional-forbid`: "default deny" written as a rule.

use crate::finding::Level;
use crate::lint::facts::{Facts, Proved, denied, finding_about};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
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
    check,
)
.inferable();

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for denied in denied(facts).iter().filter(|denied| denied.unconditional) {
        let Some(forbid) = denied.by.first() else { continue };
        let Some(member) = facts.members.get(*forbid) else { continue };
        let whole = denied.environments.len() == facts.environments.len();
        let place = if whole { "anywhere" } else { "here" };
        let message = format!("this forbid matches every request, so nothing is ever allowed {place}");
        let mut finding = finding_about(&RULE.meta, member, message).help(
            "give it a condition, or remove it: Cedar denies by itself what no policy permits, and a forbid overrides \
             every permit",
        );
        if denied.deliberate {
            finding.level = Level::Note;
        }
        let mut finding = facts.relate(finding, &denied.permits, "this permit takes no effect here");
        finding.environments = facts.environments_at(&denied.environments);
        out.add_shown(finding, denied.environments.first(), *forbid, denied.example());
    }
}
