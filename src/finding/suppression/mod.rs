//! Suppressions: `// polcheck: ignore[rule-a, rule-b] reason`, with an optional `until 2027-01-31` in the reason.
//!
//! A comment behind code covers the findings that start on its line. A comment on a line of its own covers those that
//! start on the next line of code; where that line begins a policy, one of its annotations or its effect, it covers the
//! whole policy. Only comment lines may stand between, no empty line.

mod apply;
mod scan;
#[cfg(test)]
mod tests;

pub use apply::{Applied, EXPIRED, RuleState, UNKNOWN, UNUSED, apply};
pub use scan::{Reach, Suppression, scan};
