//! Which policy of one side is which of the other.
//!
//! Policies that say the same are the same, whatever they are called and wherever they stand: first those with the same
//! text, then those with the same meaning to Cedar's parser (its JSON form, without annotations). What is left over is
//! paired by name, then by likeness, so that a reader is told of an edit rather than of a removal and an addition; what
//! a pair is called decides nothing about permissions.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use cedar_policy::PolicyId;

use super::edits::{RELATED, likeness, said};
use super::leftovers::{Leftover, pair_alike};
use crate::compare::{Body, PolicyPair};
use crate::outcome::changes::{Change, TextChanges};
use crate::repo::{self, Policy, Store};
use crate::symbolic::{Limits, Subject};
use crate::text::Location;

/// A policy, link or template of one side.
#[derive(Debug, Clone)]
pub(super) struct Item<'s> {
    /// The key in its store.
    pub(super) key: &'s PolicyId,
    /// Full name.
    pub(super) name: &'s str,
    /// Its id as written, if it has one.
    id: Option<&'s str>,
    /// `permit` or `forbid`.
    pub(super) effect: &'static str,
    /// Where it stands.
    pub(super) location: &'s Location,
    /// What it says, word for word.
    pub(super) text: Cow<'s, str>,
    pub(super) body: Body,
    /// Where its text stands; of a link the template.
    pub(super) source: &'s Policy,
    /// Whether it is a link.
    pub(super) is_link: bool,
    /// A template that something links: its links say what it does.
    linked_template: bool,
    /// Of a link, what its slots hold.
    filled: Vec<String>,
}

/// What is not known of the world of an item of a side.
pub(super) type LimitsOf<'f> = dyn Fn(usize, &PolicyId, &Subject) -> Limits + 'f;

impl Item<'_> {
    pub(super) fn written(&self) -> (&Body, &Policy) {
        (&self.body, self.source)
    }

    /// What an edit cannot change: one that turns a permit into a forbid takes a policy away and adds another.
    fn kind(&self) -> (bool, &'static str) {
        (matches!(self.body, Body::Template(_)), self.effect)
    }
}

/// The same policy on both sides, or one that only one side has.
#[derive(Debug, Clone)]
pub(super) struct Paired<'s> {
    pub(super) old: Option<Item<'s>>,
    pub(super) new: Option<Item<'s>>,
    pub(super) same: bool,
}

impl<'s> Paired<'s> {
    /// Its full name, the new one where there is one.
    pub(super) fn name(&self) -> &'s str {
        self.new.as_ref().or(self.old.as_ref()).map_or("", |item| item.name)
    }

    /// What happened to it; `Schema` when it reads as before.
    pub(super) fn change(&self) -> Change {
        match (&self.old, &self.new) {
            _ if self.same => Change::Schema,
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
            _ => Change::Edited,
        }
    }

    /// Whether it is, or was, a forbid.
    pub(super) fn forbids(&self) -> bool {
        [&self.old, &self.new].into_iter().flatten().any(|item| item.effect == "forbid")
    }

    /// Whether it is a template whose links say what it does.
    pub(super) fn is_linked_template(&self) -> bool {
        self.new.as_ref().or(self.old.as_ref()).is_some_and(|item| item.linked_template)
    }

    /// Whether it is a link that links what it did, and the template is another.
    fn is_link_as_before(&self) -> bool {
        let (Some(old), Some(new)) = (&self.old, &self.new) else { return false };
        old.is_link && new.is_link && old.name == new.name && old.filled == new.filled
    }

    /// For the engine; none for a template whose links speak for it. `limits` says what is not known of the world of an
    /// item of a side, where that is not everything.
    pub(super) fn for_engine(&self, limits: Option<&LimitsOf<'_>>) -> PolicyPair {
        let linked = |item: &Option<Item<'_>>| item.as_ref().is_some_and(|item| item.linked_template);
        // One that reads the same on both sides did not change because links came or went.
        let both = self.same && (linked(&self.old) || linked(&self.new));
        let body = |item: &Option<Item<'_>>| {
            item.as_ref().filter(|item| !item.linked_template && !both).map(|item| item.body.clone())
        };
        let of = |side: usize, item: &Option<Item<'_>>| {
            item.as_ref()
                .zip(limits)
                .map(|(item, limits)| limits(side, item.key, &item.body.subject()))
                .unwrap_or_default()
        };
        let limits = [of(0, &self.old), of(1, &self.new)];
        PolicyPair { old: body(&self.old), new: body(&self.new), same: self.same, limits, opened: self.opened() }
    }

    /// Of a template that was edited and takes the same in its slots, both sides with their slots open.
    fn opened(&self) -> Option<[cedar_policy::Policy; 2]> {
        let (old, new) = (self.old.as_ref()?, self.new.as_ref()?);
        let speaks = |item: &Item<'_>| matches!(item.body, Body::Template(_)) && !item.linked_template;
        let alike = || old.effect == new.effect && old.source.body.slots() == new.source.body.slots();
        if self.same || !speaks(old) || !speaks(new) || !alike() {
            return None;
        }
        let open = |item: &Item<'_>| match item.source.body.opened(item.source.effect())? {
            repo::cedar::Body::Static(policy) => Some(Arc::unwrap_or_clone(policy)),
            repo::cedar::Body::Template(_) => None,
        };
        Some([open(old)?, open(new)?])
    }
}

/// The policies, links and templates of a store, in its order.
fn items(store: &Store) -> Vec<Item<'_>> {
    let linked: BTreeSet<usize> = store.links.iter().map(|link| link.template).collect();
    let mut items = Vec::with_capacity(store.policies.len() + store.links.len());
    for (index, policy) in store.policies.iter().enumerate() {
        let body = match &policy.body {
            _ if !store.set.holds(&policy.key) => continue,
            repo::cedar::Body::Static(policy) => Body::Policy(Arc::clone(policy)),
            repo::cedar::Body::Template(template) => Body::Template(Arc::clone(template)),
        };
        items.push(Item {
            key: &policy.key,
            name: &policy.name,
            id: policy.id.as_ref().map(|(id, _)| id.as_str()),
            effect: policy.effect_word(),
            location: &policy.location,
            text: Cow::Borrowed(policy.location.text()),
            body,
            source: policy,
            is_link: false,
            linked_template: policy.body.is_template() && linked.contains(&index),
            filled: Vec::new(),
        });
    }
    for link in &store.links {
        let (Some(policy), Some(template)) = (store.set.policy(&link.key), store.policies.get(link.template)) else {
            continue;
        };
        let mut text = template.location.text().to_owned();
        let mut slots: Vec<String> =
            policy.template_links().into_iter().flatten().map(|(slot, uid)| format!("\n{slot}: {uid}")).collect();
        slots.sort();
        text.extend(slots.iter().map(String::as_str));
        items.push(Item {
            key: &link.key,
            name: &link.name,
            id: Some(&link.short),
            effect: link.effect,
            location: &link.location,
            text: Cow::Owned(text),
            body: Body::Policy(Arc::new(policy.clone())),
            source: template,
            is_link: true,
            linked_template: false,
            filled: slots,
        });
    }
    items
}

/// Pairs the policies of both sides: in the order of the new side, then what only the old one has.
pub(super) fn pair<'s>(old: Option<&'s Store>, new: Option<&'s Store>) -> (Vec<Paired<'s>>, TextChanges) {
    let mut before: Vec<Option<Item<'s>>> = old.map(items).unwrap_or_default().into_iter().map(Some).collect();
    let mut after: Vec<Option<Item<'s>>> = new.map(items).unwrap_or_default().into_iter().map(Some).collect();
    // By position on the new side; what only the old side has comes after.
    let mut pairs: Vec<(usize, Paired<'s>)> = Vec::with_capacity(before.len().max(after.len()));
    let mut text = TextChanges::default();
    let same = |pairs: &mut Vec<(usize, Paired<'s>)>,
                before: &mut [Option<Item<'s>>],
                after: &mut [Option<Item<'s>>],
                key: &dyn Fn(&Item<'s>) -> Option<Cow<'s, str>>| {
        let mut known: HashMap<Cow<'s, str>, VecDeque<usize>> = HashMap::new();
        for (index, item) in before.iter().enumerate() {
            if let Some(key) = item.as_ref().and_then(key) {
                known.entry(key).or_default().push_back(index);
            }
        }
        for (position, slot) in after.iter_mut().enumerate() {
            let Some(item) = slot.as_ref() else { continue };
            let Some(candidates) = key(item).and_then(|key| known.get_mut(&key)) else { continue };
            let named =
                |index: &usize| before.get(*index).and_then(Option::as_ref).is_some_and(|old| old.name == item.name);
            let chosen = candidates.iter().position(named).or(if candidates.is_empty() { None } else { Some(0) });
            let Some(at) = chosen.and_then(|chosen| candidates.remove(chosen)) else { continue };
            let old = before.get_mut(at).and_then(Option::take);
            pairs.push((position, Paired { old, new: slot.take(), same: true }));
        }
    };
    same(&mut pairs, &mut before, &mut after, &|item| Some(item.text.clone()));
    same(&mut pairs, &mut before, &mut after, &meaning);
    for (_, pair) in &pairs {
        if let (Some(old), Some(new)) = (&pair.old, &pair.new) {
            text.moved += usize::from(old.name != new.name || old.text != new.text);
        }
    }
    let edited = |pairs: &mut Vec<(usize, Paired<'s>)>,
                  old: &mut Option<Item<'s>>,
                  position: usize,
                  new: &mut Option<Item<'s>>| {
        pairs.push((position, Paired { old: old.take(), new: new.take(), same: false }));
    };
    // By name: the full one, then the id alone where only one on each side has it.
    for by_id in [false, true] {
        let name = |item: &Item<'s>| -> Option<String> {
            let id = item.id?;
            Some(if by_id { id.to_owned() } else { item.name.to_owned() })
        };
        let mut known: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, item) in before.iter().enumerate() {
            if let Some(name) = item.as_ref().and_then(name) {
                known.entry(name).or_default().push(index);
            }
        }
        let mut wanted: HashMap<String, usize> = HashMap::new();
        for item in after.iter().flatten().filter_map(name) {
            *wanted.entry(item).or_default() += 1;
        }
        for (position, new) in after.iter_mut().enumerate() {
            let Some(name) = new.as_ref().and_then(name) else { continue };
            let ([at], Some(1)) = (known.get(&name).map_or(&[][..], Vec::as_slice), wanted.get(&name)) else {
                continue;
            };
            let kind = |item: &Option<Item<'_>>| item.as_ref().map(Item::kind);
            match before.get_mut(*at) {
                Some(old) if old.is_some() && kind(old) == kind(new) && related(old, new) => {
                    edited(&mut pairs, old, position, new);
                }
                _ => {}
            }
        }
    }
    for (at, position) in pair_alike(&leftovers(&before), &leftovers(&after)) {
        if let (Some(old), Some(new)) = (before.get_mut(at), after.get_mut(position)) {
            edited(&mut pairs, old, position, new);
        }
    }
    let total = after.len();
    for (position, slot) in after.into_iter().enumerate() {
        if slot.is_some() {
            pairs.push((position, Paired { old: None, new: slot, same: false }));
        }
    }
    for (position, slot) in before.into_iter().enumerate() {
        if slot.is_some() {
            pairs.push((total + position, Paired { old: slot, new: None, same: false }));
        }
    }
    pairs.sort_by_key(|(position, _)| *position);
    let pairs: Vec<Paired<'s>> = pairs.into_iter().map(|(_, pair)| pair).collect();
    for pair in pairs.iter().filter(|pair| !pair.same) {
        match pair.change() {
            Change::Added => text.added += 1,
            Change::Removed => text.removed += 1,
            _ => text.edited += 1,
        }
        if pair.change() == Change::Edited {
            text.templates += usize::from(pair.is_linked_template());
            text.links += usize::from(pair.is_link_as_before());
        }
    }
    (pairs, text)
}

/// Whether two policies have enough in common for one to have become the other.
fn related(old: &Option<Item<'_>>, new: &Option<Item<'_>>) -> bool {
    matches!((old, new), (Some(old), Some(new)) if likeness(said(old.written()).as_deref(), said(new.written()).as_deref()) >= RELATED)
}

/// What Cedar's parser makes of it, annotations aside.
fn meaning<'s>(item: &Item<'s>) -> Option<Cow<'s, str>> {
    let json = match &item.body {
        Body::Policy(policy) => policy.to_json().ok()?,
        Body::Template(template) => template.to_json().ok()?,
    };
    let mut json = json;
    json.as_object_mut()?.remove("annotations");
    Some(Cow::Owned(json.to_string()))
}

/// What nothing was paired with yet.
fn leftovers<'i>(items: &'i [Option<Item<'_>>]) -> Vec<Leftover<'i>> {
    let left = items.iter().enumerate().filter_map(|(at, item)| Some((at, item.as_ref()?)));
    left.map(|(at, item)| Leftover::new(at, item.kind(), item.location.path(), &item.text, item.written())).collect()
}
