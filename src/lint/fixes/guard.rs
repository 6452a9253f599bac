//! A read asked for with `has` first.

use super::json;
use super::layout::Layout;
use crate::expression::is_identifier;
use crate::finding::{Edit, Fix, Mend};
use crate::lint::conditions::variable_name;
use crate::repo::Policy;
use crate::repo::syntax::{BinaryOp, Expr, ExprKind};
use crate::text::tokens::Token;
use crate::text::{Span, inline};

/// `policy` asking whether there is what its `number`-th read reads, before the part of its condition that reads it.
/// Where it is missing, the policy errs before and does not match afterwards.
pub(in crate::lint) fn add_guard(policy: &Policy, number: usize) -> Mend {
    let read = *policy.syntax().condition.as_ref()?.reads().get(number)?;
    let what = |asked: &str| format!("ask for `{}` first", inline(asked));
    if json::is_json(policy) {
        let asked = question(read, &|literal| match &literal.kind {
            ExprKind::Entity(entity) => Some(format!("{}::\"{}\"", entity.ty, entity.id.escape_debug())),
            ExprKind::String(text) => Some(format!("\"{}\"", text.escape_debug())),
            _ => None,
        });
        return json::add_guard(policy, read, &what(&asked?));
    }
    let layout = Layout::of(policy)?;
    let asked = question(read, &|literal| literal.span.map(|span| layout.text(span).to_owned()))?;
    if asked.contains("//") {
        return None;
    }
    let read = read.span?;
    let holds = |span: &Span| span.start <= read.start && read.end <= span.end;
    let part = policy.body.parts(policy.base).into_iter().filter_map(|part| part.span).find(holds)?;
    let edits = guard_edits(&layout, part, read, &asked)?;
    Some(Ok(Fix::new(what(&asked), edits)))
}

/// What asks whether there is what `read` reads, as Cedar writes it; `literal` says how an entity or a tag is written.
fn question(read: &Expr, literal: &dyn Fn(&Expr) -> Option<String>) -> Option<String> {
    match &read.kind {
        ExprKind::GetAttr(of, name) => Some(format!("{} has {}", written(of, literal)?, attribute_name(name))),
        ExprKind::Binary(BinaryOp::GetTag, sides) => {
            let [of, key] = &**sides;
            Some(format!("{}.hasTag({})", written(of, literal)?, literal(key)?))
        }
        _ => None,
    }
}

/// A variable or an entity, and what is read of it, as Cedar writes it; none of anything else.
fn written(expr: &Expr, literal: &dyn Fn(&Expr) -> Option<String>) -> Option<String> {
    match &expr.kind {
        ExprKind::Var(variable) => Some(variable_name(*variable).to_owned()),
        ExprKind::Entity(_) => literal(expr),
        ExprKind::GetAttr(of, name) => {
            let (of, name) = (written(of, literal)?, attribute_name(name));
            Some(if name.starts_with('"') { format!("{of}[{name}]") } else { format!("{of}.{name}") })
        }
        ExprKind::Binary(BinaryOp::GetTag, sides) => {
            let [of, key] = &**sides;
            Some(format!("{}.getTag({})", written(of, literal)?, literal(key)?))
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
