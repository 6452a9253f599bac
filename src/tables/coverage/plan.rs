//! What is counted of a store, and the counting, row by row.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use cedar_policy::{Effect, Entities, PolicyId, Request};

use super::counts::Counts;
use crate::decide::ScopedAuthorizer;
use crate::repo::{Policy, Store};
use crate::trace::{Condition, Tracer, Truth, Values, World};

/// A policy or link of a store.
#[derive(Debug)]
struct Counted {
    effect: Effect,
    condition: Arc<Condition>,
    /// Where the counts of its condition's nodes begin.
    first: usize,
}

/// What is counted of a store, and the counts.
#[derive(Debug)]
pub(in crate::tables) struct Plan<'r> {
    pub(super) store: &'r Store,
    pub(super) keys: Vec<&'r PolicyId>,
    counted: Vec<Counted>,
    places: HashMap<PolicyId, usize>,
    /// For each text with a condition: where it stands, its condition and where its counts begin.
    pub(super) texts: Vec<(&'r Policy, Arc<Condition>, usize)>,
    nodes: usize,
    pub(super) total: Mutex<Counts>,
}

impl<'r> Plan<'r> {
    /// What there is to count in `store`.
    pub(super) fn new(store: &'r Store) -> Self {
        let tracer = Tracer::new(&store.set);
        let mut plan = Self {
            store,
            keys: Vec::new(),
            counted: Vec::new(),
            places: HashMap::new(),
            texts: Vec::new(),
            nodes: 0,
            total: Mutex::default(),
        };
        let mut begun: HashMap<*const Condition, usize> = HashMap::new();
        for (key, ..) in store.deciding() {
            let (Some(condition), Some(found)) = (tracer.condition(key), store.find(key)) else { continue };
            let Some(policy) = store.set.policy(key) else { continue };
            let first = *begun.entry(Arc::as_ptr(condition)).or_insert_with(|| {
                let first = plan.nodes;
                plan.nodes += condition.nodes().len();
                plan.texts.push((found.policy, Arc::clone(condition), first));
                first
            });
            plan.places.insert(key.clone(), plan.counted.len());
            plan.keys.push(key);
            plan.counted.push(Counted { effect: policy.effect(), condition: Arc::clone(condition), first });
        }
        plan
    }

    /// No rows.
    pub(in crate::tables) fn counts(&self) -> Counts {
        Counts::none(self.counted.len(), self.nodes)
    }

    /// Adds the rows of `counts` to those of the store.
    pub(in crate::tables) fn add(&self, counts: &Counts) {
        let Ok(mut total) = self.total.lock() else { return };
        if total.policies.is_empty() {
            *total = self.counts();
        }
        total.add(counts);
    }

    /// Counts one row that ran.
    pub(in crate::tables) fn count(
        &self,
        counts: &mut Counts,
        index: &ScopedAuthorizer,
        request: &Request,
        entities: &Entities,
    ) {
        let world = World::new(request, entities);
        let in_scope = index.in_scope(request, entities).into_iter();
        let mut rows: Vec<_> = in_scope
            .filter_map(|id| {
                let at = *self.places.get(id)?;
                let counted = self.counted.get(at)?;
                let mut values = Values::new(&counted.condition, &world);
                let value = values.whole();
                Some((at, counted, values, value))
            })
            .collect();
        let satisfied = |effect: Effect| {
            rows.iter().filter(|(_, counted, _, value)| counted.effect == effect && *value == Truth::True).count()
        };
        let (permits, forbids) = (satisfied(Effect::Permit), satisfied(Effect::Forbid));
        for (at, counted, values, value) in &mut rows {
            let satisfied = *value == Truth::True;
            let (own_permit, own_forbid) = match counted.effect {
                Effect::Permit => (usize::from(satisfied), 0),
                Effect::Forbid => (0, usize::from(satisfied)),
            };
            let (permits_besides, forbids_besides) = (permits - own_permit, forbids - own_forbid);
            // Whether the decision hangs on this policy, the others being as they are.
            let decisive = match counted.effect {
                Effect::Permit => permits_besides == 0 && forbids == 0,
                Effect::Forbid => forbids_besides == 0 && permits > 0,
            };
            let determining = satisfied
                && match counted.effect {
                    Effect::Permit => forbids == 0,
                    Effect::Forbid => true,
                };
            if let Some(of) = counts.policies.get_mut(*at) {
                of.in_scope += 1;
                of.satisfied += usize::from(satisfied);
                of.determining += usize::from(determining);
                of.errors += usize::from(*value == Truth::Error);
                of.decides += usize::from(satisfied && decisive);
            }
            values.seen(decisive, |seen| {
                let Some(of) = counts.nodes.get_mut(counted.first + seen.node) else { return };
                match seen.value {
                    Truth::True => of.trues += 1,
                    Truth::False => of.falses += 1,
                    Truth::Error => of.errors += 1,
                }
                of.decides += usize::from(seen.decides);
            });
        }
    }
}
