//! A condition moved into the scope.

use super::json;
use super::layout::{Layout, quoted};
use super::operand::operand_edits;
use crate::finding::{Fix, Mend};
use crate::lint::conditions::variable_name;
use crate::repo::Policy;
use crate::repo::syntax::{BinaryOp, Expr, ExprKind, Variable};
use crate::text::tokens::Token;

/// `policy` with `expr`, one of the operands of its condition that all have to hold, in its scope in the place of what
/// that says of `variable`.
pub(in crate::lint) fn move_into_scope(policy: &Policy, variable: Variable, expr: &Expr) -> Mend {
    if json::is_json(policy) {
        return json::move_into_scope(policy, variable, expr);
    }
    let layout = Layout::of(policy)?;
    let span = expr.span?;
    let words = layout.within(span)?;
    let text = layout.text(span);
    let name = variable_name(variable);
    let begins = layout.token(*words.start()) == Some(Token::Word(name)) && !layout.is(words.start() + 1, b')');
    if !begins || text.contains("//") {
        return None;
    }
    let open = layout.scope()?;
    let close = layout.closing(open)?;
    let first = (open..close).find(|at| layout.token(*at) == Some(Token::Word(name)))?;
    let comma = layout.range(first, close).iter().position(|(token, _)| *token == Token::Symbol(b','));
    let last = (first + comma.unwrap_or(close - first)).checked_sub(1)?;
    let there = layout.text(layout.span(first, last)?);
    // `principal is User in Group::"a"` is one constraint; `is` and `==` are not.
    let said = match &expr.kind {
        ExprKind::Binary(op, _) if there != name && *op == BinaryOp::In => {
            let rest = text.strip_prefix(name)?.trim_start();
            format!("{there} {rest}")
        }
        _ if there == name => text.to_owned(),
        _ => return None,
    };
    let what = format!("write {} in the scope", quoted(text, "it"));
    let mut edits = operand_edits(&layout, span, true)?;
    // What is cut besides, as brackets or a whole clause, may hold a comment that nobody would find again.
    if edits.iter().any(|edit| edit.location.text().contains("//")) {
        return None;
    }
    edits.push(layout.replace(layout.span(first, last)?, said));
    Some(Ok(Fix::new(what, edits)))
}
