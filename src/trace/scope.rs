//! The scope of a policy, part by part.

use cedar_policy::{
    ActionConstraint, Entities, EntityTypeName, EntityUid, Policy, PrincipalConstraint, Request, ResourceConstraint,
};

/// What a part of a scope is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Variable {
    /// `principal`
    Principal,
    /// `action`
    Action,
    /// `resource`
    Resource,
}

impl Variable {
    /// As written in Cedar.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::Action => "action",
            Self::Resource => "resource",
        }
    }
}

/// The part of a scope that a request misses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Miss {
    /// Which.
    pub variable: Variable,
    /// Why, such as "principal User::"bob" is not in Team::"support"".
    pub why: String,
    /// Whether it is a group that the entity is not in.
    pub group: bool,
}

#[derive(Debug, Clone)]
enum Part {
    Any,
    Is(EntityTypeName),
    Exactly(EntityUid),
    Within(Vec<EntityUid>),
    IsWithin(EntityTypeName, EntityUid),
}

impl Part {
    fn holds(&self, uid: &EntityUid, entities: &Entities) -> bool {
        let within = |group: &EntityUid| uid == group || entities.is_ancestor_of(group, uid);
        match self {
            Self::Any => true,
            Self::Is(ty) => uid.type_name() == ty,
            Self::Exactly(wanted) => uid == wanted,
            Self::Within(groups) => groups.iter().any(within),
            Self::IsWithin(ty, group) => uid.type_name() == ty && within(group),
        }
    }

    fn miss(&self, variable: Variable, uid: &EntityUid) -> String {
        let what = variable.as_str();
        let of_type = |ty: &EntityTypeName| format!("{what} {uid} is not of type {ty}");
        match self {
            Self::Any => String::new(),
            Self::Is(ty) => of_type(ty),
            Self::Exactly(wanted) => format!("{what} is {uid}, not {wanted}"),
            Self::Within(groups) => {
                let groups: Vec<String> = groups.iter().map(ToString::to_string).collect();
                format!("{what} {uid} is not in {}", groups.join(" or "))
            }
            Self::IsWithin(ty, _) if uid.type_name() != ty => of_type(ty),
            Self::IsWithin(_, group) => format!("{what} {uid} is not in {group}"),
        }
    }
}

/// A scope, slots filled in.
#[derive(Debug, Clone)]
pub(super) struct Scope {
    principal: Part,
    action: Part,
    resource: Part,
}

impl Scope {
    pub(super) fn of(policy: &Policy) -> Self {
        Self {
            principal: match policy.principal_constraint() {
                PrincipalConstraint::Any => Part::Any,
                PrincipalConstraint::In(uid) => Part::Within(vec![uid]),
                PrincipalConstraint::Eq(uid) => Part::Exactly(uid),
                PrincipalConstraint::Is(ty) => Part::Is(ty),
                PrincipalConstraint::IsIn(ty, uid) => Part::IsWithin(ty, uid),
            },
            action: match policy.action_constraint() {
                ActionConstraint::Any => Part::Any,
                ActionConstraint::In(uids) => Part::Within(uids),
                ActionConstraint::Eq(uid) => Part::Exactly(uid),
            },
            resource: match policy.resource_constraint() {
                ResourceConstraint::Any => Part::Any,
                ResourceConstraint::In(uid) => Part::Within(vec![uid]),
                ResourceConstraint::Eq(uid) => Part::Exactly(uid),
                ResourceConstraint::Is(ty) => Part::Is(ty),
                ResourceConstraint::IsIn(ty, uid) => Part::IsWithin(ty, uid),
            },
        }
    }

    fn part(&self, variable: Variable) -> &Part {
        match variable {
            Variable::Principal => &self.principal,
            Variable::Action => &self.action,
            Variable::Resource => &self.resource,
        }
    }

    /// The only part that `request` misses; `Ok` when it misses none, `Err(None)` when it misses more than one.
    pub(super) fn misses(&self, request: &Request, entities: &Entities) -> Result<(), Option<Variable>> {
        let mut missed = None;
        for variable in [Variable::Principal, Variable::Action, Variable::Resource] {
            let holds = value(request, variable).is_some_and(|uid| self.part(variable).holds(uid, entities));
            match (holds, missed) {
                (true, _) => {}
                (false, None) => missed = Some(variable),
                (false, Some(_)) => return Err(None),
            }
        }
        missed.map_or(Ok(()), |variable| Err(Some(variable)))
    }

    /// What `request` lacks of the part about `variable`.
    pub(super) fn miss(&self, request: &Request, variable: Variable) -> Miss {
        let (part, uid) = (self.part(variable), value(request, variable));
        let why = uid.map(|uid| part.miss(variable, uid)).unwrap_or_default();
        let group = match part {
            Part::Any | Part::Is(_) | Part::Exactly(_) => false,
            Part::Within(_) => true,
            Part::IsWithin(ty, _) => uid.is_some_and(|uid| uid.type_name() == ty),
        };
        Miss { variable, why, group }
    }
}

fn value(request: &Request, variable: Variable) -> Option<&EntityUid> {
    match variable {
        Variable::Principal => request.principal(),
        Variable::Action => request.action(),
        Variable::Resource => request.resource(),
    }
}
