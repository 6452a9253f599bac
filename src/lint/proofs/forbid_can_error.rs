//! `forbid-can-error`: a forbid that fails open.

use cedar_policy::Effect;

use crate::finding::Level;
use crate::lint::facts::{Facts, Known, MemberKind, Proved, any_other, errors, find_bypasses, finding_about};
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
    for forbid in facts.deciding(Effect::Forbid) {
        report_arithmetic(facts, forbid, out);
        report_reads(facts, forbid, out);
    }
}

/// What typechecks and errors all the same: numbers that overflow.
fn report_arithmetic(facts: &Facts<'_>, forbid: usize, out: &mut Proved) {
    let environments = facts.places(forbid, |fact| fact.errors == Known::Yes);
    let (Some(first), Some(member)) = (environments.first(), facts.members.get(forbid)) else { return };
    let message = "arithmetic in this forbid can overflow, and Cedar skips a forbid that errors";
    let mut finding = finding_about(&RULE.meta, member, message)
        .help("bound the values that it computes with, if numbers so large can reach it");
    finding.level = Level::Note;
    finding.environments = facts.environments_at(&environments);
    let allowed = errors(forbid).and(any_other(Effect::Permit, forbid)).and(!any_other(Effect::Forbid, forbid));
    out.add_shown(finding, Some(first), forbid, vec![allowed, errors(forbid)]);
}

/// What does not typecheck because it reads what may be missing, where that lets a request through.
fn report_reads(facts: &Facts<'_>, forbid: usize, out: &mut Proved) {
    let Some(set_aside) = facts.set_aside.get(&forbid).filter(|_| facts.store.broken.is_empty()) else { return };
    let Some(member) = facts.members.get(forbid).filter(|member| member.kind == MemberKind::Static) else { return };
    let request = |at: &usize| facts.requests().get(*at).map(|request| (*at, request));
    let environments: Vec<_> = set_aside.iter().filter_map(|(at, _)| request(at)).collect();
    for bypass in find_bypasses(facts.store, facts.model(), member, &environments) {
        let (what, ask) = match &bypass.read.attribute {
            Some(name) => (format!("`{}`", inline(name)), "has"),
            None => ("the tag".to_owned(), "hasTag"),
        };
        let message =
            format!("where {what} is missing, this forbid errors, Cedar skips it, and the request is allowed");
        let help = format!("ask with `{ask}` first, and decide what is to happen where it is missing");
        let mut finding = finding_about(&RULE.meta, member, message).help(help);
        if let Some(span) = bypass.read.span {
            finding.location = Location::new(&member.location.file, span);
        }
        finding.environments = facts.environments_at(&[bypass.environment]);
        finding.evidence = Some(bypass.evidence);
        out.add(finding);
        out.explained.insert(forbid);
    }
}
