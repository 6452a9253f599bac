//! What leads a long list of changes: who gains and who loses what in all, and through which policies.

use super::policies::Policies;
use super::sentence;
use super::subjects::{Names, subject};
use super::untrusted_text::Phrase;
use crate::finding::Environment;
use crate::outcome::changes::{CauseGroup, Direction, StoreChanges};

/// One sentence for each direction in which `store` changes.
pub(super) fn of_store(store: &StoreChanges, names: &Names<'_>, policies: &Policies<'_>, several: bool) -> Vec<Phrase> {
    let of = |direction: Direction| {
        let groups: Vec<&CauseGroup> = store.groups.iter().filter(|group| group.direction == direction).collect();
        groups.first()?;
        let mut environments: Vec<&Environment> = Vec::new();
        let mut through: Vec<&str> = Vec::new();
        for group in &groups {
            let here = group.effects.iter().filter_map(|effect| store.environments.get(effect.environment));
            environments.extend(here.map(|change| &change.environment));
            for cause in &group.causes {
                let name = policies.name(&cause.policy);
                if !through.contains(&name) {
                    through.push(name);
                }
            }
        }
        environments.sort_by_key(|one| (&one.action, &one.principal, &one.resource));
        environments.dedup();
        let through = through.into_iter().map(|name| Phrase::default().name(name)).collect();
        let subject = subject(names, &environments);
        let may = groups.iter().all(|group| !group.migrated().is_empty());
        let sentence = sentence::each(direction, may, &subject);
        let sentence = sentence.say(", through ").then(sentence::listed(through));
        Some(if several { Phrase::of("in store ").name(&store.name).say(", ").then(sentence) } else { sentence })
    };
    [Direction::Gained, Direction::Lost].into_iter().filter_map(of).collect()
}
