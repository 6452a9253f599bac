//! Which changes are shown together: what one edit gives and takes, the same edit of several policies or links, what
//! several policies that became one did, and new kinds of request that old policies reach.

use std::collections::BTreeMap;

use super::change::{Change, Entry};
use super::clauses::{in_common, say_once};
use super::edits;
use super::policies::Policies;
use super::sentence;
use super::subjects::{Names, subject};
use super::untrusted_text::Phrase;
use crate::finding::Environment;
use crate::outcome::changes::{Cause, CauseGroup, Change as Edit, Direction};

/// What changes have in common that are shown together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Common {
    /// The same causes.
    Causes(Vec<String>),
    /// An edit of these words, of policies of one effect.
    Edit(&'static str, Vec<String>),
    /// Links of one template.
    Template(String),
    /// What the schema alone changed, in words.
    Schema(String),
    /// Policies that became this one.
    Merged(String),
}

/// The changes put together, in their order; each entry stands where its first change does.
pub(super) fn of<'a>(changes: Vec<Change<'a>>, policies: &Policies<'_>, names: &[Names<'_>]) -> Vec<Entry<'a>> {
    let mut places: BTreeMap<(Option<&'a str>, bool, Common), usize> = BTreeMap::new();
    let mut entries: Vec<(Common, Vec<Change<'a>>)> = Vec::new();
    for change in changes {
        let common = common(&change);
        let key = (change.store, change.refused, common.clone());
        let at = *places.entry(key).or_insert(entries.len());
        match entries.get_mut(at) {
            Some((_, known)) => known.push(change),
            None => entries.push((common, vec![change])),
        }
    }
    let mut entries: Vec<Entry<'a>> =
        entries.into_iter().map(|(common, changes)| entry(&common, changes, policies, names)).collect();
    let lines = entries.iter_mut().flat_map(|Entry { shared, changes, .. }| {
        let cases = changes.iter_mut().flat_map(|change| &mut change.cases);
        shared.iter_mut().chain(cases.flat_map(|case| &mut case.lines))
    });
    say_once(lines);
    entries
}

fn common(change: &Change<'_>) -> Common {
    let group = change.group;
    if let Some(schema) = &change.schema {
        return Common::Schema(schema.plain());
    }
    if let [one] = group.causes.as_slice() {
        if let (Some(template), Edit::Edited) = (&one.template, one.change) {
            return Common::Template(template.name.clone());
        }
        if let Some(into) = merged(one, group) {
            return Common::Merged(into.to_owned());
        }
        let words: Vec<String> = edits::of_cause(&without_places(one)).iter().map(Phrase::plain).collect();
        if !words.is_empty() {
            return Common::Edit(one.effect, words);
        }
    }
    Common::Causes(group.causes.iter().map(|cause| cause.policy.clone()).collect())
}

/// The policy that stands in place of this one: of a permit that is gone a new one that allows some of it still, of a
/// new one itself.
fn merged<'a>(cause: &'a Cause, group: &'a CauseGroup) -> Option<&'a str> {
    let conditions = group.effects.iter().map(|effect| &effect.condition);
    let mut others = conditions.flat_map(|condition| &condition.unless_allowed).filter(|clause| clause.alone);
    match (cause.effect, cause.change) {
        ("permit", Edit::Added) => others.next().map(|_| cause.policy.as_str()),
        ("permit", Edit::Removed) => others.next().map(|clause| clause.policy.as_str()),
        _ => None,
    }
}

/// The same edit stands in another place in each policy.
fn without_places(cause: &Cause) -> Cause {
    let mut cause = cause.clone();
    for edit in &mut cause.edits {
        edit.location = None;
    }
    cause
}

/// The changes that one edit of several policies brings about, those for whom it does the same as one.
fn as_one<'a>(changes: Vec<Change<'a>>, names: &[Names<'_>]) -> Vec<Change<'a>> {
    let mut out: Vec<Change<'a>> = Vec::new();
    for mut change in changes {
        let same = |known: &&mut Change<'_>| {
            let told = |one: &Change<'_>| (one.group.direction, one.rulings.clone(), one.known.clone());
            told(known) == told(&change) && known.cases == change.cases
        };
        let Some(known) = out.iter_mut().find(same) else {
            out.push(change);
            continue;
        };
        known.others.push(change.group);
        known.all.1.append(&mut change.all.1);
        known.all.1.sort_by_key(|one| (&one.action, &one.principal, &one.resource));
        known.all.1.dedup();
        if let Some(names) = names.get(known.all.0) {
            let subject = subject(names, &known.all.1);
            known.effect = sentence::of_effect(known.group, &subject);
            known.sentence = known.effect.clone();
            known.combinations = subject.combinations;
        }
    }
    out
}

fn entry<'a>(
    common: &Common,
    mut changes: Vec<Change<'a>>,
    policies: &Policies<'_>,
    all_names: &[Names<'_>],
) -> Entry<'a> {
    if changes.len() < 2 {
        let edits = changes.iter_mut().flat_map(|change| {
            let edits = std::mem::take(&mut change.edits);
            change.schema.clone().into_iter().chain(edits)
        });
        let edits = edits.collect();
        return Entry { lead: None, edits, shared: Vec::new(), changes };
    }
    let mut causes: Vec<&Cause> = Vec::new();
    for cause in changes.iter().flat_map(|change| &change.group.causes) {
        if causes.iter().all(|known| known.policy != cause.policy) {
            causes.push(cause);
        }
    }
    let first = changes.first().map(|change| change.edits.clone()).unwrap_or_default();
    let names =
        || -> Vec<Phrase> { causes.iter().map(|cause| Phrase::default().name(policies.name(&cause.policy))).collect() };
    let effect = causes.first().map_or("permit", |cause| cause.effect);
    let (lead, edits) = match (common, causes.as_slice()) {
        (Common::Template(template), _) => {
            let lead = Phrase::of("the template ").name(policies.name(template)).say(" was edited, which its links ");
            (lead.then(Phrase::listed(names(), "and")).say(" follow"), first)
        }
        (Common::Edit(..), [_, _, ..]) => {
            let words = causes.first().map(|one| edits::of_cause(&without_places(one))).unwrap_or_default();
            let lead = Phrase::of("the same edit of the ").say(effect).say("s ");
            (lead.then(Phrase::listed(names(), "and")), words)
        }
        (Common::Schema(_), _) => {
            (changes.first().and_then(|change| change.schema.clone()).unwrap_or_default(), Vec::new())
        }
        (Common::Merged(into), _) => {
            let gone: Vec<Phrase> = causes
                .iter()
                .filter(|cause| cause.policy != *into)
                .map(|cause| Phrase::default().name(policies.name(&cause.policy)))
                .collect();
            let became = Phrase::of(" became the permit ").name(policies.name(into));
            let many = if gone.len() > 1 { "the permits " } else { "the permit " };
            (Phrase::of(many).then(Phrase::listed(gone, "and")).then(became), Vec::new())
        }
        (_, [one]) => (sentence::one_cause(policies, one), first),
        _ => {
            let all = causes.iter().map(|cause| sentence::one_cause(policies, cause)).collect();
            (Phrase::listed(all, "and"), first)
        }
    };
    // Without the cause, which the lead has, unless that is another for each.
    let one_cause = causes.len() == 1
        || !matches!(common, Common::Schema(_) | Common::Edit(..) | Common::Template(_) | Common::Merged(_));
    if matches!(common, Common::Edit(..) | Common::Template(_)) {
        changes = as_one(changes, all_names);
    }
    for change in &mut changes {
        change.edits.clear();
        if one_cause {
            change.sentence = change.effect.clone();
        }
    }
    let lead = match who(&mut changes, matches!(common, Common::Template(_)), policies, all_names) {
        Some(who) => who.say(": ").then(lead),
        None => lead,
    };
    let mut cases: Vec<_> = changes.iter_mut().map(|change| &mut change.cases).collect();
    let shared = in_common(&mut cases);
    Entry { lead: Some(lead), edits, shared, changes }
}

/// Who gains and who loses what by all of the changes; where that is the same for each, they do not say it again.
fn who(changes: &mut [Change<'_>], links: bool, policies: &Policies<'_>, all: &[Names<'_>]) -> Option<Phrase> {
    let names = all.get(changes.first()?.all.0)?;
    let may = |change: &Change<'_>| !change.group.migrated().is_empty();
    let whom = |direction: Direction| -> Vec<&Environment> {
        let these = changes.iter().filter(|change| change.group.direction == direction);
        let mut found: Vec<&Environment> = these.flat_map(|change| change.all.1.iter().copied()).collect();
        found.sort_by_key(|one| (&one.action, &one.principal, &one.resource));
        found.dedup();
        found
    };
    let [gained, lost] = [whom(Direction::Gained), whom(Direction::Lost)];
    let said = |direction: Direction, whom: &[&Environment]| {
        let subject = subject(names, whom);
        let these = changes.iter().filter(|change| change.group.direction == direction);
        sentence::each(direction, these.into_iter().all(may), &subject)
    };
    let phrase = match (gained.as_slice(), lost.as_slice()) {
        ([], lost) => said(Direction::Lost, lost),
        (gained, []) => said(Direction::Gained, gained),
        (gained, lost) if gained == lost => sentence::both(changes.iter().all(may), &subject(names, gained)),
        (gained, lost) => said(Direction::Gained, gained).say("; ").then(said(Direction::Lost, lost)),
    };
    let everybody = if gained.is_empty() { lost } else { gained };
    let same = |change: &Change<'_>| {
        let mut own = change.all.1.clone();
        own.sort_by_key(|one| (&one.action, &one.principal, &one.resource));
        own == everybody
    };
    if changes.iter().all(same) {
        let subject = subject(names, &everybody);
        for change in changes.iter_mut() {
            let this = sentence::this(change.group.direction, !change.group.migrated().is_empty(), &subject);
            match change.group.causes.as_slice() {
                [link] if links && change.others.is_empty() => {
                    change.sentence = this.say(" through ").name(policies.name(&link.policy));
                }
                _ if change.sentence == change.effect => change.sentence = this,
                _ => {}
            }
            if change.combinations.len() < 2 {
                change.combinations.clear();
            }
        }
    }
    Some(phrase)
}
