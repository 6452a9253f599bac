//! Which policies of the new side are not what the old side has, and what the others were called there.

use std::collections::HashMap;

use super::{pairing, stores};
use crate::repo::Repo;
use crate::text::Location;

/// Where the policies, links and templates of `new` stand that were added or say something else than in `old`. One that
/// was renamed, moved or laid out anew is not among them. Sorted.
#[must_use]
pub fn changed_policies(old: &Repo, new: &Repo) -> Vec<Location> {
    let mut changed = Vec::new();
    for stores in stores::pair(old, new) {
        let (pairs, _) = pairing::pair(stores.old, stores.new);
        let differ = pairs.into_iter().filter(|pair| !pair.same);
        changed.extend(differ.filter_map(|pair| Some(pair.new?.location.clone())));
    }
    changed.sort();
    changed
}

/// What policies were called in `old`, by what they are called in `new`: each by the name of its store and its full
/// name. A policy that was edited, moved or renamed is the same; one that only `new` has is not among them.
#[must_use]
pub fn names_before<'r>(old: &'r Repo, new: &'r Repo) -> HashMap<(&'r str, &'r str), (&'r str, &'r str)> {
    let mut names = HashMap::new();
    for stores in stores::pair(old, new) {
        let (Some(before), Some(after)) = (stores.old, stores.new) else { continue };
        let (pairs, _) = pairing::pair(Some(before), Some(after));
        let both = pairs.into_iter().filter_map(|pair| Some((pair.new?.name, pair.old?.name)));
        names.extend(both.map(|(new, old)| ((after.name.as_str(), new), (before.name.as_str(), old))));
    }
    names
}
