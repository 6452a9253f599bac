//! Rules as data: every id that a finding can carry, with what documentation, configuration and reports need to know.
//!
//! Imports `finding` and `text`. The rules themselves live beside the code that finds them, but for those that two
//! engines report; `run::catalogue` puts them together for configuration, `polcheck rules` and reports.

mod catalogue;
mod security_severity;
mod shared;

pub use catalogue::{Basis, Catalogue, Precision, Rule, page_url};
pub use shared::NEVER_MATCHES;
