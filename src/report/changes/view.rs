//! A comparison in the order in which people read it: what gates refuse, what is gained, what is lost, what is not
//! decided.

use std::collections::HashMap;

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
use crate::outcome::changes::{Accepted, Cause, CauseGroup, Comparison, Direction, Effect, Ruling, StoreChanges};

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
                    needs: needs(&policies, store, group),
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

/// Which other changes some of it takes as well: those that are causes besides of what is told by itself.
fn needs(policies: &Policies<'_>, store: &StoreChanges, group: &CauseGroup) -> Option<Phrase> {
    let shares = |other: &&CauseGroup| {
        let here = |effect: &Effect| group.effects.iter().any(|own| own.environment == effect.environment);
        other.direction == group.direction
            && other.causes.len() > group.causes.len()
            && group.causes.iter().all(|cause| other.causes.contains(cause))
            && other.effects.iter().any(here)
    };
    let mut names: Vec<&str> = Vec::new();
    for cause in store.groups.iter().filter(shares).flat_map(|other| &other.causes) {
        let name = policies.name(&cause.policy);
        if !group.causes.contains(cause) && !names.contains(&name) {
            names.push(name);
        }
    }
    let listed =
        |names: Vec<&str>| Phrase::listed(names.into_iter().map(|name| Phrase::default().name(name)).collect(), "or");
    if !names.is_empty() {
        let did = if group.direction == Direction::Gained { " refused before" } else { " allowed before" };
        let told = " needs both edits, and has an entry of its own as well";
        return Some(Phrase::of("of these, what ").then(listed(names)).say(did).say(told));
    }
    let lifted = lifted(policies, store, group);
    if !lifted.is_empty() {
        return Some(
            Phrase::of("of these, what the forbid ")
                .then(listed(lifted))
                .say(" refused before needs the change of that forbid as well"),
        );
    }
    let with_it = newly_allowed(policies, store, group);
    if !with_it.is_empty() {
        let its = if with_it.len() == 1 { "its change" } else { "their changes" };
        let told = format!(" newly allows needs {its} as well");
        return Some(Phrase::of("of these, what ").then(listed(with_it)).say(&told));
    }
    let [forbids, permits] = either_way(policies, store, group);
    let (what, did) = match (forbids.is_empty(), permits.is_empty()) {
        (true, true) => return None,
        (false, _) => (Phrase::of("the forbid ").then(listed(forbids)), " now blocks is lost either way"),
        (true, false) => (Phrase::default().then(listed(permits)), " no longer allows is lost either way"),
    };
    Some(Phrase::of("of these, what ").then(what).say(did))
}

/// Of a loss: the forbids that block what the group's permits allowed, and the permits of those that the group's forbid
/// blocks that no longer allow it anyway. Each of the two edits alone takes what both concern.
fn either_way<'p>(policies: &Policies<'_>, store: &'p StoreChanges, group: &CauseGroup) -> [Vec<&'p str>; 2] {
    let mut found = [Vec::new(), Vec::new()];
    let [of_group] = group.causes.as_slice() else { return found };
    if group.direction != Direction::Lost {
        return found;
    }
    for other in store.groups.iter().filter(|other| other.direction == Direction::Lost) {
        let [of_other] = other.causes.as_slice() else { continue };
        let (at, forbid, permit) = match (of_group.effect, of_other.effect) {
            ("permit", "forbid") => (0, other, of_group),
            ("forbid", "permit") => (1, group, of_other),
            _ => continue,
        };
        let cuts = |effect: &Effect| effect.condition.where_allowed.iter().any(|one| one.policy == permit.policy);
        let here = |effect: &&Effect| {
            group.effects.iter().chain(&other.effects).filter(|one| one.environment == effect.environment).count() > 1
        };
        if forbid.effects.iter().filter(here).any(cuts)
            && let Some(names) = found.get_mut(at)
        {
            let name = policies.name(&of_other.policy);
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    found
}

/// The forbids that refuse less than they did where `group`, which a permit brings about, gains something: some of what
/// the permit now allows they may have refused.
fn lifted<'p>(policies: &Policies<'_>, store: &'p StoreChanges, group: &CauseGroup) -> Vec<&'p str> {
    let permit = |group: &CauseGroup| group.causes.iter().all(|cause| cause.effect == "permit");
    if group.direction != Direction::Gained || group.causes.is_empty() || !permit(group) {
        return Vec::new();
    }
    let mut names: Vec<&str> = Vec::new();
    for other in store.groups.iter().filter(|other| other.direction == Direction::Gained) {
        let here = |effect: &Effect| group.effects.iter().any(|own| own.environment == effect.environment);
        let forbids = other.causes.iter().all(|cause| cause.effect == "forbid");
        if !other.causes.is_empty() && forbids && other.effects.iter().any(here) {
            for cause in &other.causes {
                let name = policies.name(&cause.policy);
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
    }
    names
}

/// The permits that allow more than they did where `group`, which a forbid brings about, gains something: some of what
/// it no longer refuses takes what they newly allow.
fn newly_allowed<'p>(policies: &Policies<'_>, store: &'p StoreChanges, group: &CauseGroup) -> Vec<&'p str> {
    let all = |group: &CauseGroup, effect: &str| {
        !group.causes.is_empty() && group.causes.iter().all(|cause| cause.effect == effect)
    };
    if group.direction != Direction::Gained || !all(group, "forbid") {
        return Vec::new();
    }
    let mut names: Vec<&str> = Vec::new();
    let gained = store.groups.iter().filter(|other| other.direction == Direction::Gained && all(other, "permit"));
    for other in gained {
        for cause in &other.causes {
            let by = |effect: &Effect| effect.condition.where_allowed.iter().any(|one| one.policy == cause.policy);
            let here = |effect: &&Effect| other.effects.iter().any(|one| one.environment == effect.environment);
            let name = policies.name(&cause.policy);
            if group.effects.iter().filter(here).any(by) && !names.contains(&name) {
                names.push(name);
            }
        }
    }
    names
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
