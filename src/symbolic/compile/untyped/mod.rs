//! What Cedar's evaluator does with a policy over one environment, as terms, whether or not the policy typechecks.
//!
//! | file | what it does |
//! |---|---|
//! | `value` | what an expression may come to, case by case |
//! | `expression` | expressions, by what the evaluator does with them |
//! | `operators` | operators of one and of two operands |
//! | `attributes` | attributes and tags |
//! | `same` | when values are equal, and when sets hold them |
//! | `extension` | functions of addresses, decimals, dates and durations |
//!
//! # Why
//!
//! symcc compiles what the strict typechecker accepts, and the typechecker refuses a whole policy for one `context.mfa`
//! without a `has`. But over requests and entities that fit the schema what the evaluator does with each expression is
//! fixed (<https://docs.cedarpolicy.com/policies/syntax-operators.html>): an attribute that is optional may be absent,
//! and reading it is an error then; one that the schema does not declare is always absent; an operand of the wrong type
//! is an error; values of different types are not equal; an entity that no data can hold is in nothing and has nothing.
//! So an expression comes to one of a few values, each under a guard, and to an error where no guard holds. Values are
//! symcc's terms, made by symcc's own constructors, and what is built is shared, not copied.
//!
//! What typechecks is left to symcc; tests hold both ways to each other there, and this one to the evaluator
//! everywhere.

mod attributes;
mod expression;
mod extension;
mod operators;
mod same;
mod value;

use cedar_policy::Policy;
use cedar_policy_symcc::SymEnv;
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::term_factory::not;

use self::expression::{Scope, cases_of};
use crate::symbolic::reason::SetAsideReason;

/// When the policy, whose slots are written out, matches, and when it errors: two boolean terms over `symbols`.
///
/// # Errors
/// When what it does hangs on something that terms cannot express.
pub(super) fn compile(policy: &Policy, symbols: &SymEnv) -> Result<(Term, Term), SetAsideReason> {
    let policy: &cedar_policy_core::ast::Policy = policy.as_ref();
    let condition = cases_of(&policy.condition(), &Scope::new(symbols)).booleans();
    if let Some(why) = condition.beyond() {
        return Err(SetAsideReason::Unsupported(why));
    }
    let (defined, value) = condition.boolean();
    Ok((cedar_policy_symcc::term_factory::and(defined.clone(), value), not(defined)))
}
