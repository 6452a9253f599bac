//! What leads a long list of changes: who gains and who loses what in all, and by changes of which policies.

use super::policies::Policies;
use super::sentence::{self, How};
use super::subjects::{Names, subject};
use super::untrusted_text::Phrase;
use crate::finding::Environment;
use crate::outcome::changes::{Cause, CauseGroup, Direction, StoreChanges};

/// One sentence for each direction in which `store` changes.
pub(super) fn of_store(store: &StoreChanges, names: &Names<'_>, policies: &Policies<'_>, several: bool) -> Vec<Phrase> {
    let of = |direction: Direction| {
        let groups: Vec<&CauseGroup> = store.groups.iter().filter(|group| group.direction == direction).collect();
        groups.first()?;
        let mut environments: Vec<&Environment> = Vec::new();
        // Each with whether all of what its change does is by errors alone.
        let mut changed: Vec<(&Cause, bool)> = Vec::new();
        for group in &groups {
            let here = group.effects.iter().filter_map(|effect| store.environments.get(effect.environment));
            environments.extend(here.map(|change| &change.environment));
            for cause in &group.causes {
                match changed.iter_mut().find(|(known, _)| known.policy == cause.policy) {
                    Some((_, by_error)) => *by_error &= group.by_error(),
                    None => changed.push((cause, group.by_error())),
                }
            }
        }
        environments.sort_by_key(|one| (&one.action, &one.principal, &one.resource));
        environments.dedup();
        let apart = groups.iter().any(|group| !group.by_error());
        let one = |(cause, by_error): (&Cause, bool)| {
            let forbid = if cause.effect == "forbid" { "the forbid " } else { "" };
            let name = Phrase::of(forbid).name(policies.name(&cause.policy));
            if by_error && apart { name.say(" (only where it cannot be evaluated)") } else { name }
        };
        let changed = changed.into_iter().map(one).collect();
        let subject = subject(names, &environments);
        let sentence = sentence::each(direction, How::of(groups.iter().copied()), &subject);
        let sentence = sentence.say(", by changes of ").then(sentence::listed(changed));
        Some(if several { Phrase::of("in store ").name(&store.name).say(", ").then(sentence) } else { sentence })
    };
    [Direction::Gained, Direction::Lost].into_iter().filter_map(of).collect()
}
