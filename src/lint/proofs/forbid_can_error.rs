//! `forbid-can-error`: a forbid that fails open.

use super::guarded::guarded;
use crate::finding::{Finding, Level};
use crate::lint::facts::{Bypass, ErrorCause, Facts, Member, Proved, find_bypasses, finding_about};
use crate::lint::fixes::read_at;
use crate::lint::rule::LintRule;
use crate::rule::{Basis, Precision, Rule};
use crate::text::{Location, Span, inline};

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
.instead_of(&[
    "unsafe-optional-attribute",
    "unsafe-tag-access",
    "unsafe-attribute-access",
    "unexpected-type",
    "invalid-extension-argument",
    "no-tags-allowed",
]);

fn check(facts: &mut Facts<'_>, out: &mut Proved) {
    for bypass in find_bypasses(facts) {
        report_bypass(facts, bypass, out);
    }
}

/// What asking first changes.
const CHANGES: &str = "where it is missing, the forbid no longer errors; it still forbids nothing there, and what other \
                       policies permit is allowed as before";
const OVERFLOWS: &str = "arithmetic in this forbid can overflow, and Cedar skips a forbid that errors";
const BOUND: &str = "bound the values that it computes with, if numbers so large can reach it";

/// What errors, where that lets a request through.
fn report_bypass(facts: &Facts<'_>, bypass: Bypass, out: &mut Proved) {
    // Links to one template err alike, and it is the template that says what errs.
    let Some(member) = facts.members.get(bypass.forbid).map(Member::written) else { return };
    let at = |finding: Finding, span: Option<Span>| match span {
        Some(span) => Finding { location: Location::new(&member.location.file, span), ..finding },
        None => finding,
    };
    let mut finding = match &bypass.cause {
        ErrorCause::Missing { number, span, attribute, declared } => {
            let (what, ask) = match attribute {
                Some(name) => (format!("`{}`", inline(name)), "has"),
                None => ("the tag".to_owned(), "hasTag"),
            };
            let (message, help) = if *declared {
                (
                    format!("where {what} is missing, this forbid errors, Cedar skips it, and the request is allowed"),
                    format!("ask with `{ask}` first, and decide what is to happen where it is missing"),
                )
            } else {
                (
                    format!(
                        "nothing declares {what}, so this forbid errors, Cedar skips it, and the request is allowed"
                    ),
                    "declare it in the schema, or read an attribute that is there".to_owned(),
                )
            };
            let fix = if *declared { guarded(facts, bypass.forbid, *number, CHANGES) } else { None };
            let span = span.or_else(|| read_at(member.policy, *number));
            at(finding_about(&RULE.meta, &member, message).help(help).mend(fix), span)
        }
        ErrorCause::Overflow => {
            let mut finding = finding_about(&RULE.meta, &member, OVERFLOWS).help(BOUND);
            finding.level = Level::Note;
            finding
        }
        ErrorCause::Other { span, why } => {
            let message =
                format!("this forbid errors ({}), Cedar skips it, and the request is allowed", inline(why.trim()));
            at(finding_about(&RULE.meta, &member, message).help("correct it, so that the forbid is evaluated"), *span)
        }
    };
    finding.environments = facts.environments_at(&bypass.environments);
    finding.evidence = Some(bypass.evidence);
    out.add(finding);
}
