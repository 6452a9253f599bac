//! `mixed-and-or`: `&&` and `||` side by side.

use crate::finding::{Finding, Level};
use crate::lint::context::Context;
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::repo::syntax::{Expr, ExprKind};
use crate::rule::{Basis, Precision, Rule};
use crate::text::Span;

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "mixed-and-or",
        summary: "`&&` and `||` stand side by side without parentheses",
        level: Some(Level::Note),
        basis: Basis::Text,
        precision: Precision::Exact,
        opens: false,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/mixed-and-or.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    for policy in context.policies() {
        let Some(condition) = &policy.syntax().condition else { continue };
        let mut bare = None;
        condition.walk(&mut |expr: &Expr| {
            let ExprKind::Or(sides) = &expr.kind else { return };
            let ands = sides.iter().filter(|side| matches!(side.kind, ExprKind::And(_)));
            bare = bare.or_else(|| ands.filter_map(|side| side.span).find(|span| !is_enclosed(policy, *span)));
        });
        if let Some(span) = bare {
            let message = "`&&` stands beside `||` without parentheses; it binds first".to_owned();
            out.push(
                Context::finding(&RULE.meta, policy, Some(span), "", message)
                    .help("put parentheses around it, so that nobody has to know which of the two binds first"),
            );
        }
    }
}

/// Whether what stands at `span` has parentheses around it.
fn is_enclosed(policy: &Policy, span: Span) -> bool {
    let file = &policy.location.file;
    let before = file.slice(Span::new(policy.location.span.start, span.start)).trim_end();
    let after = file.slice(Span::new(span.end, policy.location.span.end)).trim_start();
    (before.ends_with('(') && after.starts_with(')')) || is_one_pair(file.slice(span).trim())
}

/// Whether the first parenthesis of `text` closes at its end.
fn is_one_pair(text: &str) -> bool {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at > 0 && at + 1 == text.len();
        }
    }
    false
}
