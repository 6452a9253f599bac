//! `==` in the place of `like`.

use super::form::{keyed, mend};
use super::print::{Piece, Style};
use crate::data::json::Node;
use crate::finding::{Fix, Mend};
use crate::repo::Policy;
use crate::repo::syntax::Expr;

/// `policy` with `==` in the place of `like` in `expr`, whose pattern has no star.
pub(in crate::lint::fixes) fn write_equals(policy: &Policy, expr: &Expr) -> Mend {
    const WHAT: &str = "write `==` in place of `like`";
    mend(policy, WHAT, |form| {
        let (like, sides) = keyed(form.part(expr)?.node, "like")?;
        let (key, pattern) = keyed(sides, "pattern")?;
        let mut text = String::new();
        for literal in pattern.elements()? {
            let written = literal.field("Literal")?.raw;
            text.push_str(written.strip_prefix('"')?.strip_suffix('"')?);
        }
        // A star that stands for itself looks like one that does not.
        if text.contains('*') || text.contains("\\u002") {
            return None;
        }
        let sample = if pattern.raw.contains('\n') { sides } else { first_literal(pattern)? };
        let style = Style::of(sample, form.indent(sides.offset));
        let value = Piece::Object(vec![("\"Value\"", Piece::text(&text))]);
        Some(Fix::new(
            WHAT,
            vec![
                form.replace(like.span(), "\"==\""),
                form.replace(key.span(), "\"right\""),
                form.replace(pattern.span(), style.print(&value, form.indent(pattern.offset))),
            ],
        ))
    })
}

/// The first element of a pattern, which shows how objects are written on one line.
fn first_literal(pattern: Node<'_>) -> Option<Node<'_>> {
    pattern.elements()?.into_iter().next()
}
