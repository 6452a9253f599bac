//! Places in policies, as traces give them.

use std::ops::Range;

use crate::repo::Policy;
use crate::text::{Location, Span};

/// Where `span` of the text of `policy` stands; without a span, the first line of the policy.
#[must_use]
pub fn place(policy: &Policy, span: Option<Range<usize>>) -> Location {
    let whole = &policy.location;
    match span {
        Some(span) => Location::new(&whole.file, Span::new(span.start, span.end).shifted(policy.base)),
        None => {
            let length = whole.text().lines().next().map_or(0, str::len);
            Location::new(&whole.file, Span::new(whole.span.start, whole.span.start + length))
        }
    }
}
