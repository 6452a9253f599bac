//! Guardrails.

use super::comparing::{Deny, base_defects, compare};
use super::error::RunError;
use super::fillings;
use super::finish::finish;
use super::guardrails;
use super::loaded::{discard, load_held};
use super::reading::Reading;
use super::sides::Base;
use crate::diff;
use crate::finding::FailOn;
use crate::outcome::{Notice, NoticeKind, Outcome};

/// What [`prove`] is asked for.
#[derive(Debug, Clone, Default)]
pub struct ProveOptions {
    /// What to read.
    pub reading: Reading,
    /// A revision whose guardrails count as well, and with which what is gained is compared.
    pub against: Option<String>,
}

/// Proves every guardrail of the repository, and of the base when one is given.
///
/// # Errors
/// When what is asked for is not there, or does not go together.
pub fn prove(options: &ProveOptions) -> Result<Outcome, RunError> {
    fillings::for_all(&options.reading, |reading| proved(reading, options.against.as_ref()))
}

fn proved(reading: &Reading, against: Option<&String>) -> Result<fillings::Found, RunError> {
    let base = against.map(|revision| Base::open(reading, revision)).transpose()?;
    let mut loaded = load_held(reading, base.as_ref().map(|base| (&base.settings.config, &base.parsed)))?;
    let mut outcome = loaded.outcome("prove");
    let sides = base.as_ref().map(|base| base.against(reading)).transpose()?;
    if let Some(sides) = &sides {
        outcome.notices.extend(base_defects(sides, &sides.new.repo.findings));
        compare(sides, Deny::default(), reading, &mut outcome)?;
    }
    if sides.is_none() && loaded.repo.focus.is_whole() && reading.store.is_none() && !reading.files.replace_discovery()
    {
        let unknown = diff::unknown_names(&diff::naming(&loaded.config), &[&loaded.repo], true);
        outcome.misconfigured |= !unknown.is_empty();
        outcome.findings.extend(unknown);
    } else if let Some(sides) = &sides {
        outcome.misconfigured |= sides.misconfigured();
        outcome.findings.extend(sides.new.config_findings.iter().cloned());
    }
    guardrails::prove(&mut outcome, &loaded, sides.as_ref());
    // The guardrails alone are the answer: what else changes is `diff`'s to say.
    if let Some(comparison) = outcome.comparison.take() {
        outcome.guardrails.weakened =
            comparison.weakened.into_iter().filter(|one| one.kind.starts_with("guardrail")).collect();
    }
    outcome.fail_on = FailOn::default();
    outcome.checked_something = !outcome.guardrails.results.is_empty();
    if !outcome.checked_something {
        let message = "there is no guardrail here: they are files `*.cedarguard`, `[[guardrail.same]]` and its like in \
                       polcheck.toml, or `@sensitive` on an action of a schema";
        outcome.notices.push(Notice::new(NoticeKind::NothingThere, message));
    }
    finish(&mut outcome, &loaded, reading, &|_| false)?;
    let old = sides.as_ref().map(|sides| &sides.old);
    let found = fillings::of(&outcome, &std::iter::once(&loaded).chain(old).collect::<Vec<_>>());
    discard(loaded);
    Ok((outcome, found))
}
