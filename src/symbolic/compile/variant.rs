//! A policy as symcc's terms over one environment.
//!
//! # Why
//!
//! The terms are cedar-policy-symcc's, the search is ours. Each policy is compiled on its own, and of the assertions
//! only the last is taken, the negated property. symcc's axioms about hierarchies are quadratic in the entity terms;
//! ours (`theory::hierarchy`) are added when a model breaks one.

use std::sync::Arc;

use cedar_policy::{EntityUid, Policy, RequestEnv, SlotId};
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::{Asserts, CompiledPolicy, SymEnv, err, never_errors_asserts, never_matches_asserts};

use super::schema::SchemaModel;
use crate::symbolic::reason::SetAsideReason;

/// What stands in a slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::symbolic) struct SlotValue {
    /// The slot.
    pub(in crate::symbolic) slot: SlotId,
    /// The entity.
    pub(in crate::symbolic) entity: EntityUid,
    /// Whether the entity is only a marker for "any entity of its type".
    pub(in crate::symbolic) marker: bool,
}

/// A policy as terms over one environment; for a template, under one choice of its slots' types.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::symbolic) struct Variant {
    /// Boolean: it matches.
    pub(in crate::symbolic) matches: Term,
    /// Boolean: it errors.
    pub(in crate::symbolic) errors: Term,
    /// What stands in each slot.
    pub(in crate::symbolic) slots: Vec<SlotValue>,
}

/// The variants of a policy: one, unless it is a template.
pub(in crate::symbolic) type Compiled = Arc<Vec<Variant>>;

/// Cedar's `complaint` without the name for the policy that it begins with, which is one of ours.
fn without_name(complaint: &str) -> &str {
    let words = complaint.strip_prefix("for policy `").and_then(|rest| rest.split_once("`, "));
    words.map_or(complaint, |(_, words)| words)
}

/// Compiles a policy whose slots are written out, with what stands in them.
///
/// # Errors
/// When it does not typecheck, or symcc refuses it.
pub(super) fn compile(
    policy: &Policy,
    schema: &SchemaModel,
    environment: &RequestEnv,
    symbols: &SymEnv,
    slots: Vec<SlotValue>,
) -> Result<Variant, SetAsideReason> {
    let compiled = CompiledPolicy::compile_with_custom_symenv(policy, environment, schema.schema(), symbols.clone())
        .map_err(|error| match error {
            err::Error::PolicyNotWellTyped { errs } => SetAsideReason::NotWellTyped(match errs.into_iter().next() {
                Some(first) => without_name(&first.to_string()).to_owned(),
                None => "it does not typecheck".to_owned(),
            }),
            other => SetAsideReason::Refused(other.to_string()),
        })?;
    // Of the assertions of a property, the last is the negated property itself; those before it are about hierarchies,
    // which the engine says in its own way. tests/engine/symcc_contract.rs holds symcc to this.
    let goal = |asserts: &Asserts| asserts.last().cloned().unwrap_or_else(|| Term::from(true));
    Ok(Variant {
        matches: goal(never_matches_asserts(&compiled).asserts()),
        errors: goal(never_errors_asserts(&compiled).asserts()),
        slots,
    })
}
