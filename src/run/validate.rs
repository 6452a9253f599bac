//! Schema, policies, templates, links and entities.

use super::error::RunError;
use super::fillings;
use super::finish::finish;
use super::loaded::{discard, load};
use super::reading::Reading;
use crate::lint::Options;
use crate::outcome::Outcome;
use crate::rule::Basis;
use crate::{lint, validate as engine};

/// What [`validate`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct ValidateOptions {
    /// What to read.
    pub reading: Reading,
    /// How many entity dereferences policies may chain, where nothing stricter is configured.
    pub level: Option<u32>,
}

/// The text rule that validation includes: two policies of one name are wrong whatever the schema says.
const WITH_VALIDATION: &[&str] = &["duplicate-id"];

/// Validates with Cedar's own validator.
///
/// # Errors
/// When what is asked for is not there, or does not go together.
pub fn validate(options: &ValidateOptions) -> Result<Outcome, RunError> {
    fillings::for_all(&options.reading, |reading| validated(reading, options.level))
}

fn validated(reading: &Reading, level: Option<u32>) -> Result<fillings::Found, RunError> {
    let mut loaded = load(reading)?;
    let mut outcome = loaded.outcome("validate");
    outcome.findings.extend(engine::run(&loaded.repo, &loaded.config, level));
    let only = Options { only: Some(WITH_VALIDATION), ..Options::default() };
    outcome.findings.extend(lint::run(&loaded.repo, &loaded.config, only).findings);
    outcome.notices.extend(loaded.unvalidated());
    outcome.checked_something = loaded.holds_policies();
    finish(&mut outcome, &loaded, reading, &|rule| {
        !matches!(rule.basis, Basis::Text | Basis::Symbolic) || WITH_VALIDATION.contains(&rule.id)
    })?;
    let found = fillings::of(&outcome, &[&loaded]);
    discard(loaded);
    Ok((outcome, found))
}
