//! How findings are mended: edits of the text that leave everything else as it is written, comments included.
//!
//! # Why
//!
//! Whether an edit changes a decision is not known here: `run::fix` asks, of the stores before and after, and applies
//! nothing that is not proved. So what is made here may look at the text alone.
//!
//! | file | what it does |
//! |---|---|
//! | `layout` | the tokens of a policy with their places |
//! | `operand` | a condition without one of its operands, or one of its clauses |
//! | `whole` | a file without one of its policies or links |
//! | `scope` | a condition moved into the scope |
//! | `pattern` | `==` in the place of `like` |
//! | `guard` | a read asked for with `has` first |
//! | `json/` | the same for policies in JSON |

mod guard;
mod json;
mod layout;
mod operand;
mod pattern;
mod scope;
mod whole;

pub(super) use guard::add_guard;
pub(super) use operand::remove_operand;
pub(super) use pattern::write_equals;
pub(super) use scope::move_into_scope;
pub(super) use whole::{remove_link, remove_policy};

use crate::repo::Policy;
use crate::repo::syntax::Expr;
use crate::text::Span;

/// Where the `number`-th read of `policy` stands; of one in JSON the first line of it.
pub(super) fn read_at(policy: &Policy, number: usize) -> Option<Span> {
    place_of(policy, policy.syntax().condition.as_ref()?.reads().get(number)?)
}

/// Where `expr`, a part of the condition of `policy`, stands; of one in JSON the first line of it.
pub(super) fn place_of(policy: &Policy, expr: &Expr) -> Option<Span> {
    expr.span.or_else(|| json::place(policy, expr))
}
