//! Requests decided: what stands beside Cedar's authorizer.

use std::sync::Arc;

use cedar_policy::{AuthorizationError, Authorizer, Decision, Entities, EntityUid, PolicyId, PolicySet, Request};
use cedar_policy_core::ast;
use cedar_policy_core::evaluator::Evaluator as CedarEvaluator;
use cedar_policy_core::extensions::Extensions;
use rustc_hash::FxHashMap;

use super::evaluator::{Ask, Evaluator};
use super::policies::{Filed, Policies};
use super::policy::Body;
use super::value::{Pool, Value};

/// An authorizer over policies and entities that are compiled once.
#[derive(Debug)]
pub struct CompiledAuthorizer {
    pub(super) set: PolicySet,
    pub(super) entities: Arc<Entities>,
    /// `None` where Cedar has to do it all.
    pub(super) policies: Option<Policies>,
    /// Of all policies, in ascending order, which is that of their numbers.
    pub(super) ids: Vec<PolicyId>,
}

/// What a request came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict<'a> {
    /// Whether it is allowed.
    pub allowed: bool,
    /// The policies that decide, in ascending order.
    pub reasons: Vec<&'a PolicyId>,
    /// The policies that err, in ascending order.
    pub errors: Vec<&'a PolicyId>,
}

/// One thread's use of a [`CompiledAuthorizer`].
#[derive(Debug)]
pub struct Decider<'c> {
    authorizer: &'c CompiledAuthorizer,
    parts: Option<Parts<'c>>,
    /// Answers of Cedar's, where it had to be asked.
    ids: Vec<PolicyId>,
}

#[derive(Debug)]
struct Parts<'c> {
    policies: &'c Policies,
    evaluator: Evaluator<'c>,
    /// By action.
    filed: FxHashMap<u32, Arc<Filed>>,
    found: Found,
}

#[derive(Debug, Default)]
struct Found {
    permits: Vec<u32>,
    forbids: Vec<u32>,
    errors: Vec<u32>,
}

impl CompiledAuthorizer {
    /// The static and linked policies of `set` over `entities`, those of actions included.
    #[must_use]
    pub fn new(set: &PolicySet, entities: &Entities) -> Self {
        Self::over(set, Arc::new(entities.clone()))
    }

    /// The same over entities that others have too.
    #[must_use]
    pub fn over(set: &PolicySet, entities: Arc<Entities>) -> Self {
        let policies = Policies::new(&[set], &entities);
        let mut ids: Vec<PolicyId> = set.policies().map(|policy| policy.id().clone()).collect();
        ids.sort_unstable();
        Self { set: set.clone(), entities, policies, ids }
    }

    /// For one thread.
    #[must_use]
    pub fn decider(&self) -> Decider<'_> {
        let parts = self.policies.as_ref().map(|policies| Parts {
            policies,
            evaluator: Evaluator::new(policies),
            filed: FxHashMap::default(),
            found: Found::default(),
        });
        Decider { authorizer: self, parts, ids: Vec::new() }
    }

    /// How many policies are left to Cedar's evaluator.
    #[must_use]
    pub fn left_to_cedar(&self) -> usize {
        let Some(policies) = &self.policies else { return self.set.policies().count() };
        let all = policies.sets.iter().flatten();
        all.filter(|policy| matches!(policy.body, Body::Cedar(_))).count()
    }
}

impl Decider<'_> {
    /// Cedar's answer to `request`: decision, determining and erring policies are those of
    /// [`Authorizer::is_authorized`].
    pub fn is_authorized(&mut self, request: &Request) -> Verdict<'_> {
        let authorizer = self.authorizer;
        let decided = self.parts.as_mut().and_then(|parts| parts.decide(request, &authorizer.entities));
        if decided.is_none() {
            return self.by_cedar(request);
        }
        let Some(parts) = &self.parts else { return self.by_cedar(request) };
        let name = |numbers: &[u32]| {
            let policies = parts.policies.sets.first().map_or(&[][..], Vec::as_slice);
            let id = |number: &u32| policies.get(usize::try_from(*number).ok()?).map(|policy| &policy.id);
            numbers.iter().filter_map(id).collect()
        };
        let Found { permits, forbids, errors } = &parts.found;
        let allowed = forbids.is_empty() && !permits.is_empty();
        Verdict { allowed, reasons: name(if forbids.is_empty() { permits } else { forbids }), errors: name(errors) }
    }

    /// Whether `request` is allowed.
    pub fn allows(&mut self, request: &Request) -> bool {
        let authorizer = self.authorizer;
        match self.parts.as_mut().and_then(|parts| parts.decide(request, &authorizer.entities).map(|()| &parts.found)) {
            Some(found) => found.forbids.is_empty() && !found.permits.is_empty(),
            None => self.by_cedar(request).allowed,
        }
    }

    fn by_cedar(&mut self, request: &Request) -> Verdict<'_> {
        let response = Authorizer::new().is_authorized(request, &self.authorizer.set, &self.authorizer.entities);
        let reasons = response.diagnostics().reason().cloned();
        let errors = response
            .diagnostics()
            .errors()
            .map(|AuthorizationError::PolicyEvaluationError(error)| error.policy_id().clone());
        self.ids = reasons.collect();
        let count = self.ids.len();
        self.ids.extend(errors);
        let (reasons, errors) = self.ids.split_at_mut_checked(count).unwrap_or_default();
        reasons.sort_unstable();
        errors.sort_unstable();
        let allowed = response.decision() == Decision::Allow;
        Verdict { allowed, reasons: reasons.iter().collect(), errors: errors.iter().collect() }
    }
}

impl Parts<'_> {
    /// Finds what policies do with `request`; `None` where it is not complete.
    fn decide(&mut self, request: &Request, entities: &Entities) -> Option<()> {
        self.evaluator.forget();
        let pool = &mut self.evaluator.pool;
        let number = |uid: Option<&EntityUid>, pool: &mut Pool| Some(pool.add_entity(uid?.as_ref()));
        let principal = number(request.principal(), pool)?;
        let action = number(request.action(), pool)?;
        let resource = number(request.resource(), pool)?;
        let cedar: &ast::Request = request.as_ref();
        let context = cedar.context().filter(|context| matches!(context, ast::Context::Value(_)))?;
        let ask = Ask { principal, action, resource, context: Evaluator::UNKNOWN };
        self.evaluator.begin_with(ask, context);
        let policies = self.policies;
        let filed = self.filed.entry(action).or_insert_with(|| Arc::new(policies.filed(0, action)));
        // Entities of the request alone have numbers of the moment.
        let filed = Arc::clone(filed);
        if policies.pool.entity(action).is_none() {
            self.filed.remove(&action);
        }
        let types = (self.evaluator.pool.type_of(principal), self.evaluator.pool.type_of(resource));
        let Found { permits, forbids, errors } = &mut self.found;
        permits.clear();
        forbids.clear();
        errors.clear();
        let evaluator = &mut self.evaluator;
        let set = policies.sets.first()?;
        filed.candidates(principal, resource, &policies.world, &mut |number| {
            let Some(policy) = usize::try_from(number).ok().and_then(|at| set.get(at)) else { return };
            let in_scope = policy.principal.holds(principal, types.0, &policies.world)
                && policy.resource.holds(resource, types.1, &policies.world);
            if !in_scope {
                return;
            }
            let holds = match &policy.body {
                Body::Nothing => Some(true),
                Body::Node(node) => match evaluator.value(*node) {
                    Some(Value::Bool(value)) => Some(value),
                    _ => None,
                },
                Body::Cedar(policy) => {
                    CedarEvaluator::new(cedar.clone(), entities.as_ref(), Extensions::all_available())
                        .evaluate(policy)
                        .ok()
                }
            };
            match holds {
                Some(true) if policy.permit => permits.push(number),
                Some(true) => forbids.push(number),
                Some(false) => {}
                None => errors.push(number),
            }
        });
        [permits, forbids, errors].into_iter().for_each(|all| all.sort_unstable());
        Some(())
    }
}
