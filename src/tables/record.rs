//! What rows ask and which answers pass them, kept for who asks the same of other policies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cedar_policy::{Entities, PolicyId, Request};

use super::compare::{mismatches, policy_ref};
use super::rows::{Errors, Reasons, Row};
use crate::outcome::{Decision, Got, PolicyError};
use crate::repo::Store;
use crate::text::Location;

/// An answer to a request, by the keys of policies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the request is allowed.
    pub allowed: bool,
    /// The determining policies.
    pub reason: Vec<PolicyId>,
    /// The policies that fail to evaluate.
    pub errors: Vec<PolicyId>,
}

/// A request that a row asks, as Cedar has it, and what passes the row.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The row's id.
    pub id: String,
    /// Where the row stands.
    pub location: Location,
    /// What is asked.
    pub request: Request,
    /// The entities that the row runs with.
    pub entities: Arc<Entities>,
    /// Whether it is to be allowed.
    allowed: bool,
    reasons: Reasons,
    errors: Errors,
}

impl Recorded {
    /// Of a row that states a decision.
    pub(super) fn of_row(id: &str, location: &Location, asked: (&Request, &Arc<Entities>), row: &Row<'_>) -> Self {
        Self {
            reasons: row.reasons.clone(),
            errors: row.errors.clone(),
            ..Self::of_who(id, location, asked, row.decision == Decision::Allow)
        }
    }

    /// Of one of those whom a row asks about.
    pub(super) fn of_who(
        id: &str,
        location: &Location,
        (request, entities): (&Request, &Arc<Entities>),
        allowed: bool,
    ) -> Self {
        Self {
            id: id.to_owned(),
            location: location.clone(),
            request: request.clone(),
            entities: Arc::clone(entities),
            allowed,
            reasons: Reasons::Open,
            errors: Errors::Open,
        }
    }

    /// Whether `verdict`, an answer of the policies of `store` or of what stands in their place, is what the row
    /// states.
    #[must_use]
    pub fn passes(&self, store: &Store, verdict: &Verdict) -> bool {
        if verdict.allowed != self.allowed {
            return false;
        }
        if matches!((&self.reasons, &self.errors), (Reasons::Open, Errors::Open)) {
            return true;
        }
        let decision = if verdict.allowed { Decision::Allow } else { Decision::Deny };
        let mut reason: Vec<_> = verdict.reason.iter().filter_map(|key| policy_ref(store, key)).collect();
        reason.sort_by(|a, b| a.name.cmp(&b.name));
        let errors = verdict.errors.iter().filter_map(|key| policy_ref(store, key));
        let mut errors: Vec<_> = errors.map(|policy| PolicyError { policy, message: String::new() }).collect();
        errors.sort_by(|a, b| a.policy.name.cmp(&b.policy.name));
        let got = Got { decision, reason, errors };
        mismatches(store, decision, (&self.reasons, &self.errors), &got).is_ok_and(|wrong| wrong.is_empty())
    }
}

/// The rows of a repository that passed.
#[derive(Debug, Default)]
pub struct Record {
    /// By the address of the store.
    rows: Mutex<HashMap<usize, Vec<Recorded>>>,
}

impl Record {
    /// Keeps rows of `store`.
    pub(super) fn add(&self, store: &Store, rows: Vec<Recorded>) {
        let Ok(mut all) = self.rows.lock() else { return };
        all.entry(std::ptr::from_ref(store).addr()).or_default().extend(rows);
    }

    /// The rows of `store` that passed, in the order of their files and places.
    #[must_use]
    pub fn of(&self, store: &Store) -> Vec<Recorded> {
        let Ok(mut all) = self.rows.lock() else { return Vec::new() };
        let mut rows = all.remove(&std::ptr::from_ref(store).addr()).unwrap_or_default();
        rows.sort_by(|a, b| (&a.location, &a.id).cmp(&(&b.location, &b.id)));
        rows
    }
}
