//! Which mutants decide every request as the store does, and requests for those that do not.

use std::collections::HashMap;
use std::sync::Arc;

use cedar_policy::{Authorizer, Decision, Effect, PolicyId};

use super::fate::Fate;
use super::mutant::Mutant;
use crate::infer::{Inferred, infer};
use crate::repo::{SchemaState, Store};
use crate::symbolic::{
    Answer, Case, CompiledPolicies, Formula, PolicyRef, SchemaModel, Session, Sessions, Solvers, Status, Subject,
};

/// What a question may cost, in steps of the search.
const BUDGET: u64 = 20_000;

/// How questions are answered.
pub(super) struct Engine<'e> {
    /// Whether a schema may be inferred where the store has none.
    pub(super) inference: bool,
    /// Who answers.
    pub(super) solvers: &'e Arc<Solvers>,
}

/// A schema for the engine, and how much of it is only inferred.
fn model(store: &Store, engine: &Engine<'_>) -> Result<(Arc<SchemaModel>, Option<Inferred>), String> {
    let answered = |schema: &cedar_policy::Schema| SchemaModel::answered_by(schema, Arc::clone(engine.solvers));
    match &store.schema {
        SchemaState::Ready(schema) => Ok((answered(&schema.cedar)?, None)),
        SchemaState::None if engine.inference => {
            let inferred = infer(&[Some(store)])?;
            Ok((answered(&inferred.schema)?, Some(inferred)))
        }
        SchemaState::None => Err("the store has no schema".to_owned()),
        SchemaState::Broken => Err("the store's schema cannot be used".to_owned()),
    }
}

/// What is proved of each of `mutants`, in their order.
pub(super) fn proofs(store: &Store, mutants: &[&Mutant<'_>], engine: &Engine<'_>) -> Vec<Fate> {
    let (model, inferred) = match model(store, engine) {
        Ok(found) => found,
        Err(why) => return mutants.iter().map(|_| Fate::Unknown(why.clone())).collect(),
    };
    let limits = inferred.as_ref().map(|inferred| inferred.limits(0));
    let subject = |key: &PolicyId, policy: &cedar_policy::Policy| {
        let subject = Subject::policy(policy);
        match &limits {
            Some(limits) => {
                let limits = limits.of(key, &subject);
                subject.limited(limits)
            }
            None => subject,
        }
    };
    let deciding: Vec<(&PolicyId, &cedar_policy::Policy)> =
        store.deciding().filter_map(|(key, ..)| Some((key, store.set.policy(key)?))).collect();
    let numbers: HashMap<&PolicyId, usize> = deciding.iter().enumerate().map(|(at, (key, _))| (*key, at)).collect();
    let effects: Vec<Effect> = deciding.iter().map(|(_, policy)| policy.effect()).collect();
    let policies = CompiledPolicies::new(model, deciding.iter().map(|(key, policy)| subject(key, policy)).collect());
    let changed: Vec<Vec<Subject>> =
        mutants.iter().map(|mutant| mutant.come.iter().map(|policy| subject(policy.id(), policy)).collect()).collect();
    let jobs: Vec<usize> = (0..mutants.len()).collect();
    let share = mutants.len().div_ceil(rayon::current_num_threads()).max(1);
    let sessions = Sessions::new(&policies).with_budget(BUDGET);
    sessions.spread(&jobs, share, |sessions, at| match (mutants.get(*at), changed.get(*at)) {
        (Some(mutant), Some(come)) => {
            Question { store, mutant, come, numbers: &numbers, effects: &effects }.ask(sessions)
        }
        _ => Fate::Unknown("it was not asked".to_owned()),
    })
}

/// Whether one mutant decides some request otherwise.
struct Question<'q, 'r> {
    store: &'q Store,
    mutant: &'q Mutant<'q>,
    come: &'r [Subject],
    numbers: &'q HashMap<&'q PolicyId, usize>,
    /// By number.
    effects: &'q [Effect],
}

impl<'r> Question<'_, 'r> {
    fn ask(&self, sessions: &mut Sessions<'r>) -> Fate {
        let mut open = None;
        for at in 0..sessions.environments().len() {
            let Some(session) = sessions.full(at) else { continue };
            match self.within(session) {
                Fate::Equivalent => {}
                Fate::Unknown(why) => open = open.or(Some(why)),
                found => return found,
            }
        }
        open.map_or(Fate::Equivalent, Fate::Unknown)
    }

    /// The same in one request environment.
    fn within(&self, session: &mut Session<'r>) -> Fate {
        let gone: Vec<PolicyRef> = self
            .mutant
            .gone
            .iter()
            .filter_map(|key| Some(PolicyRef { side: 0, index: *self.numbers.get(key)? }))
            .filter(|policy| session.status(*policy) != Status::OutOfScope)
            .collect();
        let come: Vec<(PolicyRef, Effect)> =
            self.come.iter().map(|subject| (session.add_policy(0, subject), subject.effect())).collect();
        let come: Vec<(PolicyRef, Effect)> =
            come.into_iter().filter(|(policy, _)| session.status(*policy) != Status::OutOfScope).collect();
        if gone.is_empty() && come.is_empty() {
            return Fate::Equivalent;
        }
        let open = |policy: &PolicyRef| policy.index < self.effects.len() && !gone.contains(policy);
        let aside = session.set_aside(0).into_iter().find(|(policy, _)| policy.index < self.effects.len());
        let aside = aside.map(|(_, why)| why.to_string());
        let set_aside = come.iter().find_map(|(policy, _)| match session.status(*policy) {
            Status::SetAside(why) => Some(why.to_string()),
            _ => None,
        });
        if let Some(why) = set_aside {
            return Fate::Unknown(why);
        }
        let rest: Vec<PolicyRef> = session.applicable(0).into_iter().filter(open).collect();
        let rest = |effect: Effect| {
            let of = rest.iter().filter(|policy| self.effects.get(policy.index) == Some(&effect));
            Formula::Or(of.copied().map(Formula::Matches).collect())
        };
        let (permits, forbids) = (rest(Effect::Permit), rest(Effect::Forbid));
        let was = gone.first().and_then(|policy| self.effects.get(policy.index)).copied();
        let is = come.first().map(|(_, effect)| *effect);
        let before = Formula::Or(gone.into_iter().map(Formula::Matches).collect());
        let after = Formula::Or(come.iter().map(|(policy, _)| Formula::Matches(*policy)).collect());
        let differ =
            |one: &Formula, other: &Formula| one.clone().and(!other.clone()).or((!one.clone()).and(other.clone()));
        // Where both are of one effect, only one of them matches; what else decides does not hide it.
        let effect = match (was, is) {
            (Some(was), Some(is)) if was != is => None,
            (was, is) => was.or(is),
        };
        let differs = match effect {
            Some(Effect::Permit) => differ(&before, &after).and(!permits),
            Some(Effect::Forbid) => differ(&before, &after).and(permits),
            None if was == Some(Effect::Permit) => differ(&permits.clone().or(before), &permits.and(!after)),
            None => differ(&permits.clone().and(!before), &permits.or(after)),
        };
        let differs = differs.and(!forbids);
        match session.find(&differs) {
            Answer::Impossible => aside.map_or(Fate::Equivalent, Fate::Unknown),
            Answer::Unknown(reason) => Fate::Unknown(reason.to_string()),
            Answer::Witness(witness) => match witness.cases.into_iter().next() {
                Some(case) if self.confirmed(&case) => Fate::Differs(Box::new(case)),
                _ => Fate::Unknown("internal error: Cedar's authorizer decides what was found alike".to_owned()),
            },
        }
    }

    /// Whether Cedar's authorizer decides `case` otherwise with the mutant.
    fn confirmed(&self, case: &Case) -> bool {
        let decision = |set: &cedar_policy::PolicySet| -> Decision {
            Authorizer::new().is_authorized(&case.request, set, &case.entities).decision()
        };
        decision(&self.store.set) != decision(&self.mutant.whole(self.store))
    }
}
