//! The policies of a store in the order in which the engine holds them.

use std::borrow::Cow;
use std::sync::Arc;

use cedar_policy::{Effect, PolicySet};

use crate::outcome::{Notice, NoticeKind};
use crate::repo::cedar::Body;
use crate::repo::{Policy, Store};
use crate::symbolic::Subject;
use crate::text::{Location, Span, inline};

/// So many policies are named in a sentence about what was not decided.
const NAMED: usize = 5;

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

    /// Whether its scope leaves the action open.
    pub(in crate::lint) fn is_for_any_action(&self) -> bool {
        self.policy.syntax().open.action
    }

    /// What is edited to have it otherwise: of a link its template, in the words of which all links to it are.
    #[must_use]
    pub(in crate::lint) fn written(&self) -> Self {
        let kind = if self.kind == MemberKind::Link { MemberKind::Template } else { self.kind };
        let policy = self.policy;
        Self { name: &policy.name, short: &policy.short, location: &policy.location, kind, ..*self }
    }

    /// What people call it: its id, or where it stands.
    pub(in crate::lint) fn quoted_name(&self) -> String {
        if self.policy.id.is_none() && self.short == self.policy.short {
            return format!("`{}:{}`", inline(self.location.path()), self.head().start().line);
        }
        format!("`{}`", inline(self.short))
    }

    /// The line that names it: [`Policy::head`], or of a link its first.
    pub(in crate::lint) fn head(&self) -> Location {
        if self.kind != MemberKind::Link {
            return self.policy.head();
        }
        let line = self.location.text().lines().next().unwrap_or_default();
        let start = self.location.span.start;
        Location::new(&self.location.file, Span::new(start, start + line.len()))
    }
}

/// A notice about `members`: at the first of them, and by name where there is but one.
pub(in crate::lint) fn notice_about(kind: NoticeKind, members: &[&Member<'_>], sentence: String) -> Notice {
    let notice = Notice::new(kind, sentence);
    match members {
        [] => notice,
        [only] => notice.policy(only.name).at(&only.head()),
        [first, ..] => notice.at(&first.head()),
    }
}

/// Static policies and links in the order of the store, then templates, each as the engine takes it.
pub(in crate::lint) fn members(store: &Store) -> Vec<(Member<'_>, Subject)> {
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
        Body::Static(body) => Some((of(policy, MemberKind::Static), Subject::of_policy(Arc::clone(body)))),
        Body::Template(_) => None,
    });
    let links = store.links.iter().filter_map(|link| {
        let policy = store.policies.get(link.template)?;
        let member =
            Member { name: &link.name, short: &link.short, location: &link.location, ..of(policy, MemberKind::Link) };
        Some((member, Subject::policy(store.set.policy(&link.key)?)))
    });
    let templates = store.policies.iter().filter_map(|policy| match &policy.body {
        Body::Template(body) => Some((of(policy, MemberKind::Template), Subject::of_template(Arc::clone(body)))),
        Body::Static(_) => None,
    });
    statics.chain(links).chain(templates).collect()
}

/// `member` and nothing else.
pub(super) fn alone(store: &Store, member: &Member<'_>) -> PolicySet {
    let mut set = PolicySet::new();
    // Each is in a set already, so that adding it to another cannot fail.
    let _ = match &member.policy.body {
        Body::Static(policy) => set.add((**policy).clone()),
        Body::Template(template) => set.add_template((**template).clone()),
    };
    let link = store.links.iter().find(|link| member.kind == MemberKind::Link && link.name == member.name);
    let values = link.and_then(|link| store.set.policy(&link.key)?.template_links());
    if let (Some(link), Some(values)) = (link, values) {
        let _ = set.link(member.policy.key.clone(), link.key.clone(), values);
    }
    set
}

/// `member` with `body` in the place of its policy's, or of its template's.
pub(super) fn with_body(store: &Store, member: &Member<'_>, body: &Body) -> Option<cedar_policy::Policy> {
    let template = match body {
        Body::Static(policy) => return Some((**policy).clone()),
        Body::Template(template) => template,
    };
    let link = store.links.iter().find(|link| member.kind == MemberKind::Link && link.name == member.name)?;
    let values = store.set.policy(&link.key)?.template_links()?;
    let mut set = PolicySet::new();
    set.add_template((**template).clone()).ok()?;
    set.link(template.id().clone(), link.key.clone(), values).ok()?;
    set.policy(&link.key).cloned()
}

/// `member` as a policy that decides: of a link what it comes to with its entities in the slots, of a template what any
/// link to it could match.
pub(super) fn as_static<'a>(store: &Store, member: &Member<'a>) -> Option<Cow<'a, Body>> {
    match member.kind {
        MemberKind::Static => Some(Cow::Borrowed(&member.policy.body)),
        MemberKind::Template => member.policy.body.opened(member.effect).map(Cow::Owned),
        MemberKind::Link => {
            let link = store.links.iter().find(|link| link.name == member.name)?;
            let filled = store.set.policy(&link.key)?.to_json().ok()?;
            Body::parse(&filled.to_string()).map(Cow::Owned)
        }
    }
}

/// The first of `names`, and how many more there are.
pub(super) fn some_of(names: &[String]) -> String {
    let more = match names.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
}
