//! What is not known of a request.

use cedar_policy::EntityUid;

/// What is not known of a principal or a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gap {
    /// Which one of its type it is.
    Id,
    /// Which one it is, its type included.
    Whole,
}

/// What is not known of a request. The default is a request that is known whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Gaps {
    /// Of the principal, for which the request has one that stands for it, of its type where that is known.
    pub principal: Option<Gap>,
    /// Of the resource, in the same way.
    pub resource: Option<Gap>,
    /// Whether the context is not known.
    pub context: bool,
    /// Whether entities that are not given may have attributes, tags and ancestors. Otherwise those that are given are
    /// all there are.
    pub entities: bool,
}

/// What was asked for and is not known.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lack {
    /// The context.
    Context,
    /// Who the principal is.
    Principal,
    /// What the resource is.
    Resource,
    /// What this entity has, or is in.
    Entity(EntityUid),
    /// What only Cedar's evaluator could say of a request that is known whole.
    Evaluation,
}

/// The same, an entity by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    Context,
    Principal,
    Resource,
    Entity(u32),
    Evaluation,
}
