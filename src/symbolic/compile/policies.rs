//! The policies of one side, with the terms that they are kept as.
//!
//! # Why
//!
//! Terms are compiled once for a family of environments, which differ in the action only. Where a policy has `action`
//! in its scope only, and the scope admits the environment, the action is a constant that is true; what else the terms
//! depend on is the types of principal, resource and context. Policies with `action ==`, and those whose conditions ask
//! for the action, are compiled for each environment.
//!
//! Up to 10,000 policies' terms are kept so. Sessions that run at the same time each take the policies that no other is
//! compiling, so that they divide the work.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, MutexGuard, PoisonError, TryLockError};

use cedar_policy::{PolicySet, RequestEnv};
use cedar_policy_symcc::SymEnv;

use super::schema::SchemaModel;
use super::subject::Subject;
use super::variant::Compiled;
use crate::symbolic::reason::SetAsideReason;

/// What a policy is to one request environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It is compiled.
    Applies,
    /// Its scope excludes the environment: it neither matches nor errors there.
    OutOfScope,
    /// It could not be compiled, and why: every question that names it is unknown.
    SetAside(SetAsideReason),
}

/// What environments have in common in which every question about the same policies has the same answer: their types,
/// and the policies whose scope admits them.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Likeness {
    family: usize,
    policies: Vec<usize>,
}

/// The terms of so many policies are kept for other environments of their families.
const KEPT: usize = 10_000;

/// Policies under their schema: one side of a question.
#[derive(Debug)]
pub struct CompiledPolicies {
    schema: Arc<SchemaModel>,
    subjects: Vec<Subject>,
    /// How many terms the subjects keep together.
    kept: AtomicUsize,
}

/// Whether to wait for another thread that compiles the same policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::symbolic) enum Busy {
    /// Wait for it.
    Wait,
    /// Come back later.
    Skip,
}

impl CompiledPolicies {
    /// `subjects`, in this order, under `schema`.
    pub fn new(schema: Arc<SchemaModel>, subjects: Vec<Subject>) -> Self {
        Self { schema, subjects, kept: AtomicUsize::new(0) }
    }

    /// All static policies and links of `set`, sorted by id, then all templates, sorted by id.
    pub fn from_set(schema: Arc<SchemaModel>, set: &PolicySet) -> Self {
        let mut subjects: Vec<Subject> = set.policies().map(Subject::policy).collect();
        subjects.sort_by(|a, b| a.id.cmp(&b.id));
        let mut templates: Vec<Subject> = set.templates().map(Subject::template).collect();
        templates.sort_by(|a, b| a.id.cmp(&b.id));
        subjects.extend(templates);
        Self::new(schema, subjects)
    }

    /// The schema.
    pub fn schema(&self) -> &Arc<SchemaModel> {
        &self.schema
    }

    /// The policies, by [`crate::symbolic::PolicyRef::index`].
    pub fn subjects(&self) -> &[Subject] {
        &self.subjects
    }

    /// What the answers to questions about `environment`, which is one of the schema, hang on. `None` where the action
    /// matters besides: a policy asks for it outside of its scope, or no other environment has these types.
    pub fn likeness(&self, environment: &RequestEnv) -> Option<Likeness> {
        let family = self.schema.family(environment)?;
        let admitted = self.subjects.iter().enumerate().filter(|(_, one)| one.admits(&self.schema, environment));
        let policies = admitted.map(|(index, one)| one.is_shareable().then_some(index)).collect::<Option<_>>()?;
        Some(Likeness { family, policies })
    }

    /// The policy as terms over an environment of `family` ([`SchemaModel::family`]) that its scope admits, from those
    /// kept if they are; `None` if another thread is at it and `busy` says not to wait.
    pub(in crate::symbolic) fn compiled(
        &self,
        subject: &Subject,
        environment: &RequestEnv,
        symbols: &SymEnv,
        family: Option<usize>,
        busy: Busy,
    ) -> Option<Result<Compiled, SetAsideReason>> {
        let compile = || subject.compile(&self.schema, environment, symbols).map(Arc::new);
        let Some(family) = family.filter(|_| subject.is_shareable()) else { return Some(compile()) };
        let mut kept: MutexGuard<'_, Vec<(usize, Compiled)>> = match busy {
            Busy::Wait => subject.kept.lock().unwrap_or_else(PoisonError::into_inner),
            Busy::Skip => match subject.kept.try_lock() {
                Ok(kept) => kept,
                Err(TryLockError::Poisoned(kept)) => kept.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            },
        };
        if let Some((_, compiled)) = kept.iter().find(|(number, _)| *number == family) {
            return Some(Ok(Arc::clone(compiled)));
        }
        let compiled = compile();
        if let Ok(compiled) = &compiled
            && self.kept.fetch_add(1, Ordering::Relaxed) < KEPT
        {
            kept.push((family, Arc::clone(compiled)));
        }
        Some(compiled)
    }

    /// Compares the terms that are kept with those made for this environment alone; how many there were, or the policy
    /// whose terms differ. For tests.
    #[doc(hidden)]
    pub fn compare_kept(&self, environment: &RequestEnv) -> Result<usize, String> {
        let symbols = self.schema.symbols(environment)?;
        let Some(family) = self.schema.family(environment) else { return Ok(0) };
        let mut compared = 0;
        for subject in self.subjects.iter().filter(|subject| subject.admits(&self.schema, environment)) {
            let kept = subject.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let Some((_, kept)) = kept.iter().find(|(number, _)| *number == family) else { continue };
            if **kept != subject.compile(&self.schema, environment, &symbols).map_err(|why| why.to_string())? {
                return Err(subject.id().to_owned());
            }
            compared += 1;
        }
        Ok(compared)
    }
}
