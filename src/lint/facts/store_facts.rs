//! What the engine knows of one store: asked in all environments at once, read by the proofs, which add to it one after
//! the other.

use std::any::{Any, TypeId};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use cedar_policy::{Effect, PolicySet, RequestEnv};

use super::environment_facts::{EnvironmentFacts, Fact, Known, examine_environment};
use super::members::{self, Member, alone};
use super::questions::policy;
use super::unanswered::Unanswered;
use crate::finding::Environment;
use crate::repo::Store;
use crate::repo::cedar::Body;
use crate::symbolic::{Answer, CompiledPolicies, Formula, PolicyRef, Sample, SchemaModel, Session, Sessions};

/// One store, as proofs see it. Policies and environments go by their indices.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The store.
    pub(in crate::lint) store: &'a Store,
    /// Its policies, links and templates.
    pub(in crate::lint) members: Vec<Member<'a>>,
    /// The request environments of its schema.
    pub(in crate::lint) environments: Vec<Environment>,
    /// What was found in each of them.
    pub(in crate::lint) found: Vec<EnvironmentFacts>,
    /// Where the engine does not have a policy, and why.
    pub(in crate::lint) set_aside: BTreeMap<usize, Vec<(usize, String)>>,
    /// The policies that are not known to typecheck everywhere.
    pub(in crate::lint) ill_typed: BTreeSet<usize>,
    /// For questions that nobody asked yet.
    pub(in crate::lint) sessions: Sessions<'a>,
    /// Questions without an answer.
    pub(in crate::lint) unanswered: Unanswered,
    by_policy: Vec<Vec<Fact>>,
    shared: HashMap<TypeId, Rc<dyn Any>>,
}

impl<'a> Facts<'a> {
    /// Asks what `members` of `store` do in every environment; `policies` are the same in the engine.
    pub(in crate::lint) fn collect(store: &'a Store, policies: &'a CompiledPolicies, members: Vec<Member<'a>>) -> Self {
        let sessions = Sessions::new(policies);
        let environments = sessions.environments();
        // What is found in one environment holds in those that are like it.
        let alike = sessions.alike();
        let first: Vec<usize> = alike.iter().enumerate().filter(|(at, first)| at == *first).map(|(at, _)| at).collect();
        policies.schema().solvers().meter().begin(first.len() * members.len());
        let found: BTreeMap<usize, EnvironmentFacts> = first
            .iter()
            .copied()
            .zip(sessions.spread(&first, 1, |sessions, at| {
                let meter = sessions.policies().schema().solvers().meter();
                let session = sessions.full(*at);
                session.map(|session| examine_environment(session, *at, &members, meter)).unwrap_or_default()
            }))
            .collect();
        let here = |(at, first): (usize, &usize)| found.get(first).map(|found| found.at(at)).unwrap_or_default();
        let found: Vec<EnvironmentFacts> = alike.iter().enumerate().map(here).collect();
        let mut by_policy = vec![Vec::new(); members.len()];
        let mut set_aside: BTreeMap<usize, Vec<(usize, String)>> = BTreeMap::new();
        let mut unanswered = Unanswered::default();
        for (at, here) in found.iter().enumerate() {
            for (index, fact) in &here.facts {
                if let Some(facts) = by_policy.get_mut(*index) {
                    facts.push(*fact);
                }
            }
            for (index, why) in &here.set_aside {
                set_aside.entry(*index).or_default().push((at, why.clone()));
            }
            unanswered.merge(&here.unanswered);
        }
        let ill_typed = found.iter().flat_map(|here| here.ill_typed.iter().copied()).collect();
        let environments = environments.iter().map(describe).collect();
        Self {
            store,
            members,
            environments,
            found,
            set_aside,
            ill_typed,
            sessions,
            unanswered,
            by_policy,
            shared: HashMap::new(),
        }
    }

    /// Calls the types of environments as `said` does.
    pub(in crate::lint) fn rename_types(&mut self, said: &dyn Fn(&str) -> String) {
        for environment in &mut self.environments {
            environment.principal = said(&environment.principal);
            environment.resource = said(&environment.resource);
        }
    }

    /// A policy and nothing else, as Cedar's authorizer takes it.
    pub(in crate::lint) fn alone(&self, member: &Member<'_>) -> Option<PolicySet> {
        member.decides().then(|| alone(self.store, member))
    }

    /// `member` as a policy that decides: of a link what it comes to, of a template what any link to it could match.
    pub(in crate::lint) fn as_static(&self, member: &Member<'a>) -> Option<Cow<'a, Body>> {
        members::as_static(self.store, member)
    }

    /// What `member` would be with `body` in the place of its policy's, or of its template's.
    pub(in crate::lint) fn with_body(&self, member: &Member<'_>, body: &Body) -> Option<cedar_policy::Policy> {
        members::with_body(self.store, member, body)
    }

    /// The schema in the engine.
    pub(in crate::lint) fn model(&self) -> &'a Arc<SchemaModel> {
        self.sessions.policies().schema()
    }

    /// The request environments as the engine takes them.
    pub(in crate::lint) fn requests(&self) -> &'a [RequestEnv] {
        self.sessions.environments()
    }

    /// What the policy does, by environment, where it applies.
    pub(in crate::lint) fn of(&self, policy: usize) -> &[Fact] {
        self.by_policy.get(policy).map_or(&[], Vec::as_slice)
    }

    /// The environments where what is known of the policy `holds`.
    pub(in crate::lint) fn places(&self, policy: usize, holds: impl Fn(&Fact) -> bool) -> Vec<usize> {
        self.of(policy).iter().filter(|fact| holds(fact)).map(|fact| fact.environment).collect()
    }

    /// Environments where the policy matches something.
    pub(in crate::lint) fn live(&self, policy: usize) -> impl Iterator<Item = usize> + '_ {
        self.of(policy).iter().filter(|fact| fact.live == Known::Yes).map(|fact| fact.environment)
    }

    /// Whether it is known to match no request anywhere.
    pub(in crate::lint) fn is_dead(&self, policy: usize) -> bool {
        !self.set_aside.contains_key(&policy) && self.of(policy).iter().all(|fact| fact.live == Known::No)
    }

    /// The same, unless it is not known of all where that is, or it is nowhere.
    pub(in crate::lint) fn known_live(&self, policy: usize) -> Option<Vec<usize>> {
        let unknown = self.of(policy).iter().any(|fact| fact.live == Known::Unknown);
        let live: Vec<usize> = self.live(policy).collect();
        (!unknown && !self.set_aside.contains_key(&policy) && !live.is_empty()).then_some(live)
    }

    /// Environments where the policy matches everything.
    pub(in crate::lint) fn always(&self, policy: usize) -> impl Iterator<Item = usize> + '_ {
        self.of(policy).iter().filter(|fact| fact.always == Known::Yes).map(|fact| fact.environment)
    }

    /// The policies of `effect` that decide.
    pub(in crate::lint) fn deciding(&self, effect: Effect) -> Vec<usize> {
        let decides = |member: &Member<'_>| member.decides() && member.effect == effect;
        self.members.iter().enumerate().filter(|(_, member)| decides(member)).map(|(index, _)| index).collect()
    }

    /// Those of them that apply in one of `environments`, which are in order.
    pub(in crate::lint) fn applying(&self, effect: Effect, environments: &[usize]) -> Vec<usize> {
        let there =
            |policy: &usize| self.of(*policy).iter().any(|fact| environments.binary_search(&fact.environment).is_ok());
        self.deciding(effect).into_iter().filter(there).collect()
    }

    /// Whether the scope of the policy leaves the action open.
    pub(in crate::lint) fn is_for_any_action(&self, policy: usize) -> bool {
        self.members.get(policy).is_some_and(Member::is_for_any_action)
    }

    /// Whether a request of `environment` is as `question` says. Without an answer, `about` is noted.
    pub(in crate::lint) fn check(&mut self, environment: usize, question: &Formula, about: usize) -> Answer<Sample> {
        ask(self.sessions.full(environment), &mut self.unanswered, question, about)
    }

    /// The policies that match one request of `environment` which `first` matches, and as many of `others` as are seen
    /// to go with it without a search; `None` where none is seen.
    pub(in crate::lint) fn seen_together(
        &mut self,
        environment: usize,
        first: usize,
        others: &[usize],
    ) -> Option<Vec<usize>> {
        let others: Vec<PolicyRef> = others.iter().map(|index| policy(*index)).collect();
        let sample = self.sessions.full(environment)?.merge(policy(first), &others)?;
        (sample.matches(policy(first)) == Some(true)).then(|| sample.matching(0).to_vec())
    }

    /// The same for a question that names a few policies and no others.
    pub(in crate::lint) fn check_few(
        &mut self,
        environment: usize,
        question: &Formula,
        about: usize,
    ) -> Answer<Sample> {
        ask(self.sessions.sparse(environment), &mut self.unanswered, question, about)
    }

    /// What several proofs need: `work_out` runs for the first that asks; what it gives is known by its type. One proof
    /// runs at a time, so that none waits for another in the middle of its work.
    pub(in crate::lint) fn once<T: 'static>(&mut self, work_out: impl FnOnce(&mut Self) -> T) -> Rc<T> {
        let key = TypeId::of::<T>();
        if let Some(Ok(known)) = self.shared.get(&key).map(|known| Rc::clone(known).downcast::<T>()) {
            return known;
        }
        let new = Rc::new(work_out(self));
        self.shared.insert(key, Rc::<T>::clone(&new));
        new
    }
}

fn describe(environment: &RequestEnv) -> Environment {
    Environment {
        principal: environment.principal().to_string(),
        action: environment.action().to_string(),
        resource: environment.resource().to_string(),
    }
}

fn ask(
    session: Option<&mut Session<'_>>,
    unanswered: &mut Unanswered,
    question: &Formula,
    about: usize,
) -> Answer<Sample> {
    let answer = session.map_or(Answer::Impossible, |session| session.check(question));
    if let Answer::Unknown(reason) = &answer {
        unanswered.note(about, reason);
    }
    answer
}
