//! What cvc5 is asked: the question of a session as terms, and what symcc assumes of the entities that they read.

use std::sync::Arc;

use cedar_policy::{PolicyId, PolicySet};
use cedar_policy_symcc::term::Term;
use cedar_policy_symcc::term_factory::{and, not, or};
use cedar_policy_symcc::{CompiledPolicySet, always_allows_asserts, always_denies_asserts};

use super::question::{Answer, Formula, PolicyRef};
use super::reason::Reason;
use super::solve::{SessionPolicies, Solver};
use super::solvers::{Silence, SolverMode, Solvers};

/// The answer to `question` that `builtin`, the engine, gives, cvc5 gives, or both, as the schema of the session says.
pub(super) fn judged<'a, T>(
    solver: &mut Solver<'a>,
    question: &Formula,
    builtin: impl FnOnce(&mut Solver<'a>, &Formula) -> Answer<T>,
) -> Answer<T> {
    let solvers = match solver.encoding.policies.schema(0).map(|schema| schema.solvers()) {
        Some(solvers) if solvers.mode() != SolverMode::Builtin => Arc::clone(solvers),
        _ => return builtin(solver, question),
    };
    if let Some(reason) = solver.named_set_aside(question) {
        return Answer::Unknown(reason);
    }
    let apart = |found: bool| Answer::Unknown(Reason::Solvers { found, question: format!("{question:?}") });
    let second = |solver: &mut Solver<'a>| refuted(&mut solver.encoding.policies, question, &solvers);
    if solvers.mode() == SolverMode::Cvc5 {
        return match second(solver) {
            Ok(true) => {
                solvers.agree();
                Answer::Impossible
            }
            Ok(false) => match builtin(solver, question) {
                Answer::Impossible => apart(false),
                Answer::Witness(found) => {
                    solvers.agree();
                    Answer::Witness(found)
                }
                unknown @ Answer::Unknown(_) => unknown,
            },
            Err(why) => {
                solvers.miss(&why);
                Answer::Unknown(Reason::Silent(why))
            }
        };
    }
    let answer = builtin(solver, question);
    if let Answer::Unknown(_) = answer {
        return answer;
    }
    match (second(solver), &answer) {
        (Ok(true), Answer::Impossible) | (Ok(false), Answer::Witness(_)) => {
            solvers.agree();
            answer
        }
        (Ok(refuted), _) => apart(refuted),
        (Err(why), answer_is) => {
            solvers.miss(&why);
            match why {
                // A request that was found speaks for itself.
                Silence::GaveUp(_) if answer_is.is_impossible() => Answer::Unknown(Reason::Silent(why)),
                _ => answer,
            }
        }
    }
}

/// Whether cvc5 says that no request fulfils `question`.
fn refuted(policies: &mut SessionPolicies<'_>, question: &Formula, solvers: &Solvers) -> Result<bool, Silence> {
    if policies.sides() > 1 {
        return Err(Silence::TwoSchemas);
    }
    let question = policies.expand(question);
    let mut named: Vec<PolicyRef> = Vec::new();
    question.policies(&mut |policy| named.push(policy));
    named.sort_unstable();
    named.dedup();
    named.iter().for_each(|policy| drop(policies.status(*policy)));
    let unknown_slots = |policy: &PolicyRef| policies.variants(*policy).iter().any(|variant| !variant.slots.is_empty());
    if named.iter().any(unknown_slots) {
        return Err(Silence::Template);
    }
    let ill_typed = |policy: &PolicyRef| policies.variants(*policy).iter().any(|variant| variant.ill_typed);
    let (ill_typed, typed): (Vec<PolicyRef>, Vec<PolicyRef>) = named.into_iter().partition(ill_typed);
    let mut terms = assumed(policies, &typed)?;
    terms.push(term(policies, &question));
    let symbols = policies.symbols(0).ok_or(Silence::TwoSchemas)?;
    match solvers.refutes(terms, symbols)? {
        // With more assumptions, there might be none.
        false if !ill_typed.is_empty() => Err(Silence::IllTyped),
        refuted => Ok(refuted),
    }
}

/// What symcc assumes of the entities that `named` read: hierarchies are transitive and have no cycles. They typecheck.
fn assumed(policies: &SessionPolicies<'_>, named: &[PolicyRef]) -> Result<Vec<Term>, Silence> {
    let gave_up = |error: &dyn std::fmt::Display| Silence::GaveUp(error.to_string());
    let mut set = PolicySet::new();
    for (number, policy) in named.iter().enumerate() {
        let whole = policies.subject(*policy).and_then(|subject| subject.whole().ok());
        // What is out of scope here says nothing of entities.
        if let Some(whole) = whole.filter(|_| !policies.variants(*policy).is_empty()) {
            let renamed = whole.new_id(PolicyId::new(format!("p{number}")));
            set.add(renamed).map_err(|error| gave_up(&error))?;
        }
    }
    let (Some(schema), Some(symbols)) = (policies.schema(0), policies.symbols(0)) else { return Ok(Vec::new()) };
    let compiled =
        CompiledPolicySet::compile_with_custom_symenv(&set, policies.environment(), schema.schema(), symbols.clone());
    let compiled = compiled.map_err(|error| gave_up(&error))?;
    // Where the last, the goal, is false, symcc leaves the others out; it is not for both.
    let false_alone = |asserts: &[Term]| asserts == [Term::from(false)];
    let mut asserts = always_allows_asserts(&compiled);
    if false_alone(asserts.asserts()) {
        asserts = always_denies_asserts(&compiled);
    }
    Ok(asserts.asserts().split_last().map(|(_, assumed)| assumed.to_vec()).unwrap_or_default())
}

/// `question`, without [`Formula::AnyOther`], as a term.
fn term(policies: &SessionPolicies<'_>, question: &Formula) -> Term {
    let all = |terms: &[Formula]| terms.iter().map(|one| term(policies, one)).collect::<Vec<_>>();
    match question {
        Formula::Constant(value) => (*value).into(),
        Formula::AnyOther { .. } => false.into(),
        Formula::Matches(policy) => policies.variants(*policy).first().map_or(false.into(), |one| one.matches.clone()),
        Formula::Errors(policy) => policies.variants(*policy).first().map_or(false.into(), |one| one.errors.clone()),
        Formula::Not(inner) => not(term(policies, inner)),
        Formula::And(operands) => all(operands).into_iter().fold(true.into(), and),
        Formula::Or(operands) => all(operands).into_iter().fold(false.into(), or),
    }
}
