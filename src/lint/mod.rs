//! Rules of our own: what is legal Cedar and still wrong.
//!
//! Imports `text`, `finding`, `rule`, `config` and `repo`. A rule is one file in `rules`, one line in `rules/mod.rs`, one page in
//! `docs/rules` and one folder in `fixtures/rules`.

mod catalogue;
mod context;
mod housekeeping;
mod literals;
mod rules;
mod run;

pub use catalogue::metadata;
pub use context::{Context, LintRule};
pub use housekeeping::{RULES as HOUSEKEEPING_RULES, is_lint, relevel, rule_states};
pub use rules::LINT_RULES;
pub use run::run;
