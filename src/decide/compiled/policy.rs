//! Policies with their scopes by number.

use cedar_policy::PolicyId;
use cedar_policy_core::ast::{self, ActionConstraint, EntityReference, PrincipalOrResourceConstraint, SlotId};

use super::value::Pool;
use super::world::World;

/// What a scope says of the principal or the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::decide) enum Part {
    Any,
    /// Of this type.
    Is(u32),
    /// This entity.
    Exactly(u32),
    /// In this entity.
    Within(u32),
    /// Of this type and in this entity.
    IsWithin(u32, u32),
}

impl Part {
    fn new(
        constraint: &PrincipalOrResourceConstraint,
        slot: SlotId,
        policy: &ast::Policy,
        pool: &mut Pool,
    ) -> Option<Self> {
        let mut target = |reference: &EntityReference| match reference {
            EntityReference::EUID(uid) => Some(pool.add_entity(uid)),
            EntityReference::Slot(_) => policy.env().get(&slot).map(|uid| pool.add_entity(uid)),
        };
        Some(match constraint {
            PrincipalOrResourceConstraint::Any => Self::Any,
            PrincipalOrResourceConstraint::Is(ty) => Self::Is(pool.add_type(ty)),
            PrincipalOrResourceConstraint::Eq(reference) => Self::Exactly(target(reference)?),
            PrincipalOrResourceConstraint::In(reference) => Self::Within(target(reference)?),
            PrincipalOrResourceConstraint::IsIn(ty, reference) => {
                let entity = target(reference)?;
                Self::IsWithin(pool.add_type(ty), entity)
            }
        })
    }

    /// Whether it is so of `entity`, which is of type `ty`.
    pub(in crate::decide) fn holds(self, entity: u32, ty: u32, world: &World) -> bool {
        match self {
            Self::Any => true,
            Self::Is(asked) => ty == asked,
            Self::Exactly(asked) => entity == asked,
            Self::Within(group) => world.is_in(entity, group),
            Self::IsWithin(asked, group) => ty == asked && world.is_in(entity, group),
        }
    }

    /// The entity without which it does not hold.
    pub(super) fn key(self) -> Option<u32> {
        match self {
            Self::Any | Self::Is(_) => None,
            Self::Exactly(entity) | Self::Within(entity) | Self::IsWithin(_, entity) => Some(entity),
        }
    }
}

/// What a scope says of the action.
#[derive(Debug)]
pub(super) enum Acts {
    Any,
    Exactly(u32),
    /// In one of these.
    Within(Box<[u32]>),
}

impl Acts {
    pub(super) fn holds(&self, action: u32, world: &World) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(asked) => action == *asked,
            Self::Within(groups) => groups.iter().any(|group| world.is_in(action, *group)),
        }
    }
}

/// What is asked of a request besides the scope.
#[derive(Debug)]
pub(in crate::decide) enum Body {
    /// Nothing.
    Nothing,
    /// The node with this number.
    Node(u32),
    /// What cannot be compiled: Cedar evaluates the policy.
    Cedar(Box<ast::Policy>),
}

/// A policy.
#[derive(Debug)]
pub(in crate::decide) struct Policy {
    pub(in crate::decide) id: PolicyId,
    pub(in crate::decide) permit: bool,
    pub(in crate::decide) principal: Part,
    pub(super) action: Acts,
    pub(in crate::decide) resource: Part,
    pub(in crate::decide) body: Body,
}

impl Policy {
    /// `policy` with `body`; `None` where a slot has no value.
    pub(super) fn new(policy: &cedar_policy::Policy, body: Body, pool: &mut Pool) -> Option<Self> {
        let cedar: &ast::Policy = policy.as_ref();
        let template = cedar.template();
        let principal = template.principal_constraint().as_inner();
        let resource = template.resource_constraint().as_inner();
        let action = match cedar.action_constraint() {
            ActionConstraint::Any => Acts::Any,
            ActionConstraint::Eq(uid) => Acts::Exactly(pool.add_entity(uid)),
            ActionConstraint::In(uids) => Acts::Within(uids.iter().map(|uid| pool.add_entity(uid)).collect()),
        };
        Some(Self {
            id: policy.id().clone(),
            permit: policy.effect() == cedar_policy::Effect::Permit,
            principal: Part::new(principal, SlotId::principal(), cedar, pool)?,
            action,
            resource: Part::new(resource, SlotId::resource(), cedar, pool)?,
            body,
        })
    }

    /// Whether the scope admits `action`.
    pub(in crate::decide) fn for_action(&self, action: u32, world: &World) -> bool {
        self.action.holds(action, world)
    }

    /// Whether the scope asks for a group of actions.
    pub(super) fn asks_for_group(&self) -> bool {
        matches!(self.action, Acts::Within(_))
    }
}
