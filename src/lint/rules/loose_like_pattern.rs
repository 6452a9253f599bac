//! `loose-like-pattern`: a star that takes more than one part of a path or an address.

use crate::finding::{Finding, Level};
use crate::lint::context::Context;
use crate::lint::rule::LintRule;
use crate::repo::syntax::{Expr, ExprKind, PatternPart};
use crate::rule::{Basis, Precision, Rule};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "loose-like-pattern",
        summary: "a `*` takes more than the part of a path, host or address that it stands for",
        level: Some(Level::Note),
        basis: Basis::Text,
        precision: Precision::Medium,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/loose-like-pattern.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    for policy in context.policies() {
        let Some(condition) = &policy.syntax().condition else { continue };
        condition.walk(&mut |expr: &Expr| {
            let ExprKind::Like(_, parts) = &expr.kind else { return };
            if let Some((message, help)) = judge(parts) {
                out.push(Context::finding(&RULE.meta, policy, expr.span, "like", message.to_owned()).help(help));
            }
        });
    }
}

/// What a pattern takes that it hardly means to, and what to do.
fn judge(parts: &[PatternPart]) -> Option<(&'static str, &'static str)> {
    const PARTS: &str =
        "keep the parts in attributes of their own and compare these, or put what belongs together in a group";
    match parts {
        [PatternPart::Star, PatternPart::Text(rest)] if is_host(rest) => {
            return Some((
                "this takes every host whose name ends so, `evil` and it in one word too",
                "put the dot behind the star: `*.`",
            ));
        }
        [PatternPart::Text(start), PatternPart::Star] if is_address(start) => {
            return Some((
                "this compares an address as text, which takes what is no address too",
                "make it an `ipaddr` and write `isInRange`",
            ));
        }
        _ => {}
    }
    let mut around = parts.windows(3).filter_map(|window| match window {
        [PatternPart::Text(before), PatternPart::Star, PatternPart::Text(after)] => Some((before, after)),
        _ => None,
    });
    let crosses = |separator: char| {
        move |(before, after): (&String, &String)| before.contains(separator) && after.contains(separator)
    };
    if around.clone().any(crosses('/')) {
        return Some(("`*` takes any text here, with `/` in it too, so that this takes deeper paths", PARTS));
    }
    let named = matches!(parts.first(), Some(PatternPart::Text(start)) if start.starts_with("arn:"));
    if named && around.any(crosses(':')) {
        return Some(("`*` takes any text here, with `:` in it too, so that it can stand for several parts", PARTS));
    }
    None
}

/// Whether `text` is a name with a dot in it that begins in the middle of a label: `example.com`.
fn is_host(text: &str) -> bool {
    let labels: Vec<&str> = text.split('.').collect();
    let label =
        |label: &&str| !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let ends = labels.last().is_some_and(|last| TOP.contains(last));
    labels.len() > 1 && ends && labels.iter().all(label)
}

/// What names of hosts end with, of those that are hardly the ending of a file.
const TOP: [&str; 12] = ["com", "org", "net", "io", "dev", "app", "eu", "de", "uk", "cloud", "internal", "local"];

/// Whether `text` is the beginning of an address of version 4.
fn is_address(text: &str) -> bool {
    let dots = text.bytes().filter(|byte| *byte == b'.').count();
    (2..=3).contains(&dots) && text.ends_with('.') && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}
