//! Cedar's places as ours.

use cedar_policy_core::parser::Loc;

use crate::text::Span;

/// The place of `loc` with `base` added.
pub(super) fn span(loc: Option<&Loc>, base: usize) -> Option<Span> {
    loc.map(|loc| Span::new(loc.start(), loc.end()).shifted(base))
}
