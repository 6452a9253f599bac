//! A read asked for with `has` in a clause of its own first.

use super::form::mend;
use super::print::{Piece, Style};
use crate::finding::{Fix, Mend};
use crate::repo::Policy;
use crate::repo::syntax::{Expr, ExprKind};
use crate::text::Span;

/// `policy` asking whether there is what `read` reads, in a clause before that in which it does; `what` that is, an
/// instruction.
pub(in crate::lint::fixes) fn add_guard(policy: &Policy, read: &Expr, what: &str) -> Mend {
    mend(policy, what, |form| {
        let part = form.part(read)?;
        let fields = part.node.fields()?;
        let [(_, of)] = fields.as_slice() else { return None };
        let (op, second) = match &read.kind {
            ExprKind::GetAttr(..) => ("\"has\"", ("\"attr\"", Piece::of(of.field("attr")?))),
            _ => ("\"hasTag\"", ("\"right\"", Piece::of(of.field("right")?))),
        };
        let asked = Piece::Object(vec![(op, Piece::Object(vec![("\"left\"", Piece::of(of.field("left")?)), second]))]);
        let clause = Piece::Object(vec![("\"kind\"", Piece::text("when")), ("\"body\"", asked)]);
        let at = part.clause.offset;
        let indent = form.indent(at);
        let style = Style::of(part.clause, indent);
        let behind =
            if form.begins_line(at) { format!(",{}{indent}", style.line_end()) } else { style.comma().to_owned() };
        Some(Fix::new(what, vec![form.replace(Span::at(at), format!("{}{behind}", style.print(&clause, indent)))]))
    })
}
