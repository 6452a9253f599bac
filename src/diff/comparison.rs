//! A whole comparison: what changed, what gates say of it, and what became weaker.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::run::{Engine, compare_with};
use super::weakening::{Strictness, lost_schemas, more_baselined, moved_files, unread_files, weakened};
use super::{gates, names::never_gains, run::Compared};
use crate::config::{Acceptance, Baseline, Config, Gate};
use crate::outcome::changes::{Accepted, Comparison, Side};
use crate::outcome::{GuardrailText, Notice, TestResult};
use crate::repo::Repo;
use crate::rule::Catalogue;
use crate::symbolic::Solvers;

/// One side, whole.
#[derive(Debug, Clone, Copy)]
pub struct Version<'v> {
    /// What to call it.
    pub side: &'v Side,
    /// What it holds.
    pub repo: &'v Repo,
    /// Its configuration.
    pub config: &'v Config,
    /// Its accepted changes.
    pub accepted: &'v [Acceptance],
    /// Its baseline.
    pub baseline: Option<&'v Baseline>,
    /// Its rows; empty when the tables of both sides are alike.
    pub rows: &'v [TestResult],
    /// Its guardrails as they are written, but for those that the other side has in other words.
    pub guardrails: &'v [GuardrailText],
}

/// Compares `old` and `new`. `as_old_has_it` is the new side in the stores that the old side spells out, where it
/// spells out others. `asked` is what is refused besides what either side's gates refuse; `today` is a day,
/// `YYYY-MM-DD`. Gives also what could not be decided.
#[must_use]
pub fn comparison(
    old: Version<'_>,
    new: Version<'_>,
    as_old_has_it: Option<&Repo>,
    asked: &Gate,
    today: &str,
    catalogue: &Catalogue,
    solvers: &Arc<Solvers>,
) -> (Comparison, Vec<Notice>) {
    let inference = old.config.refuses_inference.is_none() && new.config.refuses_inference.is_none();
    let engine = Engine { inference, solvers: Arc::clone(solvers) };
    let Compared { mut stores, undecided } = match as_old_has_it {
        None => compare_with(old.repo, new.repo, &engine),
        Some(other) => {
            let mut compared = compare_with(old.repo, new.repo, &engine);
            compared.add_stricter(compare_with(old.repo, other, &engine));
            compared
        }
    };
    // The author of a change controls the new side, so the old one's gates count as well.
    let never = [old.config, new.config].map(|config| never_gains(config, &[old.repo, new.repo]));
    let gates = never.iter().flatten().chain(&old.config.gates).chain(&new.config.gates);
    let all: Vec<&Gate> = gates.chain([asked]).collect();
    // Where the base's acceptances alone count, a change cannot accept itself.
    let from_base = old.config.accept_base.is_some() || new.config.accept_base.is_some();
    let counts = if from_base { old.accepted } else { new.accepted };
    let mut accepted = gates::rule(&mut stores, &all, counts, old.config.allows_migrated.is_some(), today);
    let mut weaker = weakened(strictness(old), strictness(new), catalogue);
    match as_old_has_it {
        Some(other) => weaker.extend(moved_files(other, new.repo, old.config)),
        None => weaker.extend(unread_files(old.repo, new.repo, new.config)),
    }
    weaker.extend(lost_schemas(&stores));
    weaker.extend(more_baselined(old.baseline, new.baseline));
    // A path that takes Cedar files out is said with them.
    let takes: Vec<_> = weaker.iter().filter(|one| one.kind == "file_unread").map(|one| one.location.clone()).collect();
    weaker.retain(|one| one.kind != "exclude_added" || !takes.contains(&one.location));
    gates::rule_weakened(&mut weaker, &all, &mut accepted, counts, today);
    let before = |one: &Accepted| old.accepted.iter().any(|other| other.fingerprint == one.fingerprint);
    for one in &mut accepted {
        one.added = !before(one);
    }
    let named = |version: Version<'_>| Side { schema: schema_digest(version.repo), ..version.side.clone() };
    (Comparison { old: named(old), new: named(new), stores, accepted, weakened: weaker }, undecided)
}

fn strictness(version: Version<'_>) -> Strictness<'_> {
    let Version { repo, config, accepted, rows, guardrails, .. } = version;
    Strictness { repo, config, accepted, rows, guardrails }
}

/// A digest of the text of all schemas, line ends aside.
fn schema_digest(repo: &Repo) -> Option<String> {
    let mut hash = Sha256::new();
    let mut any = false;
    for file in repo.stores.iter().filter_map(|store| store.schema.ready()).flat_map(|schema| &schema.files) {
        any = true;
        let text = file.text().replace("\r\n", "\n");
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text.as_bytes());
    }
    any.then(|| hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}
