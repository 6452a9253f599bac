//! A condition without one of its operands, or one of its clauses.

use super::json;
use super::layout::{Layout, quoted};
use crate::finding::{Edit, Fix, Mend};
use crate::repo::Policy;
use crate::repo::syntax::Expr;
use crate::text::Span;
use crate::text::tokens::Token;

/// `policy` without `expr`, a part of its condition: an operand of `&&` (`neutral`) or of `||`, or a whole clause. None
/// where it is combined otherwise, as what `if` asks is.
pub(in crate::lint) fn remove_operand(policy: &Policy, expr: &Expr, neutral: bool) -> Mend {
    if json::is_json(policy) {
        return json::remove_operand(policy, expr, neutral);
    }
    let (layout, span) = (Layout::of(policy)?, expr.span?);
    let edits = operand_edits(&layout, span, neutral)?;
    Some(Ok(Fix::new(format!("remove {}", quoted(layout.text(span), "this part")), edits)))
}

/// The edits that take the operand at `span` out.
pub(super) fn operand_edits(layout: &Layout<'_>, span: Span, neutral: bool) -> Option<Vec<Edit>> {
    let (mut first, mut last) = layout.within(span)?.into_inner();
    while first > 0 && layout.is(first - 1, b'(') && layout.is(last + 1, b')') {
        (first, last) = (first - 1, last + 1);
    }
    if is_clause(layout, first) {
        return clause_edits(layout, first);
    }
    if first > 1 && layout.is(first - 1, b'{') && layout.is(last + 1, b'}') && is_clause(layout, first - 2) {
        return clause_edits(layout, first - 2);
    }
    let symbol = if neutral { b'&' } else { b'|' };
    if layout.is_operator(last + 1, symbol) {
        return forward(layout, first, last);
    }
    let operator = first.checked_sub(2).filter(|operator| layout.is_operator(*operator, symbol))?;
    backward(layout, operator, first, last)
}

fn is_clause(layout: &Layout<'_>, at: usize) -> bool {
    matches!(layout.token(at), Some(Token::Word("when" | "unless"))) && layout.is(at + 1, b'{')
}

/// Cuts the clause whose first token is at `at`, with the white space before it.
fn clause_edits(layout: &Layout<'_>, at: usize) -> Option<Vec<Edit>> {
    let span = layout.span(at, layout.closing(at + 1)?)?;
    let before = at.checked_sub(1)?;
    if layout.has_comment_after(before) {
        return Some(vec![layout.cut(span)]);
    }
    let start = layout.span(before, before)?.end;
    Some(vec![layout.replace(Span::new(start, span.end), "")])
}

/// Cuts the operand and the operator behind it.
fn forward(layout: &Layout<'_>, first: usize, last: usize) -> Option<Vec<Edit>> {
    if layout.has_comment_after(last) {
        return Some(vec![layout.cut(layout.span(first, last)?), layout.cut(layout.span(last + 1, last + 2)?)]);
    }
    let span = layout.span(first, last + 2)?;
    let Edit { location, text } = layout.cut(span);
    let mut cut = location.span;
    if cut.start == span.start {
        let rest = layout.text(Span::new(cut.end, layout.policy.location.span.end));
        cut.end += rest.len() - rest.trim_start_matches([' ', '\t']).len();
    }
    Some(vec![layout.replace(cut, text)])
}

/// Cuts the operator before the operand, and the operand.
fn backward(layout: &Layout<'_>, operator: usize, first: usize, last: usize) -> Option<Vec<Edit>> {
    if layout.has_comment_after(first - 1) {
        return Some(vec![layout.cut(layout.span(operator, operator + 1)?), layout.cut(layout.span(first, last)?)]);
    }
    let span = layout.span(operator, last)?;
    let Edit { location, text } = layout.cut(span);
    let mut cut = location.span;
    if cut == span {
        let before = layout.text(Span::new(layout.policy.location.span.start, cut.start));
        cut.start -= before.len() - before.trim_end_matches([' ', '\t']).len();
    }
    Some(vec![layout.replace(cut, text)])
}
