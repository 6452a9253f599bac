//! A read asked for with `has` first.

use super::layout::Layout;
use crate::expression::is_identifier;
use crate::finding::{Edit, Fix};
use crate::lint::conditions::variable_name;
use crate::repo::Policy;
use crate::repo::syntax::{BinaryOp, Expr, ExprKind};
use crate::text::tokens::Token;
use crate::text::{Span, inline};

/// `policy` asking whether there is what it reads at `read`, an `attribute` or a tag, before the part of its condition
/// that reads it. Where it is missing, the policy errs before and does not match afterwards.
pub(in crate::lint) fn add_guard(policy: &Policy, read: Span, attribute: Option<&str>) -> Option<Fix> {
    let layout = Layout::of(policy)?;
    let asked = question(&layout, policy.syntax().condition.as_ref()?, read, attribute)?;
    let holds = |span: &Span| span.start <= read.start && read.end <= span.end;
    let part = policy.body.parts(policy.base).into_iter().filter_map(|part| part.span).find(holds)?;
    let edits = guard_edits(&layout, part, read, &asked)?;
    Some(Fix::new(format!("ask for `{}` first", inline(&asked)), edits))
}

/// What asks whether there is what `condition` reads at `read`, as Cedar writes it. All reads of a chain as
/// `resource.account.owner` have the place of the whole chain, so that the name tells which is meant.
fn question(layout: &Layout<'_>, condition: &Expr, read: Span, attribute: Option<&str>) -> Option<String> {
    let mut asked = None;
    condition.walk(&mut |expr: &Expr| {
        if expr.span == Some(read) && asked.is_none() {
            asked = match (&expr.kind, attribute) {
                (ExprKind::GetAttr(of, name), Some(wanted)) if name == wanted => {
                    written(layout, of).map(|of| format!("{of} has {}", attribute_name(name)))
                }
                (ExprKind::Binary(BinaryOp::GetTag, sides), None) => {
                    let [of, key] = &**sides;
                    written(layout, of).zip(key.span).map(|(of, key)| format!("{of}.hasTag({})", layout.text(key)))
                }
                _ => None,
            };
        }
    });
    asked.filter(|asked| !asked.contains("//"))
}

/// A variable or an entity, and what is read of it, as Cedar writes it; none of anything else.
fn written(layout: &Layout<'_>, expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Var(variable) => Some(variable_name(*variable).to_owned()),
        ExprKind::Entity(_) => Some(layout.text(expr.span?).to_owned()),
        ExprKind::GetAttr(of, name) => {
            let (of, name) = (written(layout, of)?, attribute_name(name));
            Some(if name.starts_with('"') { format!("{of}[{name}]") } else { format!("{of}.{name}") })
        }
        ExprKind::Binary(BinaryOp::GetTag, sides) => {
            let [of, key] = &**sides;
            Some(format!("{}.getTag({})", written(layout, of)?, layout.text(key.span?)))
        }
        _ => None,
    }
}

/// The name of an attribute: as it is, or between quotes.
fn attribute_name(name: &str) -> String {
    if is_identifier(name) { name.to_owned() } else { format!("\"{}\"", name.escape_debug()) }
}

/// The edits that ask `asked` before `part`: in its clause, or in a clause of its own where that is an `unless`.
fn guard_edits(layout: &Layout<'_>, part: Span, read: Span, asked: &str) -> Option<Vec<Edit>> {
    let reading = layout.starting_at(read.start)?;
    let clause = (0..reading).rev().find(|at| {
        matches!(layout.token(*at), Some(Token::Word("when" | "unless")))
            && layout.is(at + 1, b'{')
            && layout.closing(at + 1).is_some_and(|close| close > reading)
    })?;
    let open = layout.span(clause + 1, clause + 1)?;
    if layout.token(clause) == Some(Token::Word("unless")) {
        let at = layout.span(clause, clause)?.start;
        let before = layout.text(Span::new(layout.policy.location.span.start, at));
        let gap = before.get(before.trim_end().len()..).filter(|gap| !gap.is_empty()).unwrap_or(" ");
        return Some(vec![layout.replace(Span::at(at), format!("when {{ {asked} }}{gap}"))]);
    }
    // The whole clause is one part, or it is one of several.
    let inner = match layout.within(part) {
        Some(words) if *words.start() == clause => {
            Span::new(open.end, layout.span(layout.closing(clause + 1)?, layout.closing(clause + 1)?)?.start)
        }
        _ => part,
    };
    let text = layout.text(inner);
    let start = inner.start + text.len() - text.trim_start().len();
    let end = inner.start + text.trim_end().len();
    let words = layout.within(Span::new(start, end))?;
    let loose = layout
        .range(*words.start(), *words.end())
        .iter()
        .any(|(token, _)| matches!(token, Token::Symbol(b'|') | Token::Word("if")));
    if loose {
        return Some(vec![
            layout.replace(Span::at(start), format!("{asked} && (")),
            layout.replace(Span::at(end), ")"),
        ]);
    }
    Some(vec![layout.replace(Span::at(start), format!("{asked} && "))])
}
