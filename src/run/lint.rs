//! The rules of our own.

use std::sync::Arc;

use super::baselined;
use super::error::RunError;
use super::finish::{finish, today};
use super::loaded::{discard, load};
use super::reading::Reading;
use crate::config::CONFIGURATION;
use crate::lint::{self as engine, Options};
use crate::outcome::Outcome;
use crate::rule::Rule;

/// What [`lint`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct LintOptions {
    /// What to read.
    pub reading: Reading,
    /// List every permit and forbid that overlap.
    pub conflicts: bool,
    /// Rank permits by how far they reach.
    pub breadth: bool,
}

/// The rule that `conflicts` asks for.
const CONFLICTS: &str = "conflicting-rules";

/// Looks for mistakes in text and syntax, and with a schema by proof.
///
/// # Errors
/// When what is asked for is not there, or does not go together.
pub fn lint(options: &LintOptions) -> Result<Outcome, RunError> {
    let LintOptions { reading, conflicts, breadth } = options;
    let mut loaded = load(reading)?;
    let mut outcome = loaded.outcome("lint");
    let demanded: Vec<&'static str> = conflicts.then_some(CONFLICTS).into_iter().collect();
    let today = today(reading)?;
    let wanted = Options {
        demanded: &demanded,
        breadth: *breadth,
        today: Some(&today),
        solvers: Arc::clone(&loaded.solvers),
        ..Options::default()
    };
    let linted = engine::run(&loaded.repo, &loaded.config, wanted);
    outcome.misconfigured |= linted.findings.iter().any(|finding| finding.rule == CONFIGURATION.id);
    outcome.findings.extend(linted.findings);
    outcome.notices.extend(linted.undecided);
    // Nothing else in this run says that these policies are wrong.
    outcome.notices.extend(linted.unfit);
    let asked = [(*conflicts, "which of its permits and forbids overlap"), (*breadth, "how far its permits reach")];
    let asked: Vec<&str> = asked.into_iter().filter(|(asked, _)| *asked).map(|(_, what)| what).collect();
    outcome.notices.extend(loaded.unproved(&asked));
    outcome.breadth = linted.breadth;
    outcome.checked_something = loaded.holds_policies();
    let ran = |rule: &Rule| engine::lint_rule(rule.id).is_some() && loaded.ran(rule, &demanded);
    finish(&mut outcome, &loaded, reading, &ran)?;
    baselined::apply(&mut outcome, loaded.baseline.as_ref(), &loaded, reading, &ran);
    outcome.demanded = demanded;
    discard(loaded);
    Ok(outcome)
}
