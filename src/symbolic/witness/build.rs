//! A witness from a model, and one from another environment's.

use std::collections::BTreeSet;

use cedar_policy::Schema;

use super::case::{Case, Witness};
use super::draft::{Draft, entities_json};
use super::minimise::Reduced;
use super::read::Reader;
use super::replay::{Made, Replay, Slots, Together};
use crate::symbolic::compile::SchemaModel;
use crate::symbolic::question::{Formula, PolicyRef};
use crate::symbolic::solve::{SessionPolicies, Solver};

/// The witness of the model that the solver has just found for `question`.
///
/// # Errors
/// When Cedar does not confirm it; the text says what differed.
pub(in crate::symbolic) fn build(solver: &mut Solver<'_>, question: &Formula) -> Result<Witness, String> {
    let question = solver.encoding.policies.expand(question);
    let named = policies_of(&question);
    solver.encoding.encoder.name_all_attributes();
    let policies = &solver.encoding.policies;
    let mut reader = Reader::new(solver, &named);
    let slots = reader.slots(&named);
    let drafts: Vec<Draft> = (0..policies.sides()).map(|side| reader.draft(side)).collect();
    let made = Made::default();
    let replay = Replay { policies, question: &question, named: &named, slots: &slots, together: None, made: &made };
    // Policies name many entities; mostly only those that the request leads to make a difference.
    // They are the same on both sides: an entity is made smaller on all that have it.
    let reached: BTreeSet<_> = drafts.iter().flat_map(Draft::reached).collect();
    let mut core = drafts.clone();
    core.iter_mut().for_each(|draft| draft.entities.retain(|uid, _| reached.contains(uid)));
    // What is out of scope there is so with more entities too, and with less.
    if let Ok(cases) = replay.cases(&core) {
        let in_scope = replay.in_scope(&cases);
        let fewer = Replay { named: &in_scope, ..replay };
        let together = Together::new(&fewer);
        let fewer = Replay { together: together.as_ref(), ..fewer };
        // Where nothing errs, nothing reads an entity that is not there.
        if fewer.confirm(&cases).is_ok_and(|errors| errors.is_empty())
            && let Ok(reduced) = fewer.reduced(core.clone(), &core, &named)
        {
            return Ok(finished(reduced, &slots, false));
        }
    }
    let cases = replay.cases(&drafts)?;
    replay.confirm(&cases)?;
    let in_scope = replay.in_scope(&cases);
    let replay = Replay { named: &in_scope, ..replay };
    let together = Together::new(&replay);
    let replay = Replay { together: together.as_ref(), ..replay };
    let reduced = match replay.reduced(core, &drafts, &named) {
        Ok(reduced) => reduced,
        Err(_) => replay.reduced(drafts.clone(), &drafts, &named)?,
    };
    Ok(finished(reduced, &slots, true))
}

fn finished(reduced: Reduced, slots: &Slots, complete: bool) -> Witness {
    let Reduced { drafts, shown, cases } = reduced;
    let each = cases.into_iter().zip(drafts.iter().zip(&shown)).enumerate();
    let case = |(side, ((request, entities), (draft, shown)))| Case {
        request,
        entities,
        request_json: Draft::request_json(draft),
        entities_json: entities_json(shown),
        slots: slots.iter().filter(|(policy, _)| policy.side == side).map(|(p, s)| (p.index, s.clone())).collect(),
    };
    Witness { cases: each.map(case).collect(), complete }
}

/// The policies that a formula names, sorted, each once.
fn policies_of(question: &Formula) -> Vec<PolicyRef> {
    let mut named = Vec::new();
    question.policies(&mut |policy| named.push(policy));
    named.sort_unstable();
    named.dedup();
    named
}

/// `witness`, found in another environment of the same types, for that of `policies`: the same request with the other
/// action. `None` when Cedar does not confirm `question` for it.
pub(in crate::symbolic) fn revalidate(
    policies: &mut SessionPolicies<'_>,
    question: &Formula,
    witness: &Witness,
) -> Option<Witness> {
    let question = policies.expand(question);
    let named = policies_of(&question);
    for policy in &named {
        policies.status(*policy);
    }
    let action = policies.environment().action().clone();
    let schemas: Vec<&Schema> = policies.schemas().map(SchemaModel::schema).collect();
    let here = witness.with_action(&action, &schemas)?;
    let requests = here.requests();
    let (slots, made) = (Slots::new(), Made::default());
    let whole = Replay { policies, question: &question, named: &named, slots: &slots, together: None, made: &made };
    // Nothing is added to the entities, so that what is out of scope does nothing.
    let in_scope = whole.in_scope(&requests);
    let replay = Replay { named: &in_scope, ..whole };
    // Where something errs, it may be for want of an entity that policies read here and not there.
    if !replay.confirm(&requests).ok()?.is_empty() && !witness.complete {
        return None;
    }
    // What is shown is what made a difference there, and has to be enough here too.
    replay.confirm(&here.as_shown(&schemas)?.requests()).ok()?;
    Some(here)
}
