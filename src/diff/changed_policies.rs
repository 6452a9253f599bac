//! Which policies of the new side are not what the old side has.

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
