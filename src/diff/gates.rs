//! What gates say about effects, and which changes were accepted.
//!
//! # Why
//!
//! An accepted change is known by a hash of its store, its direction, its causes' texts and all its environments, so
//! that it is another change as soon as it reaches further.

use std::collections::BTreeSet;

use crate::config::{Acceptance, Gate};
use crate::finding::Environment;
use crate::outcome::changes::{Accepted, Direction, Lifecycle, Ruling, StoreChanges, Weakened};

/// Lets every gate look at every effect. `migrated` says that the old side lets pass what is gained only if data is
/// carried over so that it is. A change that `accepted` has, on `today` (`YYYY-MM-DD`) still, is accepted as
/// a whole.
///
/// Gives the accepted changes, in their order, and whether each was met.
pub(super) fn rule(
    stores: &mut [StoreChanges],
    gates: &[&Gate],
    accepted: &[Acceptance],
    migrated: bool,
    today: &str,
) -> Vec<Accepted> {
    let mut met = BTreeSet::new();
    let gone = |store: &&StoreChanges| store.lifecycle == Lifecycle::Removed;
    let gone: Vec<String> = stores.iter().filter(gone).map(|store| store.name.clone()).collect();
    let all: Vec<String> = stores.iter().map(|store| store.name.clone()).collect();
    for store in stores {
        // A store that goes by another name now is still the one that a gate of the old side is about; one that is new
        // may be what became of one that is gone; and what is deployed from a folder may take what is a store of its
        // own in there, such as a version beside the policies.
        let around = |other: &&String| *other == "." || store.name.starts_with(&format!("{other}/"));
        let before: Vec<String> = match store.lifecycle {
            Lifecycle::Added => gone.iter().chain(all.iter().filter(around)).cloned().collect(),
            Lifecycle::Kept | Lifecycle::Removed => Vec::new(),
        };
        let names: Vec<&str> = [Some(store.name.as_str()), store.old_name.as_deref()]
            .into_iter()
            .flatten()
            .chain(before.iter().map(String::as_str))
            .collect();
        let environments = &store.environments;
        for group in &mut store.groups {
            let acceptance = accepted.iter().find(|one| one.fingerprint == group.fingerprint);
            met.extend(acceptance.map(|one| one.fingerprint.clone()));
            let in_force = acceptance.is_some_and(|one| today <= one.until.as_str());
            let direction = group.direction;
            for effect in &mut group.effects {
                let Some(environment) = environments.get(effect.environment).map(|change| &change.environment) else {
                    continue;
                };
                let carried = !effect.migrated.is_empty();
                let refuses = |gate: &&&Gate| match direction {
                    Direction::Gained if gate.guardrail.is_some() => true,
                    Direction::Gained if carried => gate.migrated || (gate.gained && !migrated),
                    Direction::Gained => gate.gained,
                    Direction::Lost => gate.lost,
                };
                let gate = gates.iter().filter(refuses).find(|gate| {
                    let Environment { principal, action, resource } = environment;
                    gate.covers(&names, [principal, action, resource])
                });
                if let Some(gate) = gate {
                    group.gate.get_or_insert_with(|| gate.location.clone());
                    group.guardrail = group.guardrail.take().or_else(|| gate.guardrail.clone());
                }
                effect.ruling = match (gate, in_force) {
                    (None, _) => Ruling::Free,
                    // What a guardrail refuses, no acceptance lifts.
                    (Some(gate), true) if gate.guardrail.is_none() => Ruling::Accepted,
                    (Some(_), _) => Ruling::Refused,
                };
            }
        }
    }
    let each = accepted.iter().map(|one| Accepted {
        fingerprint: one.fingerprint.clone(),
        what: one.what.clone(),
        owner: one.owner.clone(),
        until: one.until.clone(),
        in_force: today <= one.until.as_str(),
        used: met.contains(&one.fingerprint),
        added: false,
    });
    each.collect()
}

/// What is refused whatever the gates say: who takes these away takes the gates away.
const ALWAYS: [&str; 7] = [
    "schema_lost",
    "gate_removed",
    "accept_loosened",
    "guardrail_removed",
    "guardrail_changed",
    "file_unread",
    "store_narrowed",
];

/// Lets every gate look at what became weaker; what `accepted` has, on `today` still, is accepted, and `known` learns
/// that it was met.
pub(super) fn rule_weakened(
    weakened: &mut [Weakened],
    gates: &[&Gate],
    known: &mut [Accepted],
    accepted: &[Acceptance],
    today: &str,
) {
    let gate = gates.iter().find(|gate| gate.weakened);
    for one in weakened {
        let acceptance = accepted.iter().find(|other| other.fingerprint == one.fingerprint);
        for known in known.iter_mut().filter(|known| known.fingerprint == one.fingerprint) {
            known.used = true;
        }
        let refused = gate.is_some() || ALWAYS.contains(&one.kind);
        one.gate = gate.map(|gate| gate.location.clone());
        let in_force = acceptance.is_some_and(|one| today <= one.until.as_str());
        one.ruling = match (refused, in_force) {
            (false, _) => Ruling::Free,
            (true, true) => Ruling::Accepted,
            (true, false) => Ruling::Refused,
        };
    }
}
