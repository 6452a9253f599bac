//! The same for policies in Cedar's JSON: edits of its text, so that indents, the order of keys, line ends and escapes
//! stay as they are written.
//!
//! # Why
//!
//! Cedar keeps no places of what it reads from JSON. So the text is read beside the syntax tree, part by part, and what
//! does not agree with it is left alone. An operand goes by what stands beside it taking the place of both, moved to
//! the left by as much as it moves up; a clause, a policy or a link goes with its comma; what is new is written as what
//! stands around it.
//!
//! | file | what it does |
//! |---|---|
//! | `entry` | the entries of an object with their keys, and what is left without an entry |
//! | `form` | where the parts of a condition stand |
//! | `print` | JSON that is new, written as what stands around it |
//! | `operand` | a condition without one of its operands, or one of its clauses |
//! | `scope` | a condition moved into the scope |
//! | `pattern` | `==` in the place of `like` |
//! | `guard` | a read asked for with `has` in a clause of its own first |

mod entry;
mod form;
mod guard;
mod operand;
mod pattern;
mod print;
mod scope;

pub(super) use entry::without_entry;
pub(super) use form::place;
pub(super) use guard::add_guard;
pub(super) use operand::remove_operand;
pub(super) use pattern::write_equals;
pub(super) use scope::move_into_scope;

use crate::repo::Policy;

/// Whether `policy` is written as JSON.
pub(super) fn is_json(policy: &Policy) -> bool {
    policy.location.text().starts_with('{')
}
