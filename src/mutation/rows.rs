//! Which mutants rows notice.
//!
//! # Why
//!
//! Every row is asked of every mutant. So the changed policies are compiled together and asked at once, and what they
//! share is evaluated once; each row that notices is confirmed by Cedar's authorizer.

use std::collections::BTreeSet;

use cedar_policy::{AuthorizationError, Authorizer, Effect, Entities, PolicyId, PolicySet, Request, Response};
use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::mutant::Mutant;
use crate::decide::{Answerer, CompiledAuthorizer, Gaps, ScopedAuthorizer};
use crate::repo::Store;
use crate::symbolic::Meter;
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

    fn without(&self, keys: &[PolicyId]) -> Self {
        let mut all = self.clone();
        for key in keys {
            all.permits.remove(key);
            all.forbids.remove(key);
            all.errors.remove(key);
        }
        all
    }

    /// The same with `mutant`, whose one policy does this.
    fn done(&self, mutant: &Mutant<'_>, does: Option<Does>) -> Self {
        let mut all = self.without(&mutant.gone);
        if let (Some(policy), Some(does)) = (mutant.come.first(), does) {
            let of = match does {
                Does::Permit => &mut all.permits,
                Does::Forbid => &mut all.forbids,
                Does::Err => &mut all.errors,
            };
            of.insert(policy.id().clone());
        }
        all
    }

    /// The same with `mutant`, asked about the same request.
    pub(super) fn with(&self, mutant: &Mutant<'_>, request: &Request, entities: &Entities) -> Self {
        let mut all = self.without(&mutant.gone);
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
            let mut set = PolicySet::clone(&store.set);
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

/// What a changed policy does with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    Permit,
    Forbid,
    Err,
}

/// The changed policies of all mutants, compiled once and asked at once.
struct Compiled {
    authorizer: CompiledAuthorizer,
    /// Of each mutant, whether it is among them; those of templates are left to Cedar's authorizer.
    there: Vec<bool>,
}

impl Compiled {
    fn of(mutants: &[Mutant<'_>]) -> Self {
        let mut set = PolicySet::new();
        let add = |(at, mutant): (usize, &Mutant<'_>)| match mutant.come.as_slice() {
            [] => true,
            [policy] if policy.template_id().is_none() => set.add(policy.new_id(PolicyId::new(at.to_string()))).is_ok(),
            _ => false,
        };
        let there = mutants.iter().enumerate().map(add).collect();
        Self { authorizer: CompiledAuthorizer::new(&set, &Entities::empty()), there }
    }

    /// What the policies of mutants do with the request of `row`, by the number of the mutant; those that do nothing
    /// are left out. `None` where that cannot be said.
    fn done(&self, answerer: &mut Answerer<'_>, row: &Recorded) -> Option<FxHashMap<usize, Does>> {
        let answer = answerer.answer(&row.request, Gaps::default(), Some(&row.entities));
        if !answer.all {
            return None;
        }
        let all = [(answer.permits, Does::Permit), (answer.forbids, Does::Forbid), (answer.errors, Does::Err)];
        let mutant = |number: &u32| AsRef::<str>::as_ref(self.authorizer.policy(*number)?).parse().ok();
        let each = |(numbers, does): (&[u32], Does)| -> Vec<(usize, Does)> {
            numbers.iter().filter_map(|number| Some((mutant(number)?, does))).collect()
        };
        Some(all.into_iter().flat_map(each).collect())
    }
}

/// A row with what it satisfies today, and what mutants do with it.
struct Asked {
    row: Recorded,
    satisfied: Satisfied,
    /// `None` where Cedar's authorizer has to say.
    done: Option<FxHashMap<usize, Does>>,
}

/// What rows notice of a mutant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Noticed {
    /// Nothing.
    Nothing,
    /// The row of this id fails.
    By(String),
    /// A row fails, and Cedar's authorizer says that it does not.
    Disputed,
}

/// What `rows` notice of each of `mutants`, each of which is a part of the work for `meter`.
pub(super) fn noticed(
    store: &Store,
    effects: &Effects,
    rows: Vec<Recorded>,
    mutants: &[Mutant<'_>],
    meter: &Meter,
) -> Vec<Noticed> {
    meter.begin(mutants.len());
    let compiled = Compiled::of(mutants);
    let asked = |answerer: &mut Answerer<'_>, row: Recorded| {
        let satisfied = effects.satisfied(&row.request, &row.entities);
        Asked { satisfied, done: compiled.done(answerer, &row), row }
    };
    let rows: Vec<Asked> = rows.into_par_iter().map_init(|| compiled.authorizer.answerer(), asked).collect();
    let by_cedar = |asked: &Asked, mutant: &Mutant<'_>| {
        let with = asked.satisfied.with(mutant, &asked.row.request, &asked.row.entities);
        // What comes to the same passes as before.
        with != asked.satisfied && !asked.row.passes(store, &with.verdict())
    };
    let fails = |asked: &Asked, at: usize, mutant: &Mutant<'_>| {
        let (Some(true), Some(done)) = (compiled.there.get(at), &asked.done) else { return by_cedar(asked, mutant) };
        let done = done.get(&at).copied();
        if done.is_none() && !asked.satisfied.concerns(&mutant.gone) {
            return false;
        }
        let with = asked.satisfied.done(mutant, done);
        with != asked.satisfied && !asked.row.passes(store, &with.verdict())
    };
    let of = |(at, mutant): (usize, &Mutant<'_>)| {
        // Rows that the policy decides notice first.
        let (first, then): (Vec<&Asked>, Vec<&Asked>) =
            rows.iter().partition(|asked| asked.satisfied.concerns(&mutant.gone));
        match first.into_iter().chain(then).find(|asked| fails(asked, at, mutant)) {
            None => Noticed::Nothing,
            Some(asked) if by_cedar(asked, mutant) => Noticed::By(asked.row.id.clone()),
            Some(_) => Noticed::Disputed,
        }
    };
    mutants.par_iter().enumerate().map(of).inspect(|_| meter.finish(1)).collect()
}
