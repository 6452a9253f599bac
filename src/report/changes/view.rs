//! A comparison in the order in which people read it: what gates refuse, what is gained, what is lost, what is not
//! decided.

use std::collections::HashMap;

use super::besides::besides;
use super::change::{Change, Entry};
use super::clauses;
use super::entries::Said;
use super::policies::Policies;
use super::remarks::{self, Undecided};
use super::rulings::rulings;
use super::subjects::{Names, subject, who};
use super::untrusted_text::Phrase;
use super::{edits, entries, lead, schema, sentence};
use crate::finding::Environment;
use crate::outcome::changes::{Accepted, Cause, CauseGroup, Comparison, Effect, Ruling};

/// Everything to show, in order.
pub(in crate::report) struct View<'a> {
    pub(in crate::report) changes: Vec<Change<'a>>,
    pub(in crate::report) undecided: Vec<Undecided<'a>>,
    /// Stores and kinds of request that came or went without anybody gaining or losing access.
    pub(in crate::report) came_and_went: Vec<Phrase>,
    lead: Vec<Phrase>,
    policies: Policies<'a>,
    names: Vec<Names<'a>>,
}

impl<'a> View<'a> {
    pub(in crate::report) fn of(comparison: &'a Comparison) -> Self {
        let several = comparison.stores.len() > 1;
        let accepted: HashMap<&str, &Accepted> =
            comparison.accepted.iter().map(|one| (one.fingerprint.as_str(), one)).collect();
        let policies = Policies::of(comparison);
        let (mut changes, mut undecided, mut came_and_went) = (Vec::new(), Vec::new(), Vec::new());
        let mut lead = Vec::new();
        let mut all_names = Vec::new();
        for (index, store) in comparison.stores.iter().enumerate() {
            let names = Names::of(store);
            for group in &store.groups {
                let of = |effect: &Effect| store.environments.get(effect.environment);
                let environments: Vec<&Environment> =
                    group.effects.iter().filter_map(of).map(|change| &change.environment).collect();
                let (_, complete) = who(&names, &environments);
                let subject = subject(&names, &environments);
                let whole = subject.combinations.is_empty();
                changes.push(Change {
                    store: several.then_some(store.name.as_str()),
                    group,
                    others: Vec::new(),
                    all: (index, environments.clone()),
                    sentence: sentence::of_group(store, &policies, group, &subject),
                    effect: sentence::of_effect(group, &subject),
                    schema: schema::of_group(&names, store, group),
                    edits: edits(&policies, group),
                    with_next: None,
                    cases: clauses::of_group(&names, &policies, store, group),
                    left: clauses::left(group),
                    known: known(group),
                    needs: besides(&policies, store, group),
                    rulings: rulings(group, &accepted),
                    refused: group.effects.iter().any(|effect| effect.ruling == Ruling::Refused),
                    combinations: subject.combinations,
                    environments: if complete && whole { Vec::new() } else { environments },
                });
            }
            lead.extend(lead::of_store(store, &names, &policies, several));
            undecided.extend(remarks::undecided(store, &names, several));
            came_and_went.extend(remarks::came_and_went(store, &names, several));
            all_names.push(names);
        }
        changes.sort_by_key(|change| (!change.refused, change.group.direction));
        Self { changes, undecided, came_and_went, lead, policies, names: all_names }
    }

    /// The changes put together: those that gates refuse first, then in their order; and what leads them, where there
    /// are many.
    pub(in crate::report) fn into_entries(self, said: Said) -> (Vec<Entry<'a>>, Vec<Phrase>) {
        let entries = entries::of(self.changes, &self.policies, &self.names, said);
        let lead = if entries.len() > MANY { self.lead } else { Vec::new() };
        (entries, lead)
    }
}

/// More changes than this are led by what they come to.
const MANY: usize = 3;

/// More of the repository's entities than this are not named.
const KNOWN: usize = 6;

/// `of your entities: bob on d1`, whatever the action.
fn known(group: &CauseGroup) -> Option<Phrase> {
    let mut pairs: Vec<&[String; 2]> = Vec::new();
    for pair in group.effects.iter().flat_map(|effect| &effect.known) {
        if !pairs.contains(&pair) {
            pairs.push(pair);
        }
    }
    let one = |[principal, resource]: &[String; 2]| Phrase::default().word(principal).say(" on ").word(resource);
    let mut named: Vec<Phrase> = pairs.iter().take(KNOWN).map(|pair| one(pair)).collect();
    if named.is_empty() {
        return None;
    }
    if pairs.len() > KNOWN {
        named.push(Phrase::of("others"));
    }
    Some(Phrase::of("of your entities: ").then(Phrase::listed(named, "and")))
}

/// What was edited in the causes of `group`, with the policy's name where there are several.
fn edits(policies: &Policies<'_>, group: &CauseGroup) -> Vec<Phrase> {
    let several = group.causes.len() > 1;
    let of = |cause: &Cause| -> Vec<Phrase> {
        let all = edits::of_cause(cause).into_iter();
        let named = |edit: Phrase| Phrase::default().name(policies.name(&cause.policy)).say(": ").then(edit);
        all.map(|edit| if several { named(edit) } else { edit }).collect()
    };
    group.causes.iter().flat_map(of).collect()
}
