//! What scopes say of types.

use cedar_policy::{
    EntityTypeName, PrincipalConstraint, ResourceConstraint, Template, TemplatePrincipalConstraint,
    TemplateResourceConstraint,
};

use super::schema::SchemaModel;

/// The types that a scope admits.
#[derive(Debug)]
pub(super) enum Scope {
    Any,
    Type(EntityTypeName),
    In(EntityTypeName),
    TypeIn(EntityTypeName, EntityTypeName),
}

impl Scope {
    /// Whether entities of the type may satisfy it.
    pub(super) fn admits(&self, schema: &SchemaModel, ty: &EntityTypeName) -> bool {
        match self {
            Self::Any => true,
            Self::Type(only) => only == ty,
            Self::In(group) => schema.can_be_in(ty, group),
            Self::TypeIn(only, group) => only == ty && schema.can_be_in(ty, group),
        }
    }
}

impl From<PrincipalConstraint> for Scope {
    fn from(constraint: PrincipalConstraint) -> Self {
        match constraint {
            PrincipalConstraint::Any => Self::Any,
            PrincipalConstraint::Eq(uid) => Self::Type(uid.type_name().clone()),
            PrincipalConstraint::Is(ty) => Self::Type(ty),
            PrincipalConstraint::In(uid) => Self::In(uid.type_name().clone()),
            PrincipalConstraint::IsIn(ty, uid) => Self::TypeIn(ty, uid.type_name().clone()),
        }
    }
}

impl From<ResourceConstraint> for Scope {
    fn from(constraint: ResourceConstraint) -> Self {
        match constraint {
            ResourceConstraint::Any => Self::Any,
            ResourceConstraint::Eq(uid) => Self::Type(uid.type_name().clone()),
            ResourceConstraint::Is(ty) => Self::Type(ty),
            ResourceConstraint::In(uid) => Self::In(uid.type_name().clone()),
            ResourceConstraint::IsIn(ty, uid) => Self::TypeIn(ty, uid.type_name().clone()),
        }
    }
}

/// What a slot stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// Nothing: there is none.
    None,
    /// `==`.
    Equals,
    /// `in`.
    Holds,
}

/// What the template says of the principal.
pub(super) fn principal_slot(template: &Template) -> (Scope, Slot) {
    match template.principal_constraint() {
        TemplatePrincipalConstraint::Any => (Scope::Any, Slot::None),
        TemplatePrincipalConstraint::Eq(None) => (Scope::Any, Slot::Equals),
        TemplatePrincipalConstraint::In(None) => (Scope::Any, Slot::Holds),
        TemplatePrincipalConstraint::IsIn(ty, None) => (Scope::Type(ty), Slot::Holds),
        TemplatePrincipalConstraint::Eq(Some(uid)) => (Scope::Type(uid.type_name().clone()), Slot::None),
        TemplatePrincipalConstraint::In(Some(uid)) => (Scope::In(uid.type_name().clone()), Slot::None),
        TemplatePrincipalConstraint::Is(ty) => (Scope::Type(ty), Slot::None),
        TemplatePrincipalConstraint::IsIn(ty, Some(uid)) => (Scope::TypeIn(ty, uid.type_name().clone()), Slot::None),
    }
}

/// What the template says of the resource.
pub(super) fn resource_slot(template: &Template) -> (Scope, Slot) {
    match template.resource_constraint() {
        TemplateResourceConstraint::Any => (Scope::Any, Slot::None),
        TemplateResourceConstraint::Eq(None) => (Scope::Any, Slot::Equals),
        TemplateResourceConstraint::In(None) => (Scope::Any, Slot::Holds),
        TemplateResourceConstraint::IsIn(ty, None) => (Scope::Type(ty), Slot::Holds),
        TemplateResourceConstraint::Eq(Some(uid)) => (Scope::Type(uid.type_name().clone()), Slot::None),
        TemplateResourceConstraint::In(Some(uid)) => (Scope::In(uid.type_name().clone()), Slot::None),
        TemplateResourceConstraint::Is(ty) => (Scope::Type(ty), Slot::None),
        TemplateResourceConstraint::IsIn(ty, Some(uid)) => (Scope::TypeIn(ty, uid.type_name().clone()), Slot::None),
    }
}
