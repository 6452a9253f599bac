//! One policy, and what each step of the engine asks of it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, OnceLock};

use cedar_policy::{
    ActionConstraint, Effect, Entities, EntityUid, Policy, PolicySet, PrincipalConstraint, Request, RequestEnv,
    ResourceConstraint, SlotId, Template,
};
use cedar_policy_symcc::SymEnv;

use super::schema::SchemaModel;
use super::scope::{Scope, principal_slot, resource_slot};
use super::template::{fill, literals, substituted, variants};
use super::terms;
use super::variant::{Compiled, Variant, compile, untyped};
use crate::symbolic::reason::SetAsideReason;

/// A static policy, a template link, or a template whose slots are unknown.
#[derive(Debug)]
pub struct Subject {
    pub(super) id: String,
    effect: Effect,
    principal: Scope,
    resource: Scope,
    actions: ActionConstraint,
    body: Body,
    /// Of a link, the policy with nothing in its slots' place but entities, made when first needed.
    whole: OnceLock<Result<Box<Policy>, SetAsideReason>>,
    /// [`Self::whole`] alone, for replays.
    alone: OnceLock<Box<PolicySet>>,
    /// The entities that it names.
    named: OnceLock<Vec<EntityUid>>,
    /// What the scope of a policy says of principal and resource.
    constraints: OnceLock<(PrincipalConstraint, ResourceConstraint)>,
    /// Whether its terms are those of every environment of a family that its scope admits.
    shareable: OnceLock<bool>,
    /// Whether it is compiled as what does not typecheck is.
    untyped: bool,
    /// What is not known of its world.
    limits: Limits,
    /// Its terms, for families of environments.
    pub(super) kept: Mutex<Vec<(usize, Compiled)>>,
}

/// What is not known of a policy's world, where no schema says it.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Why the policy cannot be answered for, if so.
    pub aside: Option<SetAsideReason>,
    /// Groups of actions that the policy names and of which nothing says which actions are in them.
    pub open_groups: Vec<EntityUid>,
    /// Actions of which it is known all the same.
    pub settled: Arc<BTreeSet<EntityUid>>,
}

#[derive(Debug)]
enum Body {
    Policy(Arc<Policy>),
    Template(Arc<Template>),
}

impl Subject {
    /// A static policy or a template link.
    pub fn policy(policy: &Policy) -> Self {
        Self::of_policy(Arc::new(policy.clone()))
    }

    /// The same of one that is shared.
    pub fn of_policy(policy: Arc<Policy>) -> Self {
        Self {
            id: policy.id().to_string(),
            effect: policy.effect(),
            principal: policy.principal_constraint().into(),
            resource: policy.resource_constraint().into(),
            actions: policy.action_constraint(),
            body: Body::Policy(policy),
            whole: OnceLock::new(),
            alone: OnceLock::new(),
            named: OnceLock::new(),
            constraints: OnceLock::new(),
            shareable: OnceLock::new(),
            untyped: false,
            limits: Limits::default(),
            kept: Mutex::default(),
        }
    }

    /// A template, its slots unknown: entities of any type with which its scope can be met (and none with which it
    /// cannot: such a link would not validate).
    pub fn template(template: &Template) -> Self {
        Self::of_template(Arc::new(template.clone()))
    }

    /// The same of one that is shared.
    pub fn of_template(template: Arc<Template>) -> Self {
        Self {
            id: template.id().to_string(),
            effect: template.effect(),
            principal: principal_slot(&template).0,
            resource: resource_slot(&template).0,
            actions: template.action_constraint(),
            body: Body::Template(template),
            whole: OnceLock::new(),
            alone: OnceLock::new(),
            named: OnceLock::new(),
            constraints: OnceLock::new(),
            shareable: OnceLock::new(),
            untyped: false,
            limits: Limits::default(),
            kept: Mutex::default(),
        }
    }

    /// The same, compiled by what the evaluator does with it even if it typechecks. For tests.
    #[doc(hidden)]
    #[must_use]
    pub fn untyped(self) -> Self {
        Self { untyped: true, ..self }
    }

    /// The same, with what is not known of its world.
    #[must_use]
    pub fn limited(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// The group of which it is not known whether the action is in it, if the policy hangs on that.
    fn open_group(&self, schema: &SchemaModel, action: &EntityUid) -> Option<&EntityUid> {
        let known = |group: &EntityUid| schema.action_in(action, group);
        if self.limits.settled.contains(action) {
            return None;
        }
        self.limits.open_groups.iter().find(|group| !known(group))
    }

    /// The policy, a link included; none for a template.
    pub fn cedar(&self) -> Option<&Policy> {
        match &self.body {
            Body::Policy(policy) => Some(policy),
            Body::Template(_) => None,
        }
    }

    /// The policy id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Permit or forbid.
    pub fn effect(&self) -> Effect {
        self.effect
    }

    /// Whether it is a template without entities in its slots: it decides nothing.
    pub fn is_template(&self) -> bool {
        matches!(self.body, Body::Template(_))
    }

    /// Whether its scope may be satisfied by the request, the action aside: `false` only if it is not, and then the
    /// policy neither matches nor errs (<https://docs.cedarpolicy.com/auth/authorization.html>).
    pub(in crate::symbolic) fn may_be_in_scope(&self, request: &Request, entities: &Entities) -> bool {
        let Body::Policy(policy) = &self.body else { return true };
        let within = |member: Option<&EntityUid>, group: &EntityUid| {
            member.is_none_or(|member| member == group || entities.is_ancestor_of(group, member))
        };
        let (principal, resource) = (request.principal(), request.resource());
        // Cedar makes a constraint anew each time that it is asked for.
        let (of_principal, of_resource) =
            self.constraints.get_or_init(|| (policy.principal_constraint(), policy.resource_constraint()));
        let principal = match of_principal {
            PrincipalConstraint::Eq(uid) => principal.is_none_or(|principal| principal == uid),
            PrincipalConstraint::In(group) | PrincipalConstraint::IsIn(_, group) => within(principal, group),
            PrincipalConstraint::Any | PrincipalConstraint::Is(_) => true,
        };
        principal
            && match of_resource {
                ResourceConstraint::Eq(uid) => resource.is_none_or(|resource| resource == uid),
                ResourceConstraint::In(group) | ResourceConstraint::IsIn(_, group) => within(resource, group),
                ResourceConstraint::Any | ResourceConstraint::Is(_) => true,
            }
    }

    /// Whether its scope admits requests of the environment.
    pub fn admits(&self, schema: &SchemaModel, environment: &RequestEnv) -> bool {
        let action = match &self.actions {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(action) => action == environment.action(),
            ActionConstraint::In(groups) => groups.iter().any(|group| schema.action_in(environment.action(), group)),
        };
        let action = action || self.open_group(schema, environment.action()).is_some();
        action
            && self.principal.admits(schema, environment.principal())
            && self.resource.admits(schema, environment.resource())
    }

    /// The entities that it names, in its scope and its conditions.
    pub fn named_entities(&self) -> Vec<EntityUid> {
        let mut named = self.literals().to_vec();
        match &self.actions {
            ActionConstraint::Any => {}
            ActionConstraint::Eq(action) => named.push(action.clone()),
            ActionConstraint::In(groups) => named.extend(groups.iter().cloned()),
        }
        named
    }

    /// The entities that it names.
    pub(in crate::symbolic) fn literals(&self) -> &[EntityUid] {
        self.named.get_or_init(|| match &self.body {
            Body::Policy(policy) => {
                let mut literals = policy.entity_literals();
                literals.extend(policy.template_links().into_iter().flat_map(HashMap::into_values));
                literals
            }
            Body::Template(template) => literals(template),
        })
    }

    /// The policy as terms.
    ///
    /// # Errors
    /// When it cannot be compiled for the environment.
    pub(super) fn compile(
        &self,
        schema: &SchemaModel,
        environment: &RequestEnv,
        symbols: &SymEnv,
    ) -> Result<Vec<Variant>, SetAsideReason> {
        if let Some(why) = &self.limits.aside {
            return Err(why.clone());
        }
        if let Some(group) = self.open_group(schema, environment.action()) {
            let (action, group) = (environment.action().to_string(), group.to_string());
            return Err(SetAsideReason::OpenGroup { action, group });
        }
        match &self.body {
            Body::Policy(_) if self.untyped => Ok(vec![untyped(self.whole()?, symbols, Vec::new())?]),
            Body::Policy(_) => Ok(vec![compile(self.whole()?, schema, environment, symbols, Vec::new())?]),
            Body::Template(template) => variants(template, schema, environment, symbols),
        }
    }

    /// The policy with nothing in its slots' place but entities.
    pub(in crate::symbolic) fn whole(&self) -> Result<&Policy, SetAsideReason> {
        match &self.body {
            Body::Policy(policy) if policy.is_static() => Ok(policy),
            _ => self.whole.get_or_init(|| self.without_slots().map(Box::new)).as_deref().map_err(Clone::clone),
        }
    }

    /// Whether all that its terms take from an environment is the types of principal, resource and context: true when
    /// `action` stands in its scope only, where it is a constant that the scope was found to admit. With `action ==`
    /// there is one environment for these types, so that there is nothing to share.
    pub(in crate::symbolic) fn is_shareable(&self) -> bool {
        *self.shareable.get_or_init(|| {
            let asks = match &self.body {
                Body::Policy(policy) => terms::asks_for_action(policy),
                Body::Template(template) => terms::template_asks_for_action(template),
            };
            !asks && self.limits.open_groups.is_empty() && !matches!(self.actions, ActionConstraint::Eq(_))
        })
    }

    /// The policy as Cedar's authorizer takes it, with `slots` filled in; on its own, so that what it does shows.
    pub(in crate::symbolic) fn alone(
        &self,
        slots: &HashMap<SlotId, EntityUid>,
    ) -> Result<Cow<'_, PolicySet>, SetAsideReason> {
        match &self.body {
            Body::Policy(_) => {
                let policy = self.whole()?;
                let set = || Box::new(PolicySet::from_policies([policy.clone()]).unwrap_or_default());
                Ok(Cow::Borrowed(self.alone.get_or_init(set)))
            }
            Body::Template(template) => {
                let policy = fill(template, slots)?;
                PolicySet::from_policies([policy])
                    .map(Cow::Owned)
                    .map_err(|error| SetAsideReason::Slots(error.to_string()))
            }
        }
    }

    /// A link with its entities written where the slots are, for symcc refuses slots.
    fn without_slots(&self) -> Result<Policy, SetAsideReason> {
        match &self.body {
            Body::Policy(policy) => substituted(policy),
            Body::Template(_) => Err(SetAsideReason::Slots("the template has no entities in its slots".to_owned())),
        }
    }
}
