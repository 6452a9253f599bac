//! Which mutants rows kill.

use std::collections::BTreeSet;

use cedar_policy::{AuthorizationError, Authorizer, Effect, Entities, PolicyId, PolicySet, Request, Response};
use rayon::prelude::*;

use super::mutant::Mutant;
use crate::decide::ScopedAuthorizer;
use crate::repo::Store;
use crate::tables::{Recorded, Verdict};

/// Which policies are satisfied by a request, and which fail to evaluate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Satisfied {
    permits: BTreeSet<PolicyId>,
    forbids: BTreeSet<PolicyId>,
    errors: BTreeSet<PolicyId>,
}

impl Satisfied {
    fn add(&mut self, effect: Effect, response: &Response) {
        let of_effect = match effect {
            Effect::Permit => &mut self.permits,
            Effect::Forbid => &mut self.forbids,
        };
        of_effect.extend(response.diagnostics().reason().cloned());
        self.errors.extend(
            response
                .diagnostics()
                .errors()
                .map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id().clone()),
        );
    }

    /// What follows from it, by Cedar's semantics: a permit, and no forbid.
    /// <https://docs.cedarpolicy.com/auth/authorization.html>
    pub(super) fn verdict(&self) -> Verdict {
        let allowed = !self.permits.is_empty() && self.forbids.is_empty();
        let reason = if self.forbids.is_empty() { &self.permits } else { &self.forbids };
        Verdict { allowed, reason: reason.iter().cloned().collect(), errors: self.errors.iter().cloned().collect() }
    }

    fn concerns(&self, keys: &[PolicyId]) -> bool {
        keys.iter().any(|key| self.permits.contains(key) || self.forbids.contains(key) || self.errors.contains(key))
    }

    /// The same with `mutant`, asked about the same request.
    pub(super) fn with(&self, mutant: &Mutant<'_>, request: &Request, entities: &Entities) -> Self {
        let mut all = self.clone();
        for key in &mutant.gone {
            all.permits.remove(key);
            all.forbids.remove(key);
            all.errors.remove(key);
        }
        if let Some(policy) = mutant.come.first() {
            all.add(policy.effect(), &Authorizer::new().is_authorized(request, &mutant.set, entities));
        }
        all
    }
}

/// The policies of a store by effect, so that all that are satisfied are seen: beside a forbid the authorizer names no
/// permit.
pub(super) struct Effects {
    permits: ScopedAuthorizer,
    forbids: ScopedAuthorizer,
}

impl Effects {
    pub(super) fn of(store: &Store) -> Self {
        let of = |effect: Effect| {
            let mut set: PolicySet = store.set.clone();
            let others = store.deciding().filter_map(|(key, ..)| store.set.policy(key));
            for policy in others.filter(|policy| policy.effect() != effect) {
                let gone = match policy.template_id() {
                    Some(_) => set.unlink(policy.id().clone()).map(|_| ()),
                    None => set.remove_static(policy.id().clone()).map(|_| ()),
                };
                debug_assert!(gone.is_ok());
            }
            ScopedAuthorizer::new(&set)
        };
        Self { permits: of(Effect::Permit), forbids: of(Effect::Forbid) }
    }

    pub(super) fn satisfied(&self, request: &Request, entities: &Entities) -> Satisfied {
        let mut all = Satisfied::default();
        all.add(Effect::Permit, &self.permits.is_authorized(request, entities));
        all.add(Effect::Forbid, &self.forbids.is_authorized(request, entities));
        all
    }
}

/// A row and what it satisfies today.
struct Asked {
    row: Recorded,
    satisfied: Satisfied,
}

/// For each of `mutants` the id of one of `rows` that kills it, if any does.
pub(super) fn killed(
    store: &Store,
    effects: &Effects,
    rows: Vec<Recorded>,
    mutants: &[Mutant<'_>],
) -> Vec<Option<String>> {
    let asked = |row: Recorded| Asked { satisfied: effects.satisfied(&row.request, &row.entities), row };
    let rows: Vec<Asked> = rows.into_par_iter().map(asked).collect();
    let kills = |asked: &Asked, mutant: &Mutant<'_>| {
        let with = asked.satisfied.with(mutant, &asked.row.request, &asked.row.entities);
        // What comes to the same passes as before.
        with != asked.satisfied && !asked.row.passes(store, &with.verdict())
    };
    let killed = |mutant: &Mutant<'_>| {
        // Rows that the policy decides notice first.
        let (first, then): (Vec<&Asked>, Vec<&Asked>) =
            rows.iter().partition(|asked| asked.satisfied.concerns(&mutant.gone));
        first.into_iter().chain(then).find(|asked| kills(asked, mutant)).map(|asked| asked.row.id.clone())
    };
    mutants.par_iter().map(killed).collect()
}
