//! `unconditional-permit`: a permit for anything.

use cedar_policy::Effect;

use crate::finding::Level;
use crate::lint::facts::{
    Facts, Proved, finding_about, grant_example, is_for_everything, judge_breadth, permits_everything,
};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
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
    check,
)
.inferable();

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    // Where everything is permitted, that is what there is to say.
    let any_whole = permits_everything(facts);
    for permit in facts.deciding(Effect::Permit) {
        let Some(member) = facts.members.get(permit) else { continue };
        let environments: Vec<usize> = facts.always(permit).collect();
        let whole = is_for_everything(facts, permit);
        // What reaches everything of a type is `over-broad`.
        if environments.is_empty() || (any_whole && !whole) || (!whole && judge_breadth(facts, permit).is_some()) {
            continue;
        }
        let mut finding = if whole {
            let message = "this permit matches every request: any principal may take any action on any resource";
            finding_about(&RULE.meta, member, message)
                .help("say who may do what: name actions in the scope, or add a condition that looks at principal and resource")
        } else {
            finding_about(&RULE.meta, member, "this permit matches every request here")
                .help("add a condition unless it is meant for everybody")
        };
        if !whole {
            finding.level = Level::Note;
        }
        finding.environments = facts.environments_at(&environments);
        out.add_shown(finding, environments.first().filter(|_| whole), permit, grant_example(permit));
    }
}
