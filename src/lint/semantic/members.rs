//! The policies of a store in the order in which the engine holds them.

use cedar_policy::Effect;

use crate::repo::cedar::Body;
use crate::repo::{Policy, Store};
use crate::symbolic::Subject;
use crate::text::Location;

/// What a member is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::lint) enum MemberKind {
    /// A policy that decides as it stands.
    Static,
    /// A template with its slots filled.
    Link,
    /// A template, its slots unknown; it decides nothing.
    Template,
}

/// A policy, link or template, by its index in [`crate::symbolic::CompiledPolicies`].
#[derive(Debug, Clone, Copy)]
pub(in crate::lint) struct Member<'a> {
    /// Full name.
    pub(in crate::lint) name: &'a str,
    /// What people call it.
    pub(in crate::lint) short: &'a str,
    /// Where it stands.
    pub(in crate::lint) location: &'a Location,
    /// The policy, or the link's template.
    pub(in crate::lint) policy: &'a Policy,
    /// Permit or forbid.
    pub(in crate::lint) effect: Effect,
    /// What it is.
    pub(in crate::lint) kind: MemberKind,
}

impl Member<'_> {
    /// Whether it decides requests.
    pub(in crate::lint) fn decides(&self) -> bool {
        self.kind != MemberKind::Template
    }
}

/// Static policies and links in the order of the store, then templates, each as the engine takes it.
pub(super) fn members(store: &Store) -> Vec<(Member<'_>, Subject)> {
    let of = |policy, kind| {
        let policy: &Policy = policy;
        Member {
            name: &policy.name,
            short: &policy.short,
            location: &policy.location,
            policy,
            effect: policy.effect(),
            kind,
        }
    };
    let statics = store.policies.iter().filter_map(|policy| match &policy.body {
        Body::Static(body) => Some((of(policy, MemberKind::Static), Subject::policy(body))),
        Body::Template(_) => None,
    });
    let links = store.links.iter().filter_map(|link| {
        let policy = store.policies.get(link.template)?;
        let member =
            Member { name: &link.name, short: &link.short, location: &link.location, ..of(policy, MemberKind::Link) };
        Some((member, Subject::policy(store.set.policy(&link.key)?)))
    });
    let templates = store.policies.iter().filter_map(|policy| match &policy.body {
        Body::Template(body) => Some((of(policy, MemberKind::Template), Subject::template(body))),
        Body::Static(_) => None,
    });
    statics.chain(links).chain(templates).collect()
}
