//! A changed policy, and what stands in the place of what.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{EntityUid, Policy as CedarPolicy, PolicyId, PolicySet, SlotId, Template};
use sha2::{Digest, Sha256};

use super::kinds::{drafts, link_dropped};
use super::look::{Draft, Look, Vocabulary};
use crate::repo::{Policy, Store};
use crate::text::Location;

/// More changes of a store than this are not tried.
const MOST: usize = 20_000;

/// A store with one policy changed.
pub(super) struct Mutant<'s> {
    /// The policy, or the template.
    pub(super) policy: &'s Policy,
    /// What is changed, and how.
    pub(super) draft: Draft,
    /// What decides no more: the policy, or all links of the template.
    pub(super) gone: Vec<PolicyId>,
    /// What decides instead, under the same keys.
    pub(super) come: Vec<CedarPolicy>,
    /// The same, to be asked.
    pub(super) set: PolicySet,
}

impl Mutant<'_> {
    /// The store's policies with the change.
    pub(super) fn whole(&self, store: &Store) -> PolicySet {
        let mut set = PolicySet::new();
        for (key, ..) in store.deciding().filter(|(key, ..)| !self.gone.contains(key)) {
            store.set.policy(key).into_iter().for_each(|policy| add(&mut set, store, policy));
        }
        // Links need their template, which is the mutant's.
        for template in self.set.templates() {
            let _ = set.add_template(template.clone());
        }
        for policy in &self.come {
            match (policy.template_id(), policy.template_links()) {
                (Some(template), Some(slots)) => {
                    let _ = set.link(template.clone(), policy.id().clone(), slots);
                }
                _ => {
                    let _ = set.add(policy.clone());
                }
            }
        }
        set
    }
}

/// Adds `policy` of `store` to `set`, with its template if it is a link.
fn add(set: &mut PolicySet, store: &Store, policy: &CedarPolicy) {
    match (policy.template_id(), policy.template_links()) {
        (Some(id), Some(slots)) => {
            if set.template(id).is_none()
                && let Some(template) = store.set.template(id)
            {
                let _ = set.add_template(template.clone());
            }
            let _ = set.link(id.clone(), policy.id().clone(), slots);
        }
        _ => {
            let _ = set.add(policy.clone());
        }
    }
}

/// Every small change of the policies of `store` that stand at one of the places `only`, sorted, or of all; and how
/// many were left out because there are too many.
pub(super) fn mutants<'s>(store: &'s Store, only: Option<&[Location]>) -> (Vec<Mutant<'s>>, usize) {
    let vocabulary = Vocabulary::of(store);
    let asked = |place: &Location| only.is_none_or(|only| only.binary_search(place).is_ok());
    let mut all = Vec::new();
    for (index, policy) in store.policies.iter().enumerate() {
        let links: Vec<_> = store.links.iter().filter(|link| link.template == index).collect();
        // A template that nothing links decides nothing.
        let decides = !policy.body.is_template() || !links.is_empty();
        let changed = asked(&policy.location) || links.iter().any(|link| asked(&link.location));
        if !decides || !changed {
            continue;
        }
        let Some(look) = Look::new(store, policy, &vocabulary) else { continue };
        let gone: Vec<PolicyId> = match policy.body.is_template() {
            true => links.iter().map(|link| link.key.clone()).collect(),
            false => vec![policy.key.clone()],
        };
        if let [_, _, ..] = links.as_slice() {
            for link in links.iter().filter(|link| asked(&link.location) || asked(&policy.location)) {
                let draft = link_dropped(link);
                all.push(Mutant {
                    policy,
                    draft,
                    gone: vec![link.key.clone()],
                    come: Vec::new(),
                    set: PolicySet::new(),
                });
            }
        }
        let mut known = BTreeSet::from([look.json.to_string()]);
        for draft in drafts(&look) {
            let new = draft.json.as_ref().is_none_or(|json| known.insert(json.to_string()));
            if let (true, Some((come, set))) = (new, made(store, policy, &draft, &gone)) {
                all.push(Mutant { policy, draft, gone: gone.clone(), come, set });
            }
        }
    }
    let left_out = all.len().saturating_sub(MOST);
    if left_out > 0 {
        // Which ones is left to chance, the same on every machine.
        let mut order: Vec<(Vec<u8>, usize)> =
            all.iter().enumerate().map(|(at, mutant)| (chance(mutant), at)).collect();
        order.sort();
        let kept: BTreeSet<usize> = order.into_iter().take(MOST).map(|(_, at)| at).collect();
        let mut at = 0;
        all.retain(|_| {
            at += 1;
            kept.contains(&(at - 1))
        });
    }
    (all, left_out)
}

fn chance(mutant: &Mutant<'_>) -> Vec<u8> {
    let Draft { kind, was, becomes, .. } = &mutant.draft;
    Sha256::digest(format!("{}\n{kind}\n{was:?}\n{becomes:?}", mutant.policy.name)).to_vec()
}

/// What decides where `draft` stands in the place of `policy`: the policies, and the set of them; none where Cedar has
/// something against it.
fn made(store: &Store, policy: &Policy, draft: &Draft, gone: &[PolicyId]) -> Option<(Vec<CedarPolicy>, PolicySet)> {
    let mut set = PolicySet::new();
    let Some(json) = &draft.json else { return Some((Vec::new(), set)) };
    if policy.body.is_template() {
        // A template whose slot is gone is a policy, and its links are all that.
        match Template::from_json(Some(policy.key.clone()), json.clone()) {
            Ok(template) => {
                let slots: Vec<SlotId> = template.slots().cloned().collect();
                set.add_template(template).ok()?;
                for key in gone {
                    let links = store.set.policy(key)?.template_links()?;
                    let wanted: HashMap<SlotId, EntityUid> =
                        links.into_iter().filter(|(slot, _)| slots.contains(slot)).collect();
                    set.link(policy.key.clone(), key.clone(), wanted).ok()?;
                }
            }
            Err(_) => {
                for key in gone {
                    set.add(CedarPolicy::from_json(Some(key.clone()), json.clone()).ok()?).ok()?;
                }
            }
        }
    } else {
        set.add(CedarPolicy::from_json(Some(policy.key.clone()), json.clone()).ok()?).ok()?;
    }
    let come = gone.iter().map(|key| set.policy(key).cloned()).collect::<Option<Vec<_>>>()?;
    Some((come, set))
}
