//! What rows notice of small changes of policies, of all of them or of what changed since a revision.

use super::error::RunError;
use super::loaded::Loaded;
use super::reading::Reading;
use super::sides::Base;
use crate::diff;
use crate::mutation::{Asked, Mutated, mutate};
use crate::outcome::{Mutation, Outcome};
use crate::tables::Record;

/// What is asked about small changes of policies.
#[derive(Debug, Clone, Default)]
pub struct MutationOptions {
    /// Whether to make any.
    pub wanted: bool,
    /// The percentage of changes that rows have to notice.
    pub floor: Option<u32>,
    /// Only of policies that changed since this revision.
    pub since: Option<String>,
    /// Whether rows that would notice are what is asked for.
    pub rows: bool,
}

/// Says in `outcome` what the rows of `loaded` that passed, which `record` has, notice. When only a `part` of the rows
/// ran, no floor holds.
pub(super) fn measure(
    options: &MutationOptions,
    reading: &Reading,
    loaded: &Loaded,
    (record, part): (&Record, bool),
    outcome: &mut Outcome,
) -> Result<(), RunError> {
    let only = match &options.since {
        Some(revision) => {
            let old = Base::open(reading, revision)?.load(reading)?;
            Some(diff::changed_policies(&old.repo, &loaded.repo))
        }
        None => None,
    };
    let asked =
        Asked { only: only.as_deref(), inference: loaded.config.refuses_inference.is_none(), solvers: &loaded.solvers };
    let Mutated { mutation, notices } = mutate(&loaded.repo, record, &asked);
    outcome.notices.extend(notices);
    outcome.mutation =
        Some(Mutation { floor: options.floor.filter(|_| !part), since: options.since.clone(), ..mutation });
    Ok(())
}
