//! `shadowed-permit`: a permit that other permits make superfluous.

use cedar_policy::Effect;

use super::shadow_report::{Words, report_shadow};
use crate::finding::Level;
use crate::lint::facts::{Facts, Proved, any, any_other, find_shadows, matches};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
        id: "shadowed-permit",
        summary: "every request that a permit matches is matched by other permits",
        level: Some(Level::Warning),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/shadowed-permit.md"),
    },
    check,
)
.of_all_requests()
.of_what_is_idle()
.inferable();

const WORDS: Words = Words {
    what: "permit",
    done: "permitted",
    help: "removing it changes no decision; if it was meant to be the only way in, narrow what covers it",
};

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for shadow in find_shadows(facts, Effect::Permit) {
        let Some(finding) = report_shadow(&RULE.meta, &WORDS, facts, &shadow) else { continue };
        let both = matches(shadow.policy).and(any(&shadow.by));
        let allowed = both.clone().and(!any_other(Effect::Forbid, shadow.policy));
        let environment = shadow.environments.first().filter(|_| shadow.total);
        out.add_shown(finding, environment, shadow.policy, vec![allowed, both]);
    }
}
