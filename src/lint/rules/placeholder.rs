//! `placeholder`: an id or a string that was meant to be filled in.

use super::placeholder_text::{Kind, placeholder};
use crate::finding::{Finding, Level};
use crate::lint::context::Context;
use crate::lint::literals::entities;
use crate::lint::rule::LintRule;
use crate::repo::Policy;
use crate::repo::cedar::enumeration;
use crate::repo::syntax::{EntityLiteral, Expr, ExprKind};
use crate::rule::{Basis, Precision, Rule};
use crate::text::{Span, inline};

pub(in crate::lint) static RULE: LintRule = LintRule::text(
    Rule {
        id: "placeholder",
        summary: "an id or a string still holds a placeholder",
        level: Some(Level::Error),
        basis: Basis::Text,
        precision: Precision::High,
        opens: true,
        configurable: true,
        since: "0.1.0",
        page: include_str!("../../../docs/rules/placeholder.md"),
    },
    check,
);

fn check(context: &Context<'_>, out: &mut Vec<Finding>) {
    for policy in context.policies() {
        let mut report = |span: Option<Span>, text: &str, kind: Kind| {
            // What carries a policy fills it in, and says so where nobody knows with what.
            let filled = span.is_some_and(|span| policy.location.file.is_filled_in(span));
            if let Some(found) = placeholder(text, kind).filter(|_| !filled) {
                out.push(finding(policy, span, text, found));
            }
        };
        for entity in entities(policy) {
            if !context.is_declared(entity) && !is_member(context, entity) {
                report(entity.span, &entity.id, Kind::Id);
            }
        }
        if let Some((id, span)) = &policy.id {
            report(*span, id, Kind::Id);
        }
        if let Some(condition) = &policy.syntax().condition {
            condition.walk(&mut |expr: &Expr| match &expr.kind {
                ExprKind::String(text) => report(expr.span, text, Kind::Text),
                ExprKind::Like(operand, _) => {
                    let (span, pattern) = pattern(policy, expr, operand);
                    report(span, pattern, Kind::Pattern);
                }
                _ => {}
            });
        }
    }
}

/// Whether the schema lists the id of `entity` among those of its type.
fn is_member(context: &Context<'_>, entity: &EntityLiteral) -> bool {
    let members = || {
        let schema = context.store.schema.ready()?;
        enumeration(&schema.cedar, &entity.ty.parse().ok()?)
    };
    members().is_some_and(|ids| ids.iter().any(|id| AsRef::<str>::as_ref(id.id()) == entity.id))
}

/// The pattern of a `like` as written, quotes aside; nothing for JSON, which keeps no places.
fn pattern<'a>(policy: &'a Policy, like: &Expr, operand: &Expr) -> (Option<Span>, &'a str) {
    let (Some(whole), Some(left)) = (like.span, operand.span) else { return (None, "") };
    let rest = policy.location.file.slice(Span::new(left.end, whole.end));
    let open = rest.split_once("like").and_then(|(before, after)| {
        let quote = after.find('"')?;
        Some(left.end + before.len() + "like".len() + quote)
    });
    let Some(open) = open else { return (None, "") };
    let text = policy.location.file.slice(Span::new(open, whole.end)).trim_end();
    let inner = text.trim_start_matches('"').trim_end_matches('"');
    (Some(Span::new(open, open + text.len())), inner)
}

fn finding(policy: &Policy, span: Option<Span>, text: &str, found: &str) -> Finding {
    let message = format!("`{}` is a placeholder that was not filled in", inline(found));
    Context::finding(&RULE.meta, policy, span, text, message)
        .help("write the value that is meant; Cedar takes this text as it stands and substitutes nothing")
}
