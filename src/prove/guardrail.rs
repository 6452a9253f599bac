//! What is to be proved: every form of guardrail comes to this.

use std::sync::Arc;

use cedar_policy::{Policy, PolicyId, RequestEnv, Schema};

use crate::config::Name;
use crate::text::Location;

/// One guardrail.
pub(super) struct Guardrail {
    /// What it is called.
    pub(super) id: String,
    /// Its kind, as reports have it.
    pub(super) kind: &'static str,
    /// Why it is there.
    pub(super) why: Option<String>,
    /// Where it is written.
    pub(super) location: Location,
    /// What it comes to, where it is a short form.
    pub(super) expansion: Option<String>,
    /// The stores that it is about.
    pub(super) reach: Reach,
    /// What it demands.
    pub(super) demand: Demand,
    /// Why it would not be known to be broken where it seems to be.
    pub(super) doubt: Option<String>,
}

/// The stores that a guardrail is about.
#[derive(Debug, Clone)]
pub(super) enum Reach {
    /// Those called so; all where none is named.
    Called(Vec<Name>),
    /// Those of these names and no others.
    Only(Vec<String>),
}

impl Reach {
    /// Makes it about what stores are called now: `renamed` has their old and new names.
    pub(super) fn follow(&mut self, renamed: &[(String, String)]) {
        for (old, new) in renamed {
            match self {
                Self::Only(names) if names.contains(old) => names.push(new.clone()),
                Self::Called(names) => {
                    let place = names.iter().find(|name| name.text == *old).map(|name| name.location.clone());
                    names.extend(place.map(|location| Name { text: new.clone(), location }));
                }
                Self::Only(_) => {}
            }
        }
    }
}

/// What a guardrail demands of every request.
pub(super) enum Demand {
    /// None that the rule matches is allowed.
    Refused(Rule),
    /// Each that the rule matches is allowed.
    Allowed(Rule),
    /// None that the rule matches is matched by the policy of this full name, or a link to it.
    Unmatched(String, Rule),
    /// The actions, as they are written, are decided alike on requests for which the filters hold.
    Alike(Alike),
    /// Nothing can be asked, and why.
    Unaskable(String),
}

/// Actions that are decided alike.
#[derive(Debug, Clone)]
pub(super) struct Alike {
    /// The actions.
    pub(super) actions: Vec<String>,
    /// The principal types; empty for all.
    pub(super) principals: Vec<Name>,
    /// The resource types; empty for all.
    pub(super) resources: Vec<Name>,
}

/// Requests that a guardrail is about: those that a policy matches, or fails on.
#[derive(Clone)]
pub(super) enum Rule {
    /// The same policy everywhere. Of one of the repository, the key there.
    Everywhere(Box<Policy>, Option<PolicyId>),
    /// One for each kind of request.
    Each(Arc<dyn Fn(&Place<'_>) -> Cover + Send + Sync>),
}

/// A kind of request.
pub(super) struct Place<'p> {
    /// The schema of the store, which may be an inferred one.
    pub(super) schema: &'p Schema,
    /// The request environment.
    pub(super) environment: &'p RequestEnv,
}

/// What a guardrail says of a kind of request.
pub(super) enum Cover {
    /// It is about those that the policy matches or fails on.
    Policy(Box<Policy>),
    /// The same; of those that the second matches, at a boundary, one is shown if one breaks it.
    Bounded(Box<[Policy; 2]>),
    /// It is about none.
    Nothing,
    /// It is about some and cannot tell which, and why.
    Unable(String),
}
