//! A condition moved into the scope.

use super::form::mend;
use super::operand::operand_edits;
use super::print::{Piece, Style};
use crate::data::json::Node;
use crate::finding::{Fix, Mend};
use crate::lint::conditions::variable_name;
use crate::repo::Policy;
use crate::repo::syntax::{Expr, Variable};

/// `policy` with `expr`, one of the operands of its condition that all have to hold, in its scope in the place of what
/// that says of `variable`.
pub(in crate::lint::fixes) fn move_into_scope(policy: &Policy, variable: Variable, expr: &Expr) -> Mend {
    const WHAT: &str = "write this condition in the scope";
    mend(policy, WHAT, |form| {
        let part = form.part(expr)?;
        let there = form.root.field(variable_name(variable))?;
        let said = said(there, part.node)?;
        let mut edits = operand_edits(form, &part, true)?;
        let indent = form.indent(there.offset);
        edits.push(form.replace(there.span(), Style::of(there, indent).print(&said, indent)));
        Some(Fix::new(WHAT, edits))
    })
}

/// What the scope says with `condition` besides what stands `there`.
fn said<'p>(there: Node<'p>, condition: Node<'p>) -> Option<Piece<'p>> {
    let op = there.field("op")?.string()?;
    let fields = condition.fields()?;
    let [(asked, of)] = fields.as_slice() else { return None };
    let one = |node: Node<'p>| node.field("Value").and_then(|value| value.field("__entity")).map(Piece::of);
    let mut parts = vec![("\"op\"", Piece::text(asked))];
    match (op.as_ref(), asked.as_ref()) {
        ("All", "==") => parts.push(("\"entity\"", one(of.field("right")?)?)),
        ("All", "in") => {
            let right = of.field("right")?;
            match right.field("Set").and_then(Node::elements) {
                Some(all) => {
                    parts.push(("\"entities\"", Piece::List(all.into_iter().map(one).collect::<Option<_>>()?)));
                }
                None => parts.push(("\"entity\"", one(right)?)),
            }
        }
        ("All", "is") if of.field("in").is_none() => {
            parts.push(("\"entity_type\"", Piece::of(of.field("entity_type")?)));
        }
        ("is", "in") if there.field("in").is_none() => {
            let entity = Piece::Object(vec![("\"entity\"", one(of.field("right")?)?)]);
            parts = vec![
                ("\"op\"", Piece::text("is")),
                ("\"entity_type\"", Piece::of(there.field("entity_type")?)),
                ("\"in\"", entity),
            ];
        }
        _ => return None,
    }
    Some(Piece::Object(parts))
}
