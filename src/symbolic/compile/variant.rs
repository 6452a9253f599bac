//! A policy as symcc's terms over one environment.
//!
//! # Why
//!
//! The terms are cedar-policy-symcc's where a policy typechecks (else `untyped` makes them), the search is ours. Each
//! policy is compiled on its own, and of the assertions only the last is taken, the negated property. symcc's axioms
//! about hierarchies are quadratic in the entity terms; ours (`theory::hierarchy`) are added when a model breaks one.

use std::sync::Arc;

use cedar_policy::{EntityUid, Policy, RequestEnv, SlotId};
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::{Asserts, CompiledPolicy, SymEnv, never_errors_asserts, never_matches_asserts};

use super::schema::SchemaModel;
use super::{terms, untyped};
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
    /// Whether it is not known to typecheck.
    pub(in crate::symbolic) ill_typed: bool,
}

/// The variants of a policy: one, unless it is a template.
pub(in crate::symbolic) type Compiled = Arc<Vec<Variant>>;

/// How many `if`s may be nested in each other in what Cedar's typechecker is given. Where a test is constant, it puts
/// one branch in the place of both, so that each level can double what is to be compiled.
const CONDITIONALS: usize = 10;

/// Compiles a policy whose slots are written out, with what stands in them: by symcc if it typechecks, else by what the
/// evaluator does with it.
///
/// # Errors
/// When what it does hangs on something that terms cannot express.
pub(super) fn compile(
    policy: &Policy,
    schema: &SchemaModel,
    environment: &RequestEnv,
    symbols: &SymEnv,
    slots: Vec<SlotValue>,
) -> Result<Variant, SetAsideReason> {
    if terms::conditional_depth(policy) > CONDITIONALS {
        return untyped(policy, symbols, slots);
    }
    let compiled = CompiledPolicy::compile_with_custom_symenv(policy, environment, schema.schema(), symbols.clone());
    if let Ok(compiled) = compiled {
        // Of the assertions of a property, the last is the negated property itself; those before it are about
        // hierarchies, which the engine says in its own way. tests/engine/symcc_contract.rs holds symcc to this.
        let goal = |asserts: &Asserts| asserts.last().cloned().unwrap_or_else(|| Term::from(true));
        return Ok(Variant {
            matches: goal(never_matches_asserts(&compiled).asserts()),
            errors: goal(never_errors_asserts(&compiled).asserts()),
            slots,
            ill_typed: false,
        });
    }
    untyped(policy, symbols, slots)
}

/// The same, by what the evaluator does with the policy.
///
/// # Errors
/// When what it does hangs on something that terms cannot express.
pub(super) fn untyped(policy: &Policy, symbols: &SymEnv, slots: Vec<SlotValue>) -> Result<Variant, SetAsideReason> {
    let (matches, errors) = untyped::compile(policy, symbols)?;
    Ok(Variant { matches, errors, slots, ill_typed: true })
}
