//! What is not known of a policy's world under an inferred schema, for the engine.

use std::collections::BTreeSet;
use std::sync::Arc;

use cedar_policy::{EntityUid, PolicyId};

use super::Inferred;
use crate::symbolic::{Limits, SetAsideReason, Subject};

/// The limits of the policies of one store.
#[derive(Debug)]
pub struct StoreLimits<'i> {
    inferred: &'i Inferred,
    store: usize,
    settled: Arc<BTreeSet<EntityUid>>,
}

impl Inferred {
    /// The limits of the policies of the store at `store`.
    #[must_use]
    pub fn limits(&self, store: usize) -> StoreLimits<'_> {
        StoreLimits { inferred: self, store, settled: Arc::new(self.other_actions().collect()) }
    }
}

impl StoreLimits<'_> {
    /// Those of the policy, link or template `key`, which the engine takes as `subject`.
    #[must_use]
    pub fn of(&self, key: &PolicyId, subject: &Subject) -> Limits {
        let aside = self.inferred.contested(self.store, key).map(|conflict| match &conflict.first {
            Some(first) => SetAsideReason::Contested {
                what: conflict.what.clone(),
                first: first.clone(),
                second: conflict.second.clone(),
            },
            None => SetAsideReason::Untold { what: conflict.what.clone() },
        });
        let open = self.inferred.open_groups();
        let open_groups = subject.named_entities().into_iter().filter(|uid| open.contains(uid)).collect();
        Limits { aside, open_groups, settled: Arc::clone(&self.settled) }
    }
}
