//! Which store of one side is which of the other.
//!
//! # Why
//!
//! A comparison reads both sides whole, whatever its paths, and keeps the pairs of stores that have a file there on
//! either side: who gains and who loses what is a question to a store, not to a file.

use std::collections::{BTreeSet, HashMap};

use crate::repo::{Focus, Repo, Store};

/// A store as each side has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stores<'r> {
    pub(super) old: Option<&'r Store>,
    pub(super) new: Option<&'r Store>,
}

/// Pairs stores by name; then what is left over, when a single store is, or when their policies say that they are the
/// same.
pub(super) fn pair<'r>(old: &'r Repo, new: &'r Repo) -> Vec<Stores<'r>> {
    let mut before: Vec<&Store> = old.stores.iter().filter(|store| holds_something(store)).collect();
    let mut pairs = Vec::new();
    let mut left = Vec::new();
    for store in new.stores.iter().filter(|store| holds_something(store)) {
        match before.iter().position(|other| other.name == store.name) {
            Some(at) => pairs.push(Stores { old: Some(before.remove(at)), new: Some(store) }),
            None => left.push(store),
        }
    }
    let only = before.len() == 1 && left.len() == 1 && pairs.is_empty();
    for store in left {
        let nearest =
            before.iter().enumerate().map(|(at, other)| (at, in_common(other, store))).max_by_key(|(_, n)| *n);
        match nearest {
            Some((at, common)) if only || 2 * common > store.policies.len().max(1) => {
                pairs.push(Stores { old: Some(before.remove(at)), new: Some(store) });
            }
            _ => pairs.push(Stores { old: None, new: Some(store) }),
        }
    }
    pairs.extend(before.into_iter().map(|store| Stores { old: Some(store), new: None }));
    pairs.sort_by(|a, b| a.name().cmp(b.name()));
    pairs
}

/// Keeps in `old` and in each of `news` the stores that have a file that `focus` covers, on either side of their pair.
pub fn focus(focus: &Focus, old: &mut Repo, news: &mut [&mut Repo]) {
    if focus.is_whole() {
        return;
    }
    let covered = |store: &Store| store.files.iter().any(|path| focus.covers(path));
    let mut kept_old = BTreeSet::new();
    for new in news {
        let mut kept = BTreeSet::new();
        for stores in pair(old, new) {
            if [stores.old, stores.new].into_iter().flatten().any(covered) {
                kept_old.extend(stores.old.map(|store| store.name.clone()));
                kept.extend(stores.new.map(|store| store.name.clone()));
            }
        }
        keep(new, &kept);
    }
    keep(old, &kept_old);
}

fn keep(repo: &mut Repo, names: &BTreeSet<String>) {
    repo.stores.retain(|store| names.contains(&store.name));
    repo.findings.retain(|finding| finding.store.as_ref().is_none_or(|store| names.contains(store)));
}

fn holds_something(store: &Store) -> bool {
    !store.policies.is_empty() || store.schema.ready().is_some() || !store.broken.is_empty()
}

/// How many policies both hold, word for word.
fn in_common(one: &Store, other: &Store) -> usize {
    let mut texts: HashMap<&str, usize> = HashMap::new();
    for policy in &other.policies {
        *texts.entry(policy.location.text()).or_default() += 1;
    }
    let mut count = 0;
    for policy in &one.policies {
        if let Some(left) = texts.get_mut(policy.location.text()).filter(|left| **left > 0) {
            *left -= 1;
            count += 1;
        }
    }
    count
}

impl<'r> Stores<'r> {
    /// The store's name, the new one where there is one.
    pub(super) fn name(&self) -> &'r str {
        self.new.or(self.old).map_or("", |store| &store.name)
    }

    /// The name on the old side, where that is another.
    pub(super) fn old_name(&self) -> Option<&'r str> {
        let old = self.old?;
        (self.new.is_some_and(|new| new.name != old.name)).then_some(&old.name)
    }
}
