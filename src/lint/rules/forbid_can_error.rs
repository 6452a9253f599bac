//! `forbid-can-error`: a forbid that fails open.

use crate::finding::{Finding, Level};
use crate::lint::context::{Context, LintRule};
use crate::lint::semantic::{environments, finding};
use crate::rule::{Basis, Precision, Rule};
use crate::text::{Location, inline};

pub(in crate::lint) static RULE: LintRule = LintRule {
    meta: Rule {
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
    instead_of: &["unsafe-optional-attribute", "unsafe-tag-access"],
    check,
};

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    let Some(analysis) = context.analysis() else { return };
    for erring in &analysis.erring {
        let Some(member) = analysis.members.get(erring.policy) else { continue };
        let mut finding = match &erring.read {
            Some(read) => {
                let (what, ask) = match &read.attribute {
                    Some(name) => (format!("`{}`", inline(name)), "has"),
                    None => ("the tag".to_owned(), "hasTag"),
                };
                let message =
                    format!("where {what} is missing, this forbid errors, Cedar skips it, and the request is allowed");
                let help = format!("ask with `{ask}` first, and decide what is to happen where it is missing");
                finding(&RULE.meta, Level::Error, member, message).help(help)
            }
            None => {
                let message = "arithmetic in this forbid can overflow, and Cedar skips a forbid that errors";
                finding(&RULE.meta, Level::Note, member, message.to_owned())
                    .help("bound the values that it computes with, if numbers so large can reach it")
            }
        };
        if let Some(span) = erring.read.as_ref().and_then(|read| read.span) {
            finding.location = Location::new(&member.location.file, span);
        }
        finding.environments = environments(analysis, &erring.environments);
        finding.evidence = erring.evidence.clone();
        out.push(finding);
    }
}
