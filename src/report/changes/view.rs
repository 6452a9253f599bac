//! A comparison in the order in which people read it: what gates refuse, what is gained, what is lost, what is not
//! decided.

use std::collections::HashMap;

use super::remarks::{self, Undecided};
use super::rulings::rulings;
use super::subjects::{Names, who};
use super::untrusted_text::Phrase;
use super::{conditions, sentence};
use crate::finding::Environment;
use crate::outcome::changes::{Accepted, Cause, CauseGroup, Change as Edit, Comparison, Effect, Ruling};
use crate::text::Location;

/// One cause, ready to be shown.
pub(in crate::report) struct Change<'a> {
    /// The store, where there are several.
    pub(in crate::report) store: Option<&'a str>,
    /// What is shown.
    pub(in crate::report) group: &'a CauseGroup,
    /// Who gains or loses what, in one sentence.
    pub(in crate::report) sentence: Phrase,
    /// For whom, a sentence for each condition.
    pub(in crate::report) conditions: Vec<Phrase>,
    /// What gates say, if they say anything.
    pub(in crate::report) rulings: Vec<Phrase>,
    /// Whether a gate refuses some of it.
    pub(in crate::report) refused: bool,
    /// The request environments, when the sentence does not name them all.
    pub(in crate::report) environments: Vec<&'a Environment>,
}

impl<'a> Change<'a> {
    /// The effects, those that a gate refuses first: the first is the one to show.
    pub(in crate::report) fn effects(&self) -> impl Iterator<Item = &'a Effect> {
        let refused = |effect: &&Effect| effect.ruling == Ruling::Refused;
        let all = &self.group.effects;
        all.iter().filter(refused).chain(all.iter().filter(move |effect| !refused(effect)))
    }

    /// Where a reader of the new side looks for what brings this about: a policy that changed before one that did not.
    pub(in crate::report) fn anchor(&self) -> Option<&'a Location> {
        let place = |cause: &'a Cause| cause.changed.as_ref().or(cause.new.as_ref()).or(cause.near.as_ref());
        let (read_anew, changed): (Vec<&Cause>, Vec<&Cause>) =
            self.group.causes.iter().partition(|cause| cause.change == Edit::Schema);
        let (with_text, without) = changed.into_iter().partition::<Vec<&Cause>, _>(|cause| cause.new.is_some());
        with_text.into_iter().chain(without).chain(read_anew).find_map(place)
    }
}

/// Everything to show, in order.
pub(in crate::report) struct View<'a> {
    pub(in crate::report) changes: Vec<Change<'a>>,
    pub(in crate::report) undecided: Vec<Undecided<'a>>,
    /// Stores and kinds of request that came or went without anybody gaining or losing access.
    pub(in crate::report) came_and_went: Vec<Phrase>,
}

impl<'a> View<'a> {
    pub(in crate::report) fn of(comparison: &'a Comparison) -> Self {
        let several = comparison.stores.len() > 1;
        let accepted: HashMap<&str, &Accepted> =
            comparison.accepted.iter().map(|one| (one.fingerprint.as_str(), one)).collect();
        let (mut changes, mut undecided, mut came_and_went) = (Vec::new(), Vec::new(), Vec::new());
        for store in &comparison.stores {
            let names = Names::of(store);
            for group in &store.groups {
                let of = |effect: &Effect| store.environments.get(effect.environment);
                let environments: Vec<&Environment> =
                    group.effects.iter().filter_map(of).map(|change| &change.environment).collect();
                let (who, complete) = who(&names, &environments);
                changes.push(Change {
                    store: several.then_some(store.name.as_str()),
                    group,
                    sentence: sentence::of_group(store, group, who),
                    conditions: conditions::of_group(&names, store, group),
                    rulings: rulings(group, &accepted),
                    refused: group.effects.iter().any(|effect| effect.ruling == Ruling::Refused),
                    environments: if complete { Vec::new() } else { environments },
                });
            }
            undecided.extend(remarks::undecided(store, &names, several));
            came_and_went.extend(remarks::came_and_went(store, &names, several));
        }
        changes.sort_by_key(|change| (!change.refused, change.group.direction));
        Self { changes, undecided, came_and_went }
    }
}
