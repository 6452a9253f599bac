//! The policies of a session, compiled for its environment when they are asked for.

use cedar_policy::RequestEnv;
use cedar_policy_symcc::SymEnv;
use cedar_policy_symcc::term_type::TermType;
use rayon::prelude::*;

use crate::symbolic::compile::{Busy, Compiled, CompiledPolicies, SchemaModel, Status, Subject, Variant};
use crate::symbolic::question::{Apart, PolicyRef};
use crate::symbolic::reason::SetAsideReason;

/// A policy in this environment.
#[derive(Debug)]
enum Entry {
    New,
    OutOfScope,
    SetAside(SetAsideReason),
    Compiled(Compiled),
}

/// The policies of one side.
#[derive(Debug)]
struct Side<'a> {
    policies: &'a CompiledPolicies,
    /// Policies that questions may name, besides those of the side.
    added: Vec<&'a Subject>,
    symbols: Result<SymEnv, SetAsideReason>,
    family: Option<usize>,
    /// By index, the added ones last.
    entries: Vec<Entry>,
}

/// The policies of a session, of one side or two.
#[derive(Debug)]
pub(in crate::symbolic) struct SessionPolicies<'a> {
    environment: RequestEnv,
    sides: Vec<Side<'a>>,
    loosened: bool,
    apart: Option<Apart>,
}

impl<'a> SessionPolicies<'a> {
    /// `sides` over `environment`, none of them compiled.
    pub(in crate::symbolic) fn new(sides: Vec<&'a CompiledPolicies>, environment: &RequestEnv) -> Self {
        let side = |policies: &'a CompiledPolicies| Side {
            policies,
            added: Vec::new(),
            symbols: policies.schema().symbols(environment).map_err(SetAsideReason::Refused),
            family: policies.schema().family(environment),
            entries: policies.subjects().iter().map(|_| Entry::New).collect(),
        };
        Self {
            environment: environment.clone(),
            sides: sides.into_iter().map(side).collect(),
            loosened: false,
            apart: None,
        }
    }

    /// The same, where what only the first side requires may be absent on the second.
    pub(super) fn with_loosened(self) -> Self {
        Self { loosened: true, ..self }
    }

    /// The same, where the sides have something apart.
    pub(super) fn with_apart(self, what: &Apart) -> Self {
        Self { apart: Some(what.clone()), ..self }
    }

    /// What the sides have apart, if they do.
    pub(super) fn apart(&self) -> Option<&Apart> {
        self.apart.as_ref()
    }

    /// Whether what only the first side requires may be absent on the second.
    pub(super) fn loosened(&self) -> bool {
        self.loosened
    }

    /// The environment.
    pub(in crate::symbolic) fn environment(&self) -> &RequestEnv {
        &self.environment
    }

    /// The schema of each side.
    pub(in crate::symbolic) fn schemas(&self) -> impl Iterator<Item = &'a SchemaModel> {
        self.sides.iter().map(|side| -> &'a SchemaModel { side.policies.schema() })
    }

    /// The schema of a side.
    pub(in crate::symbolic) fn schema(&self, side: usize) -> Option<&'a SchemaModel> {
        self.schemas().nth(side)
    }

    /// symcc's variables and functions, as a side has them.
    pub(in crate::symbolic) fn symbols(&self, side: usize) -> Option<&SymEnv> {
        self.sides.get(side)?.symbols.as_ref().ok()
    }

    /// How many sides there are.
    pub(in crate::symbolic) fn sides(&self) -> usize {
        self.sides.len()
    }

    /// The type of the request's context, as a side has it.
    pub(super) fn context_type(&self, side: usize) -> Option<TermType> {
        Some(self.sides.get(side)?.symbols.as_ref().ok()?.request.context.type_of())
    }

    /// How many policies a side has, added ones aside.
    pub(super) fn count(&self, side: usize) -> usize {
        self.sides.get(side).map_or(0, |side| side.policies.subjects().len())
    }

    /// The policies of a side, added ones aside.
    pub(super) fn all(&self, side: usize) -> impl Iterator<Item = PolicyRef> + use<> {
        (0..self.count(side)).map(move |index| PolicyRef { side, index })
    }

    /// Adds a policy that questions may name.
    pub(super) fn add(&mut self, side: usize, subject: &'a Subject) -> PolicyRef {
        let mut index = self.count(side);
        if let Some(side) = self.sides.get_mut(side) {
            index += side.added.len();
            side.added.push(subject);
            side.entries.push(Entry::New);
        }
        PolicyRef { side, index }
    }

    /// The policy itself.
    pub(in crate::symbolic) fn subject(&self, policy: PolicyRef) -> Option<&'a Subject> {
        let side = self.sides.get(policy.side)?;
        let policies: &'a CompiledPolicies = side.policies;
        match policy.index.checked_sub(policies.subjects().len()) {
            None => policies.subjects().get(policy.index),
            Some(added) => side.added.get(added).copied(),
        }
    }

    /// What the policy is to this environment; compiles it if need be.
    pub(in crate::symbolic) fn status(&mut self, policy: PolicyRef) -> Status {
        match self.entry(policy, Busy::Wait) {
            Some(Entry::Compiled(_)) => Status::Applies,
            Some(Entry::SetAside(why)) => Status::SetAside(why.clone()),
            Some(Entry::OutOfScope | Entry::New) | None => Status::OutOfScope,
        }
    }

    /// Whether the policy is set aside; compiles it if need be.
    pub(super) fn is_set_aside(&mut self, policy: PolicyRef) -> bool {
        // Mostly it is compiled already: no need to look further.
        matches!(self.entry(policy, Busy::Wait), Some(Entry::SetAside(_)))
    }

    /// The terms of a policy, as far as it is compiled: for a template, one for each choice of its slots.
    pub(in crate::symbolic) fn variants(&self, policy: PolicyRef) -> &[Variant] {
        match self.sides.get(policy.side).and_then(|side| side.entries.get(policy.index)) {
            Some(Entry::Compiled(variants)) => variants,
            Some(Entry::New | Entry::OutOfScope | Entry::SetAside(_)) | None => &[],
        }
    }

    /// Compiles every policy now, on all cores.
    pub(in crate::symbolic) fn prepare(&mut self) {
        let Self { sides, environment, .. } = self;
        for Side { policies, symbols, family, entries, .. } in sides {
            let new = |(subject, slot): (&Subject, &mut Entry)| {
                if matches!(slot, Entry::New)
                    && let Some(entry) = entry(policies, subject, environment, symbols, *family, Busy::Wait)
                {
                    *slot = entry;
                }
            };
            policies.subjects().par_iter().zip(entries).with_min_len(16).for_each(new);
        }
    }

    /// Compiles what is not compiled yet of a side; first what no other session is at, so that sessions which need the
    /// same policies share the work.
    pub(super) fn compile_side(&mut self, side: usize) {
        for busy in [Busy::Skip, Busy::Wait] {
            for policy in self.all(side) {
                self.entry(policy, busy);
            }
        }
    }

    fn entry(&mut self, policy: PolicyRef, busy: Busy) -> Option<&Entry> {
        let subject = self.subject(policy)?;
        let pair = self.sides.len() > 1;
        let side = self.sides.get_mut(policy.side)?;
        let slot = side.entries.get_mut(policy.index)?;
        if matches!(slot, Entry::New) {
            // What was added may be asked under either schema, and families are of one.
            let added = policy.index >= side.policies.subjects().len();
            let family = side.family.filter(|_| !(pair && added));
            *slot = entry(side.policies, subject, &self.environment, &side.symbols, family, busy)?;
        }
        Some(slot)
    }
}

/// What a policy is to an environment; `None` if another thread is compiling it and `busy` says not to wait.
fn entry(
    policies: &CompiledPolicies,
    subject: &Subject,
    environment: &RequestEnv,
    symbols: &Result<SymEnv, SetAsideReason>,
    family: Option<usize>,
    busy: Busy,
) -> Option<Entry> {
    if !subject.admits(policies.schema(), environment) {
        return Some(Entry::OutOfScope);
    }
    let compiled = match symbols {
        Ok(symbols) => policies.compiled(subject, environment, symbols, family, busy)?,
        Err(why) => Err(why.clone()),
    };
    Some(match compiled {
        Ok(variants) => Entry::Compiled(variants),
        Err(why) => Entry::SetAside(why),
    })
}
