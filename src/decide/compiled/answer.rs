//! Requests decided of which not everything is known: a decision only where whatever is not known could not change it.
//!
//! # Why
//!
//! Each policy holds, does not hold, errs, or is open. What is open is left out of nothing: a request is denied where a
//! forbid holds or no permit can, allowed where a permit holds and no forbid can, and else it is not decided. The
//! authorizer over any completion of the request gives the same decision, that in which nothing more is there included.

use std::borrow::Cow;
use std::sync::Arc;

use cedar_policy::{AuthorizationError, Authorizer, Entities, EntityTypeName, EntityUid, PolicyId, Request};
use cedar_policy_core::ast;
use cedar_policy_core::evaluator::Evaluator as CedarEvaluator;
use cedar_policy_core::extensions::Extensions;
use rustc_hash::FxHashMap;

use super::authorizer::CompiledAuthorizer;
use super::evaluator::{Ask, Evaluator};
use super::gaps::{Gap, Gaps, Lack, Missing};
use super::plain::Plain;
use super::policies::{Filed, Policies};
use super::policy::{Body, Part, Policy};
use super::value::Value;
use super::world::World;

/// What is known of the decision of a request. Policies are numbers that [`CompiledAuthorizer::policy`] takes, in
/// ascending order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer<'a> {
    /// Whether it is allowed; `None` where that hangs on what is not known.
    pub allowed: Option<bool>,
    /// The permits that hold.
    pub permits: &'a [u32],
    /// The forbids that hold.
    pub forbids: &'a [u32],
    /// The policies that err.
    pub errors: &'a [u32],
    /// The policies of which it is not known whether they hold, with something that each asks for.
    pub open: &'a [(u32, Lack)],
    /// Whether these are all permits and forbids that hold. Where Cedar's authorizer had to be asked, those are left
    /// out that do not determine the decision.
    pub all: bool,
}

/// Who or what a request names, with the number that [`CompiledAuthorizer::numbered`] gives.
#[derive(Debug, Clone, Copy)]
pub struct Numbered<'r> {
    /// The entity.
    pub uid: &'r EntityUid,
    /// Its number; none is always right.
    pub number: Option<u32>,
}

/// A request with a context of plain values.
#[derive(Debug, Clone, Copy)]
pub struct Requested<'r> {
    /// Principal, action and resource.
    pub who: [Numbered<'r>; 3],
    /// The attributes of the context, each once; none where it is not known.
    pub context: Option<&'r [(Cow<'r, str>, Plain<'r>)]>,
}

/// One thread's use of a [`CompiledAuthorizer`] for requests of which not everything need be known.
#[derive(Debug)]
pub struct Answerer<'c> {
    authorizer: &'c CompiledAuthorizer,
    parts: Option<Parts<'c>>,
    found: Found,
}

#[derive(Debug)]
struct Parts<'c> {
    policies: &'c Policies,
    evaluator: Evaluator<'c>,
    /// By action.
    filed: FxHashMap<u32, Arc<Filed>>,
    /// Room for the policies that may apply.
    candidates: Vec<u32>,
}

/// What [`Parts`] are asked.
#[derive(Debug, Clone, Copy)]
struct Question<'q> {
    who: [Numbered<'q>; 3],
    context: Asked<'q>,
    /// What Cedar's evaluator is asked, where there is something.
    cedar: Option<&'q ast::Request>,
}

/// A context.
#[derive(Debug, Clone, Copy)]
enum Asked<'q> {
    Unknown,
    Cedar(&'q ast::Context),
    Plain(&'q [(Cow<'q, str>, Plain<'q>)]),
}

#[derive(Debug, Default)]
struct Found {
    permits: Vec<u32>,
    forbids: Vec<u32>,
    errors: Vec<u32>,
    open: Vec<(u32, Lack)>,
    open_permit: bool,
    open_forbid: bool,
}

impl Found {
    fn clear(&mut self) {
        self.permits.clear();
        self.forbids.clear();
        self.errors.clear();
        self.open.clear();
        self.open_permit = false;
        self.open_forbid = false;
    }

    fn sort(&mut self) {
        self.permits.sort_unstable();
        self.forbids.sort_unstable();
        self.errors.sort_unstable();
        self.open.sort_unstable();
    }

    fn answer(&self, all: bool) -> Answer<'_> {
        Answer {
            allowed: self.allowed(),
            permits: &self.permits,
            forbids: &self.forbids,
            errors: &self.errors,
            open: &self.open,
            all,
        }
    }

    fn allowed(&self) -> Option<bool> {
        if !self.forbids.is_empty() {
            return Some(false);
        }
        match (self.open_forbid, self.permits.is_empty(), self.open_permit) {
            (_, true, false) => Some(false),
            (false, false, _) => Some(true),
            _ => None,
        }
    }
}

impl CompiledAuthorizer {
    /// The same, where the schema says that entities of the types `bare` have neither attributes nor tags, and that
    /// those of the types `in_nothing` have no ancestors: of them nothing can be missing.
    #[must_use]
    pub fn declaring(mut self, bare: &[EntityTypeName], in_nothing: &[EntityTypeName]) -> Self {
        if let Some(policies) = &mut self.policies {
            policies.declare(bare, in_nothing);
        }
        self
    }

    /// For one thread.
    #[must_use]
    pub fn answerer(&self) -> Answerer<'_> {
        let parts = self.policies.as_ref().map(|policies| Parts {
            policies,
            evaluator: Evaluator::new(policies),
            filed: FxHashMap::default(),
            candidates: Vec::new(),
        });
        Answerer { authorizer: self, parts, found: Found::default() }
    }

    /// The policy that has this number in answers.
    #[must_use]
    pub fn policy(&self, number: u32) -> Option<&PolicyId> {
        self.ids.get(usize::try_from(number).ok()?)
    }

    /// The number that `uid` has here, if policies or entities name it.
    #[must_use]
    pub fn numbered(&self, uid: &EntityUid) -> Option<u32> {
        self.policies.as_ref()?.pool.known_entity(uid.as_ref())
    }

    /// The number of the policy `id`.
    #[must_use]
    pub fn number(&self, id: &PolicyId) -> Option<u32> {
        u32::try_from(self.ids.binary_search(id).ok()?).ok()
    }
}

impl Answerer<'_> {
    /// What is known of the decision of `request`, of which `gaps` are not known, over the entities of the authorizer
    /// or over `own`.
    pub fn answer(&mut self, request: &Request, gaps: Gaps, own: Option<&Entities>) -> Answer<'_> {
        let authorizer = self.authorizer;
        self.found.clear();
        let entities = own.unwrap_or(&authorizer.entities);
        let done = question(request, gaps)
            .and_then(|question| self.parts.as_mut()?.find(question, gaps, (entities, own), &mut self.found));
        if done.is_none() {
            self.found.clear();
            by_cedar(authorizer, request, gaps, entities, &mut self.found);
        }
        self.found.sort();
        self.found.answer(done.is_some())
    }

    /// The same of a request with a context of plain values; `None` where only [`Answerer::answer`] can say.
    pub fn answer_plain(&mut self, requested: Requested<'_>, gaps: Gaps, own: Option<&Entities>) -> Option<Answer<'_>> {
        self.found.clear();
        let context = requested.context.filter(|_| !gaps.context).map_or(Asked::Unknown, Asked::Plain);
        let question = Question { who: requested.who, context, cedar: None };
        let entities = own.unwrap_or(&self.authorizer.entities);
        self.parts.as_mut()?.find(question, gaps, (entities, own), &mut self.found)?;
        self.found.sort();
        Some(self.found.answer(true))
    }
}

/// What is asked with `request`; `None` where it is not complete.
fn question(request: &Request, gaps: Gaps) -> Option<Question<'_>> {
    let cedar: &ast::Request = request.as_ref();
    let named = |uid| Numbered { uid, number: None };
    let context = match gaps.context {
        true => Asked::Unknown,
        false => Asked::Cedar(cedar.context().filter(|context| matches!(context, ast::Context::Value(_)))?),
    };
    let who = [named(request.principal()?), named(request.action()?), named(request.resource()?)];
    Some(Question { who, context, cedar: Some(cedar) })
}

/// The same where nothing is compiled: of a request that is known whole what Cedar says, of any other nothing.
fn by_cedar(authorizer: &CompiledAuthorizer, request: &Request, gaps: Gaps, entities: &Entities, found: &mut Found) {
    if gaps != Gaps::default() {
        for policy in authorizer.set.policies() {
            let permit = policy.effect() == cedar_policy::Effect::Permit;
            found.open_permit |= permit;
            found.open_forbid |= !permit;
            found.open.extend(authorizer.number(policy.id()).map(|number| (number, Lack::Evaluation)));
        }
        return;
    }
    let response = Authorizer::new().is_authorized(request, &authorizer.set, entities);
    for id in response.diagnostics().reason() {
        let Some(number) = authorizer.number(id) else { continue };
        let permit = authorizer.set.policy(id).is_some_and(|policy| policy.effect() == cedar_policy::Effect::Permit);
        if permit { found.permits.push(number) } else { found.forbids.push(number) }
    }
    let errors = response.diagnostics().errors();
    found.errors.extend(
        errors.filter_map(|AuthorizationError::PolicyEvaluationError(error)| authorizer.number(error.policy_id())),
    );
}

/// Who does what to what, and what is known of the scopes of policies.
struct Scoped<'s> {
    asked: Ask,
    types: (u32, u32),
    gaps: Gaps,
    /// Whether it may be in more than is known: principal, action, resource.
    open: [bool; 3],
    world: &'s World,
}

impl Scoped<'_> {
    /// Whether the scope of `policy` admits the request; `None` where that is not known.
    fn holds(&self, policy: &Policy, type_of: &dyn Fn(u32) -> u32) -> Option<bool> {
        let action = match policy.for_action(self.asked.action, self.world) {
            true => Some(true),
            false if self.open[1] && policy.asks_for_group() => None,
            false => return Some(false),
        };
        let principal = (self.asked.principal, self.types.0, self.gaps.principal, self.open[0]);
        let resource = (self.asked.resource, self.types.1, self.gaps.resource, self.open[2]);
        let principal = self.part(policy.principal, principal, type_of);
        if principal == Some(false) {
            return principal;
        }
        let resource = self.part(policy.resource, resource, type_of);
        if resource == Some(false) {
            return resource;
        }
        (action.is_some() && principal.is_some() && resource.is_some()).then_some(true)
    }

    fn part(
        &self,
        part: Part,
        (entity, ty, gap, open): (u32, u32, Option<Gap>, bool),
        type_of: &dyn Fn(u32) -> u32,
    ) -> Option<bool> {
        let is = |asked: u32| (gap != Some(Gap::Whole)).then_some(ty == asked);
        let within = |group: u32| match gap {
            None if self.world.is_in(entity, group) => Some(true),
            None if !open => Some(false),
            None | Some(_) => None,
        };
        match part {
            Part::Any => Some(true),
            Part::Is(asked) => is(asked),
            Part::Exactly(asked) => match gap {
                None => Some(entity == asked),
                Some(Gap::Id) if type_of(asked) != ty => Some(false),
                Some(_) => None,
            },
            Part::Within(group) => within(group),
            Part::IsWithin(asked, group) => match is(asked) {
                Some(true) => within(group),
                other => other.filter(|holds| !holds),
            },
        }
    }

    /// What is missing where it is not known whether a scope holds.
    fn missing(&self) -> Missing {
        match self.gaps {
            Gaps { principal: Some(_), .. } => Missing::Principal,
            Gaps { resource: Some(_), .. } => Missing::Resource,
            _ if self.open[0] => Missing::Entity(self.asked.principal),
            _ if self.open[2] => Missing::Entity(self.asked.resource),
            _ => Missing::Entity(self.asked.action),
        }
    }
}

impl Parts<'_> {
    /// Finds what policies do with what is asked; `None` where that cannot be said.
    fn find(
        &mut self,
        Question { who, context, cedar }: Question<'_>,
        gaps: Gaps,
        (entities, own): (&Entities, Option<&Entities>),
        found: &mut Found,
    ) -> Option<()> {
        let policies = self.policies;
        let own = match own {
            Some(own) => {
                self.evaluator.forget();
                Some(World::new(own.as_ref(), &mut self.evaluator.pool)?)
            }
            None => {
                self.evaluator.forget_when_full();
                None
            }
        };
        let alone = own.is_none();
        self.evaluator.know(gaps, own);
        let pool = &mut self.evaluator.pool;
        let [principal, action, resource] =
            who.map(|one| one.number.unwrap_or_else(|| pool.add_entity(one.uid.as_ref())));
        let asked = Ask { principal, action, resource, context: Evaluator::UNKNOWN };
        match context {
            Asked::Unknown => self.evaluator.begin(asked),
            Asked::Cedar(context) => self.evaluator.begin_with(asked, context),
            Asked::Plain(context) => self.evaluator.begin_plain(asked, context),
        }
        let open = [principal, action, resource].map(|entity| self.evaluator.lacks_ancestors(entity));
        let types = (self.evaluator.pool.type_of(principal), self.evaluator.pool.type_of(resource));
        let set = policies.sets.first()?;
        let certain = open == [false; 3] && gaps.principal.is_none() && gaps.resource.is_none();
        let mut first: Option<Missing> = None;
        let mut candidates = std::mem::take(&mut self.candidates);
        candidates.clear();
        if certain && alone {
            let filed = self.filed.entry(action).or_insert_with(|| Arc::new(policies.filed(0, action)));
            // Entities of the request alone have numbers of the moment.
            let filed = Arc::clone(filed);
            if policies.pool.entity(action).is_none() {
                self.filed.remove(&action);
            }
            filed.candidates(principal, resource, &policies.world, &mut |policy| candidates.push(policy));
        } else {
            candidates.extend((0_u32..).take(set.len()));
        }
        for candidate in candidates.iter().copied() {
            let Some(policy) = usize::try_from(candidate).ok().and_then(|at| set.get(at)) else { continue };
            let evaluator = &self.evaluator;
            let scoped = Scoped { asked, types, gaps, open, world: evaluator.world() };
            let in_scope = scoped.holds(policy, &|entity| evaluator.pool.type_of(entity));
            if in_scope == Some(false) {
                continue;
            }
            let missing_of_scope = in_scope.is_none().then(|| scoped.missing());
            self.evaluator.take_missing();
            let holds = match &policy.body {
                Body::Nothing => Some(Value::Bool(true)),
                Body::Node(node) => self.evaluator.value(*node),
                Body::Cedar(_) if gaps != Gaps::default() => {
                    self.found_open(found, (candidate, policy.permit), Missing::Evaluation);
                    continue;
                }
                Body::Cedar(policy) => {
                    CedarEvaluator::new(cedar?.clone(), entities.as_ref(), Extensions::all_available())
                        .evaluate(policy)
                        .ok()
                        .map(Value::Bool)
                }
            };
            let missing = self.evaluator.take_missing().or(missing_of_scope).or(first).unwrap_or(Missing::Evaluation);
            match (holds, in_scope) {
                (Some(Value::Bool(true)), Some(_)) if policy.permit => found.permits.push(candidate),
                (Some(Value::Bool(true)), Some(_)) => found.forbids.push(candidate),
                (Some(Value::Bool(true)), None) => self.found_open(found, (candidate, policy.permit), missing),
                (Some(Value::Bool(false)), _) => {}
                (Some(Value::Open(left)), _) if !self.evaluator.may_hold(left) => {}
                (Some(Value::Open(_)), _) => {
                    // What is shared with another policy is asked for once.
                    first.get_or_insert(missing);
                    self.found_open(found, (candidate, policy.permit), missing);
                }
                // Whether the scope holds or not, what errs decides nothing.
                (_, Some(_)) => found.errors.push(candidate),
                (_, None) => {}
            }
        }
        self.candidates = candidates;
        Some(())
    }

    fn found_open(&self, found: &mut Found, (number, permit): (u32, bool), missing: Missing) {
        found.open_permit |= permit;
        found.open_forbid |= !permit;
        let lack = match missing {
            Missing::Context => Lack::Context,
            Missing::Principal => Lack::Principal,
            Missing::Resource => Lack::Resource,
            Missing::Entity(entity) => match self.evaluator.pool.entity(entity) {
                Some(uid) => Lack::Entity(EntityUid::from(uid.clone())),
                None => Lack::Evaluation,
            },
            Missing::Evaluation => Lack::Evaluation,
        };
        found.open.push((number, lack));
    }
}
