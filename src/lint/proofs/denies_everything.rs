//! `denies-everything`: a request environment in which every permit is overridden.

use crate::finding::Level;
use crate::lint::facts::{Facts, Proved, denied, finding_about};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
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
    check,
);

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for denied in denied(facts).iter().filter(|denied| !denied.unconditional) {
        let Some((first, rest)) = denied.by.split_first() else { continue };
        let Some(member) = facts.members.get(*first) else { continue };
        let how = match rest {
            [] => "this forbid matches every request that a permit does".to_owned(),
            others => format!("with {}, this forbid matches every request that a permit does", facts.names(others)),
        };
        let mut finding = finding_about(&RULE.meta, member, format!("{how}, so nothing is ever allowed here"))
            .help("narrow the forbid, or remove the permits if nothing is to be allowed");
        if denied.deliberate {
            finding.level = Level::Note;
        }
        let finding = facts.relate(finding, rest, "this forbid does the rest");
        let mut finding = facts.relate(finding, &denied.permits, "this permit takes no effect here");
        finding.environments = facts.environments_at(&denied.environments);
        out.add_shown(finding, denied.environments.first(), *first, denied.example());
    }
}
