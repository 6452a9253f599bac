//! Rules of our own: what is legal Cedar and still wrong.
//!
//! Imports `text`, `finding`, `rule`, `config`, `outcome`, `repo` and `symbolic`. A rule is one file in `rules`, one line in `rules/mod.rs`, one page in
//! `docs/rules` and one folder in `fixtures/rules`.

mod catalogue;
mod context;
mod folding;
mod housekeeping;
mod literals;
mod rules;
mod run;
mod semantic;

pub use catalogue::metadata;
pub use context::{Context, LintRule};
pub use folding::fold;
pub use housekeeping::{RULES as HOUSEKEEPING_RULES, is_lint, rule_states};
pub use rules::LINT_RULES;
pub use run::{Linted, ON_DEMAND, Options, run};
