//! Policies that differ as text and change no decision.

use std::collections::BTreeSet;

use cedar_policy::RequestEnv;

use super::effects::cause;
use super::pairing::Paired;
use super::stores::Stores;
use crate::compare::{Pair, Where};
use crate::outcome::changes::{Idle, StoreChanges};

/// What changed as text and brings nothing about, where everything is decided: `pair` has the policies of `pairs`.
pub(super) fn of(
    changes: &StoreChanges,
    pairs: &[Paired<'_>],
    stores: Stores<'_>,
    pair: &Pair,
    requests: &[(RequestEnv, Where)],
) -> Vec<Idle> {
    let causes = changes.groups.iter().flat_map(|group| &group.causes).map(|cause| cause.policy.as_str());
    let causes: BTreeSet<&str> = causes.collect();
    let idle: Vec<(usize, &Paired<'_>)> = pairs
        .iter()
        .enumerate()
        .filter(|(_, pair)| !pair.same && !pair.is_linked_template() && !causes.contains(pair.name()))
        .collect();
    let entries: Vec<usize> = idle.iter().map(|(entry, _)| *entry).collect();
    let known = pair.idle(&entries, requests);
    let one = |((_, pair), known): ((usize, &Paired<'_>), Option<crate::compare::Idle>)| Idle {
        cause: cause(pair, pairs, stores),
        same: known.map(|known| known.same),
        keeps_allowed: known.map(|known| known.keeps_allowed),
        keeps_refused: known.map(|known| known.keeps_refused),
    };
    idle.into_iter().zip(known).map(one).collect()
}
