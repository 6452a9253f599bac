//! What rules over text and syntax are given.

use std::collections::HashSet;
use std::sync::OnceLock;

use crate::finding::{Finding, Level};
use crate::repo::syntax::EntityLiteral;
use crate::repo::{EntityState, Link, Policy, Store};
use crate::rule::Rule;
use crate::text::{Location, Span};

/// One store, as these rules see it.
#[derive(Debug)]
pub struct Context<'a> {
    /// The store.
    pub store: &'a Store,
    /// The day that counts as today, `YYYY-MM-DD`; `None` where no day counts.
    pub today: Option<&'a str>,
    declared: OnceLock<HashSet<(String, String)>>,
}

impl<'a> Context<'a> {
    /// The context of `store` on the day `today`.
    #[must_use]
    pub(super) fn new(store: &'a Store, today: Option<&'a str>) -> Self {
        Self { store, today, declared: OnceLock::new() }
    }

    /// Static policies and templates.
    #[must_use]
    pub fn policies(&self) -> &'a [Policy] {
        &self.store.policies
    }

    /// Type and id of every entity of the store's entity files and every action of its schema.
    pub fn declared(&self) -> &HashSet<(String, String)> {
        self.declared.get_or_init(|| {
            let entities = match &self.store.entities {
                EntityState::Ready(data) => Some(data),
                EntityState::None | EntityState::Broken(..) => None,
            };
            let entities = entities.into_iter().flat_map(|data| data.cedar.iter().map(|entity| entity.uid()));
            let schema = self.store.schema.ready();
            let actions = schema.into_iter().flat_map(|schema| schema.cedar.actions().cloned());
            let pair =
                |uid: cedar_policy::EntityUid| (uid.type_name().to_string(), AsRef::<str>::as_ref(uid.id()).to_owned());
            entities.chain(actions).map(pair).collect()
        })
    }

    /// Whether `entity` is one of [`Self::declared`].
    #[must_use]
    pub fn is_declared(&self, entity: &EntityLiteral) -> bool {
        self.declared().contains(&(entity.ty.clone(), entity.id.clone()))
    }

    /// The entities that `link` puts in the slots of its template, sorted, each as its type and its id.
    pub fn linked(&self, link: &Link) -> Vec<(String, String)> {
        let slots = self.store.set.policy(&link.key).and_then(|policy| policy.template_links());
        let named = slots.into_iter().flatten();
        let mut named: Vec<(String, String)> =
            named.map(|(_, uid)| (uid.type_name().to_string(), AsRef::<str>::as_ref(uid.id()).to_owned())).collect();
        named.sort();
        named
    }

    /// A finding of `rule` in `policy`. JSON policies keep no places, so there the place is the first mention of
    /// `words` in the policy, else its first line.
    #[must_use]
    pub fn finding(rule: &Rule, policy: &Policy, span: Option<Span>, words: &str, message: String) -> Finding {
        let place = place(policy, span, words);
        finding_at(rule, place, message).policy(policy.name.clone(), &policy.location)
    }
}

/// A finding of `rule` at `place`, with the level that the rule declares.
pub(super) fn finding_at(rule: &Rule, place: Location, message: String) -> Finding {
    Finding::new(rule.id, rule.level.unwrap_or(Level::Note), place, message)
}

/// Where `span` lies in `policy`, or else where `words` are written, or else the policy's first line.
pub(super) fn place(policy: &Policy, span: Option<Span>, words: &str) -> Location {
    let whole = &policy.location;
    let found = || {
        let quoted = serde_json::to_string(words).ok().filter(|_| !words.is_empty())?;
        let at = whole.span.start + whole.text().find(&quoted)?;
        Some(Span::new(at, at + quoted.len()))
    };
    let span = span.or_else(found).unwrap_or_else(|| {
        let line = whole.text().lines().next().unwrap_or_default();
        Span::new(whole.span.start, whole.span.start + line.len())
    });
    Location::new(&whole.file, span)
}
