//! The last step of a run: suppressions, one finding for each defect, and the stable order.
//!
//! A suppression is `// polcheck: ignore[rule-a, rule-b] reason`, with an optional `until 2027-01-31` in the reason. A
//! comment behind code covers the findings that start on its line. A comment on a line of its own covers those that
//! start on the next line of code; where that line begins a policy, one of its annotations or its effect, it covers the
//! whole policy. Only comment lines may stand between, no empty line.
//!
//! Suppressions are applied when all findings are known, so that one that suppresses nothing can be told.
//!
//! | file | what it does |
//! |---|---|
//! | `scan` | reads suppressions out of comments |
//! | `apply` | applies them, and says which of them do not work |
//! | `removed` | takes those that are not needed out of the text |
//! | `supersede` | drops what the validator says where a rule of ours says more |
//! | `rules` | the rules about suppressions |
//! | `finish` | the step itself |
//! | `fresh` | which findings the revision compared with lacks |

mod apply;
mod finish;
mod fresh;
mod removed;
mod rules;
mod scan;
mod supersede;
#[cfg(test)]
mod tests;

pub use finish::{Triage, Triaged};
pub use fresh::{Revisions, mark_new};
pub use rules::{RULES, UNUSED_SUPPRESSION};
pub use scan::{Reach, Suppression, scan};
