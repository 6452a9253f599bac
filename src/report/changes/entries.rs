//! Which changes are shown together: what one edit gives and takes, the same edit of several policies or links, what
//! several policies that became one did, and new kinds of request that old policies reach.

use std::collections::BTreeMap;

use super::change::{Change, Entry, InCommon};
use super::clauses::{in_common, say_once};
use super::edits;
use super::line::Line;
use super::policies::Policies;
use super::sentence::{self, How};
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

/// How often the condition of an exception is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum Said {
    /// Once: whoever reads an entry has read those before it.
    Once,
    /// Once in each entry: those before it may be folded, or left out.
    OnceInEach,
}

/// The changes put together, in their order; each entry stands where its first change does.
pub(super) fn of<'a>(
    changes: Vec<Change<'a>>,
    policies: &Policies<'_>,
    names: &[Names<'_>],
    said: Said,
) -> Vec<Entry<'a>> {
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
    match said {
        Said::Once => say_once(entries.iter_mut().flat_map(lines)),
        Said::OnceInEach => entries.iter_mut().for_each(|entry| say_once(lines(entry))),
    }
    entries
}

/// All lines of an entry, in their order.
fn lines<'e>(entry: &'e mut Entry<'_>) -> impl Iterator<Item = &'e mut Line> {
    let of = |change: &'e mut Change<'_>| {
        let before = change.with_next.iter_mut().flat_map(|both| &mut both.lines);
        before.chain(change.cases.iter_mut().flat_map(|case| &mut case.lines))
    };
    entry.shared.iter_mut().chain(entry.changes.iter_mut().flat_map(of))
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

/// What the policies that are gone demanded and the one in their place does not, and what it demands besides.
fn demands(into: &str, changes: &[Change<'_>], policies: &Policies<'_>) -> Vec<Phrase> {
    let mut no_longer: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut besides: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut gone: Vec<&str> = Vec::new();
    for policy in changes.iter().flat_map(|change| &change.group.causes).map(|cause| cause.policy.as_str()) {
        if policy != into && !gone.contains(&policy) {
            gone.push(policy);
        }
    }
    for group in changes.iter().map(|change| change.group) {
        let [cause] = group.causes.as_slice() else { continue };
        let clauses = group.effects.iter().flat_map(|effect| &effect.condition.unless_allowed);
        for clause in clauses.filter(|clause| clause.alone && &*clause.condition != "true") {
            let (all, policy) = match (cause.policy == into, clause.policy == into) {
                (true, false) if gone.contains(&clause.policy.as_str()) => (&mut no_longer, clause.policy.as_str()),
                (false, true) => (&mut besides, cause.policy.as_str()),
                _ => continue,
            };
            match all.iter_mut().find(|(condition, _)| *condition == &*clause.condition) {
                Some((_, known)) if known.contains(&policy) => {}
                Some((_, known)) => known.push(policy),
                None => all.push((&clause.condition, vec![policy])),
            }
        }
    }
    let named = |all: &[&str]| -> Phrase {
        Phrase::listed(all.iter().map(|policy| Phrase::default().name(policies.name(policy))).collect(), "and")
    };
    let no_longer = no_longer.iter().map(|(condition, of)| {
        Phrase::of("no longer demands ").name(condition).say(", as ").then(named(of)).say(" did")
    });
    let besides = besides.iter().map(|(condition, of)| {
        let phrase = Phrase::of("now also demands ").name(condition);
        if of.len() == gone.len() { phrase } else { phrase.say(", unlike ").then(named(of)) }
    });
    no_longer.chain(besides).collect()
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
            let told =
                |one: &Change<'_>| (one.group.direction, one.group.by_error(), one.rulings.clone(), one.known.clone());
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
            (Phrase::of(many).then(Phrase::listed(gone, "and")).then(became), demands(into, &changes, policies))
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
        } else if let (Common::Edit(..) | Common::Template(_), [one], true) =
            (common, change.group.causes.as_slice(), change.others.is_empty())
        {
            let through = sentence::through(change.group.direction, policies, one);
            change.sentence = change.effect.clone().then(through);
        }
    }
    let lead = match who(&mut changes, matches!(common, Common::Template(_)), policies, all_names) {
        Some(who) => who.say(": ").then(lead),
        None => lead,
    };
    let mut cases: Vec<_> = changes.iter_mut().map(|change| &mut change.cases).collect();
    let shared = in_common(&mut cases);
    for direction in [Direction::Gained, Direction::Lost] {
        share(&mut changes, direction, &shared);
    }
    Entry { lead: Some(lead), edits, shared, changes }
}

/// Says once what the changes of one direction have in common, where they are several of the entry and not all.
fn share(changes: &mut [Change<'_>], direction: Direction, shared: &[Line]) {
    let these = |change: &&mut Change<'_>| change.group.direction == direction;
    let all = changes.len();
    let mut own: Vec<&mut Change<'_>> = changes.iter_mut().filter(these).collect();
    if own.len() < 2 || own.len() == all {
        return;
    }
    let mut cases: Vec<_> = own.iter_mut().map(|change| &mut change.cases).collect();
    let lines = in_common(&mut cases);
    let lead = match (direction, shared.is_empty()) {
        (Direction::Gained, true) => "all that is gained:",
        (Direction::Gained, false) => "and all that is gained:",
        (Direction::Lost, true) => "all that is lost:",
        (Direction::Lost, false) => "and all that is lost:",
    };
    if let (Some(first), false) = (own.first_mut(), lines.is_empty()) {
        first.with_next = Some(InCommon { lead: Phrase::of(lead), lines });
    }
}

/// Who gains and who loses what by all of the changes; where that is the same for each, they do not say it again.
fn who(changes: &mut [Change<'_>], links: bool, policies: &Policies<'_>, all: &[Names<'_>]) -> Option<Phrase> {
    let names = all.get(changes.first()?.all.0)?;
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
        sentence::each(direction, How::of(these.map(|change| change.group)), &subject)
    };
    let phrase = match (gained.as_slice(), lost.as_slice()) {
        ([], lost) => said(Direction::Lost, lost),
        (gained, []) => said(Direction::Gained, gained),
        (gained, lost) if gained == lost => {
            sentence::both(How::of(changes.iter().map(|change| change.group)), &subject(names, gained))
        }
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
            let this = sentence::this(change.group.direction, How::of([change.group]), &subject);
            match change.group.causes.as_slice() {
                [link] if links && change.others.is_empty() => {
                    change.sentence = this.then(sentence::through(change.group.direction, policies, link));
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
