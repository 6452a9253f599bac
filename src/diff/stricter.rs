//! One comparison of the same two sides added to another: what only the stricter reading of the new side shows counts
//! as well.

use std::collections::BTreeSet;

use super::run::Compared;
use crate::outcome::changes::{Status, StoreChanges};

impl Compared {
    /// Adds what `other`, which reads the same new side in other stores, shows and this one does not: changes of
    /// access, and questions without an answer. A store of `other` takes the place of ours of the same name if it shows
    /// all that ours does.
    pub fn add_stricter(&mut self, other: Compared) {
        // Gates name stores, so what another store shows does not count as shown.
        let shown: BTreeSet<(String, String)> = self.stores.iter().flat_map(by_name).collect();
        let mut added = BTreeSet::new();
        for store in other.stores {
            let theirs: BTreeSet<String> = shows(&store).collect();
            if theirs.iter().all(|one| shown.contains(&(store.name.clone(), one.clone()))) {
                continue;
            }
            added.insert(store.name.clone());
            let covered = |ours: &StoreChanges| ours.name == store.name && shows(ours).all(|one| theirs.contains(&one));
            match self.stores.iter_mut().find(|ours| covered(ours)) {
                Some(ours) => *ours = store,
                None => self.stores.push(store),
            }
        }
        self.stores.sort_by(|a, b| a.name.cmp(&b.name));
        for notice in other.undecided {
            let about_added = notice.store.as_ref().is_some_and(|store| added.contains(store));
            if about_added && !self.undecided.contains(&notice) {
                self.undecided.push(notice);
            }
        }
    }
}

/// What `store` shows, under its name and under the one that it has on the old side.
fn by_name(store: &StoreChanges) -> impl Iterator<Item = (String, String)> {
    let names = [Some(&store.name), store.old_name.as_ref()].into_iter().flatten();
    names.flat_map(move |name| shows(store).map(move |one| (name.clone(), one)))
}

/// What `store` shows: which causes change what in which environment, and what is not decided. Its own name aside.
fn shows(store: &StoreChanges) -> impl Iterator<Item = String> {
    let environment = |at: usize| store.environments.get(at).map(|change| format!("{:?}", change.environment));
    let effects = store.groups.iter().flat_map(move |group| {
        let causes: Vec<&str> = group.causes.iter().map(|cause| cause.policy.as_str()).collect();
        let what = format!("{} {causes:?}", group.direction.as_str());
        group.effects.iter().map(move |effect| format!("{what} {:?}", environment(effect.environment)))
    });
    let unknown = |status: &Status| matches!(status, Status::Unknown(_));
    let open = store.environments.iter().filter(move |change| unknown(&change.gained) || unknown(&change.lost));
    let open = open.map(|change| format!("unknown {:?}", change.environment));
    let undecided = store.undecided.iter().map(|cause| format!("undecided {}", cause.policy));
    let unusable = store.unusable.iter().map(|why| format!("unusable {why}"));
    effects.chain(open).chain(undecided).chain(unusable)
}
