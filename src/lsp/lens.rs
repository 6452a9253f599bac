//! Lenses over policies: how many rows they decide, to how many kinds of request they apply, and what they changed.
//!
//! # Why
//!
//! A lens says nothing that is not known. Rows and what changed are of the last whole look: of a policy that somebody
//! has edited since, only what its text says is there.

use std::collections::BTreeMap;

use lsp_types::{CodeLens, Command};

use super::admitted::Admitted;
use super::cursor::Cursor;
use super::diagnostics::Places;
use crate::outcome::changes::{Comparison, Direction};
use crate::repo::{Policy, Store};
use crate::run::Look;

/// What a branch changed, by the policies that bring it about.
#[derive(Debug, Default)]
pub(super) struct Since {
    /// What the branch is called that it is compared with.
    label: String,
    /// By full name: how many kinds of request gain and lose.
    changed: BTreeMap<String, (usize, usize)>,
    /// The policies of which it is not known.
    unknown: Vec<String>,
    /// The stores of which it is not known.
    unknown_stores: Vec<String>,
    /// The policies that differ and change nothing.
    idle: Vec<String>,
}

impl Since {
    /// What `comparison` says, with what is called `label`.
    pub(super) fn of(comparison: &Comparison, label: &str) -> Self {
        let mut since = Self { label: label.to_owned(), ..Self::default() };
        for store in &comparison.stores {
            if store.unusable.is_some() {
                since.unknown_stores.push(store.name.clone());
            }
            for group in &store.groups {
                for cause in &group.causes {
                    // What a link changes stands over its template, which has the text.
                    let template = cause.template.as_ref().map(|template| &template.name);
                    for name in std::iter::once(&cause.policy).chain(template.filter(|name| **name != cause.policy)) {
                        let counts = since.changed.entry(name.clone()).or_default();
                        match group.direction {
                            Direction::Gained => counts.0 += group.effects.len(),
                            Direction::Lost => counts.1 += group.effects.len(),
                        }
                    }
                }
            }
            since.unknown.extend(store.undecided.iter().map(|cause| cause.policy.clone()));
            since.unknown.extend(store.set_aside.iter().chain(&store.ill_typed).map(|one| one.policy.clone()));
            since.idle.extend(store.without_effect.iter().map(|idle| idle.cause.policy.clone()));
        }
        since
    }

    fn phrase(&self, store: &Store, policy: &Policy) -> Option<String> {
        if self.unknown_stores.contains(&store.name) || self.unknown.contains(&policy.name) {
            return None;
        }
        let what = match self.changed.get(&policy.name) {
            Some((gained, 0)) => format!("gained {gained}"),
            Some((0, lost)) => format!("lost {lost}"),
            Some((gained, lost)) => format!("gained {gained}, lost {lost}"),
            None if self.idle.contains(&policy.name) => "no decision changed".to_owned(),
            None => return None,
        };
        Some(format!("since {}: {what}", self.label))
    }
}

/// The lenses of the file at `path`. `whole` is the last whole look, and `since` what it compared.
pub(super) fn lenses<'l>(
    path: &str,
    look: &'l Look,
    whole: Option<&Look>,
    since: Option<&Since>,
    places: &mut Places<'l>,
) -> Vec<CodeLens> {
    let mut heads: Vec<_> = look
        .repo
        .stores
        .iter()
        .flat_map(|store| store.policies.iter().map(move |policy| (store, policy)))
        .filter(|(_, policy)| policy.location.path() == path && !policy.location.file.name().ends_with(".json"))
        .collect();
    heads.sort_by_key(|(_, policy)| policy.location.shown().span.start);
    heads.dedup_by_key(|(_, policy)| policy.location.shown().span);
    let lens = |(store, policy): (&'l Store, &'l Policy)| {
        let title = title(store, policy, whole, since)?;
        let start = places.range(&policy.location).start;
        let command = Command { title, command: String::new(), arguments: None };
        Some(CodeLens { range: lsp_types::Range::new(start, start), command: Some(command), data: None })
    };
    heads.into_iter().filter_map(lens).collect()
}

fn title(store: &Store, policy: &Policy, whole: Option<&Look>, since: Option<&Since>) -> Option<String> {
    let counted = |count: usize, one: &str, many: &str| match count {
        0 => format!("no {one}"),
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    };
    let mut known = Vec::new();
    // What the whole look saw of this policy as it is now.
    let same = whole.filter(|whole| {
        let then = whole.repo.stores.iter().find(|then| then.name == store.name);
        then.is_some_and(|then| {
            let mut all = then.policies.iter();
            all.any(|then| then.name == policy.name && then.location.text() == policy.location.text())
        })
    });
    if policy.body.is_template() {
        let index = store.policies.iter().position(|one| std::ptr::eq(one, policy));
        let links = store.links.iter().filter(|link| Some(link.template) == index).count();
        known.push(counted(links, "link", "links"));
    } else if let Some(coverage) = same.and_then(|whole| whole.outcome.coverage.as_ref())
        && !store.tables.is_empty()
    {
        let one = coverage.policies.iter().find(|one| one.policy.name == policy.name && one.store == store.name);
        known.extend(one.map(|one| counted(one.determining, "row", "rows")));
    }
    if let Some(schema) = store.schema.ready() {
        let text = policy.location.text();
        let bounds = Cursor::new(text, text.len()).head_scope();
        let count = bounds.map(|bounds| Admitted::strictly(&schema.cedar, &bounds).environments);
        known.extend(count.map(|count| counted(count, "environment", "environments")));
    }
    let mut title = known.join(", ");
    if let Some(phrase) = same.and(since).and_then(|since| since.phrase(store, policy)) {
        if !title.is_empty() {
            title.push_str("; ");
        }
        title.push_str(&phrase);
    }
    (!title.is_empty()).then_some(title)
}
