//! `forbid-can-error`: a forbid that fails open.

use cedar_policy::Effect;

use crate::finding::Level;
use crate::lint::facts::{Bypass, ErrorCause, Facts, Known, Proved, any_other, errors, find_bypasses, finding_about};
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};
use crate::text::{Location, inline};

pub(in crate::lint) static RULE: LintRule = LintRule::proof(
    Rule {
        id: "forbid-can-error",
        summary: "a forbid errors on some requests, and Cedar then skips it",
        level: Some(Level::Error),
        basis: Basis::Symbolic,
        precision: Precision::Exact,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/forbid-can-error.md"),
    },
    check,
)
.instead_of(&["unsafe-optional-attribute", "unsafe-tag-access"]);

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for bypass in find_bypasses(facts) {
        report_bypass(facts, bypass, out);
    }
    for forbid in facts.deciding(Effect::Forbid).into_iter().filter(|forbid| !facts.ill_typed.contains(forbid)) {
        report_arithmetic(facts, forbid, out);
    }
}

const OVERFLOWS: &str = "arithmetic in this forbid can overflow, and Cedar skips a forbid that errors";
const BOUND: &str = "bound the values that it computes with, if numbers so large can reach it";

/// What typechecks and errors all the same: numbers that overflow.
fn report_arithmetic(facts: &Facts<'_>, forbid: usize, out: &mut Proved) {
    let environments = facts.places(forbid, |fact| fact.errors == Known::Yes);
    let (Some(first), Some(member)) = (environments.first(), facts.members.get(forbid)) else { return };
    let mut finding = finding_about(&RULE.meta, member, OVERFLOWS).help(BOUND);
    finding.level = Level::Note;
    finding.environments = facts.environments_at(&environments);
    let allowed = errors(forbid).and(any_other(Effect::Permit, forbid)).and(!any_other(Effect::Forbid, forbid));
    out.add_shown(finding, Some(first), forbid, vec![allowed, errors(forbid)]);
}

/// What does not typecheck, where that lets a request through.
fn report_bypass(facts: &Facts<'_>, bypass: Bypass, out: &mut Proved) {
    let Some(member) = facts.members.get(bypass.forbid) else { return };
    let mut finding = match &bypass.cause {
        ErrorCause::Missing { span, attribute } => {
            let (what, ask) = match attribute {
                Some(name) => (format!("`{}`", inline(name)), "has"),
                None => ("the tag".to_owned(), "hasTag"),
            };
            let message =
                format!("where {what} is missing, this forbid errors, Cedar skips it, and the request is allowed");
            let help = format!("ask with `{ask}` first, and decide what is to happen where it is missing");
            let mut finding = finding_about(&RULE.meta, member, message).help(help);
            if let Some(span) = span {
                finding.location = Location::new(&member.location.file, *span);
            }
            finding
        }
        ErrorCause::Overflow => {
            let mut finding = finding_about(&RULE.meta, member, OVERFLOWS).help(BOUND);
            finding.level = Level::Note;
            finding
        }
        ErrorCause::Other(why) => {
            let message =
                format!("this forbid errors ({}), Cedar skips it, and the request is allowed", inline(why.trim()));
            finding_about(&RULE.meta, member, message).help("correct what the validator says of this forbid")
        }
    };
    finding.environments = facts.environments_at(&bypass.environments);
    finding.evidence = Some(bypass.evidence);
    out.add(finding);
}
