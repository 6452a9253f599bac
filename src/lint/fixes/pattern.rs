//! `==` in the place of `like`.

use super::json;
use super::layout::Layout;
use crate::finding::{Fix, Mend};
use crate::repo::Policy;
use crate::repo::syntax::Expr;
use crate::text::tokens::Token;

/// `policy` with `==` in the place of `like` in `expr`, whose pattern has no star and nothing escaped.
pub(in crate::lint) fn write_equals(policy: &Policy, expr: &Expr) -> Mend {
    if json::is_json(policy) {
        return json::write_equals(policy, expr);
    }
    let layout = Layout::of(policy)?;
    let words = layout.within(expr.span?)?;
    let Some(Token::Text(pattern)) = layout.token(*words.end()) else { return None };
    let like = words.end().checked_sub(1)?;
    if pattern.contains('\\') || layout.token(like) != Some(Token::Word("like")) {
        return None;
    }
    let edit = layout.replace(layout.span(like, like)?, "==");
    Some(Ok(Fix::new("write `==` in place of `like`", vec![edit])))
}
