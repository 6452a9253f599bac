//! `shadowed-forbid`: a forbid that other forbids make superfluous.

use cedar_policy::Effect;

use super::shadow_report::{Words, report_shadow};
use crate::finding::Level;
use crate::lint::facts::{Facts, Proved, any, find_shadows, matches};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
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
    check,
)
.of_all_requests()
.of_what_is_idle()
.inferable();

const WORDS: Words = Words {
    what: "forbid",
    done: "forbidden",
    help: "removing it changes no decision; if it says what is meant, keep it and remove what covers it",
};

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for shadow in find_shadows(facts, Effect::Forbid) {
        let Some(finding) = report_shadow(&RULE.meta, &WORDS, facts, &shadow) else { continue };
        let both = matches(shadow.policy).and(any(&shadow.by));
        out.add_shown(finding, shadow.environments.first().filter(|_| shadow.total), shadow.policy, vec![both]);
    }
}
