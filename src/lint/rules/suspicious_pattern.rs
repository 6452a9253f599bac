//! `suspicious-pattern`: patterns and comparisons that do not mean what they look like.

use crate::finding::{Finding, Level};
use crate::lint::conditions::equals_string;
use crate::lint::context::Context;
use crate::lint::fixes::write_equals;
use crate::lint::rule::LintRule;
use crate::repo::syntax::{Expr, ExprKind, PatternPart};
use crate::rule::{Basis, Precision, Rule};
use crate::text::inline;

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "suspicious-pattern",
        summary: "a pattern of `like` or a compared string does not mean what it looks like",
        level: Some(Level::Note),
        basis: Basis::Text,
        precision: Precision::High,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/suspicious-pattern.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    for policy in context.policies() {
        let Some(condition) = &policy.syntax().condition else { continue };
        condition.walk(&mut |expr: &Expr| {
            let said = match &expr.kind {
                ExprKind::Like(_, parts) => judge_pattern(parts),
                _ => equals_string(expr).and_then(|(_, text)| judge_string(text)),
            };
            if let Some((message, help)) = said {
                let fix = match &expr.kind {
                    ExprKind::Like(_, parts) if !parts.contains(&PatternPart::Star) => write_equals(policy, expr),
                    _ => None,
                };
                out.push(Context::finding(&RULE.meta, policy, expr.span, "like", message).help(help).mend(fix));
            }
        });
    }
}

/// What is odd about a pattern, and what to do.
fn judge_pattern(parts: &[PatternPart]) -> Option<(String, &'static str)> {
    let stars = parts.iter().filter(|part| **part == PatternPart::Star).count();
    let plain: String = parts
        .iter()
        .map(|part| match part {
            PatternPart::Text(text) => text.as_str(),
            PatternPart::Star => "*",
        })
        .collect();
    if let Some(sign) = regular_expression(&plain) {
        let message = format!("`{sign}` is a regular expression's, and in `like` it stands for itself");
        return Some((message, "`like` knows `*` only; write the pattern with it, or compare the parts one by one"));
    }
    if stars > 0 {
        return None;
    }
    if plain.contains('*') {
        let message = "every `*` of this pattern is escaped, so that it takes the one text with stars in it";
        return Some((message.to_owned(), "write `*` without the backslash if any text is to stand there"));
    }
    let message = format!("this pattern has no `*`, so that it takes `{}` and nothing else", inline(&plain));
    Some((message, "write `==`, or put a `*` where any text may stand"))
}

/// What of `pattern` is the syntax of regular expressions and hardly meant as it stands.
fn regular_expression(pattern: &str) -> Option<&'static str> {
    let class = ["[0-9", "[a-z", "[A-Z", "[^"].into_iter().any(|class| pattern.contains(class));
    let digits = ["\\d", "\\w", "\\s"].into_iter().any(|class| pattern.contains(class));
    let group = pattern.contains('(') && pattern.contains('|') && pattern.contains(')');
    let signs = [
        ("^", pattern.starts_with('^') && pattern.len() > 1),
        (".*", pattern.starts_with(".*") && pattern.len() > ".*".len()),
        ("[...]", class && pattern.contains(']')),
        ("\\d", digits),
        ("(...|...)", group),
    ];
    signs.into_iter().find(|(_, there)| *there).map(|(sign, _)| sign)
}

fn judge_string(text: &str) -> Option<(String, &'static str)> {
    // A star alone is what programs write for "all of them".
    let starred = text.len() > 1 && (text.starts_with('*') || text.ends_with('*'));
    starred.then(|| {
        let message = format!("`==` takes `{}` as it stands, with the star in it", inline(text));
        (message, "write `like` if the star is to stand for any text")
    })
}
