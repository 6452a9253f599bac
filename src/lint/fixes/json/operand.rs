//! A condition without one of its operands, or one of its clauses.

use super::entry::without_entry;
use super::form::{Form, Part, Within, mend};
use crate::finding::{Edit, Fix, Mend};
use crate::repo::Policy;
use crate::repo::syntax::Expr;
use crate::text::Span;

/// `policy` without `expr`: an operand of `&&` (`neutral`) or of `||`, or a whole clause. None where it is combined
/// otherwise.
pub(in crate::lint::fixes) fn remove_operand(policy: &Policy, expr: &Expr, neutral: bool) -> Mend {
    mend(policy, "remove this part", |form| {
        let edits = operand_edits(form, &form.part(expr)?, neutral)?;
        Some(Fix::new("remove this part", edits))
    })
}

/// The edits that take `part` out.
pub(super) fn operand_edits(form: &Form<'_>, part: &Part<'_>, neutral: bool) -> Option<Vec<Edit>> {
    if part.is_clause {
        return neutral.then(|| without_entry(form.file(), part.clause.span(), false).map(|edit| vec![edit]))?;
    }
    part.within.filter(|within| within.all == neutral).map(|within| lift(form, &within))
}

/// What stands beside it in the place of both: its lines move to the left by as much as it moves up.
fn lift(form: &Form<'_>, within: &Within<'_>) -> Vec<Edit> {
    let (outer, kept) = (within.node.span(), within.other.span());
    let mut edits = vec![form.replace(Span::new(outer.start, kept.start), "")];
    let (from, to) = (form.indent(kept.start), form.indent(outer.start));
    if let Some(more) = from.strip_prefix(to).filter(|more| !more.is_empty()) {
        let lines = within.other.raw.match_indices('\n').map(|(at, _)| kept.start + at + 1);
        let deeper = lines.filter(|start| form.file().text().get(*start..).is_some_and(|line| line.starts_with(from)));
        edits.extend(deeper.map(|start| {
            let start = start + to.len();
            form.replace(Span::new(start, start + more.len()), "")
        }));
    }
    edits.push(form.replace(Span::new(kept.end, outer.end), ""));
    edits
}
