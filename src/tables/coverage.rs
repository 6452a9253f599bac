//! Which policies and conditions rows exercise.
//!
//! Counted are the rows that ran, whether they pass or fail. **Policies** are static policies and links: one is covered when
//! some row would be decided otherwise without it. **Conditions** are the operands of `&&`, `||`, `!` and `if` that are none of
//! these themselves, clauses that are a single such operand included, and the clauses that have several operands; `true` and
//! `false` as written are none. Inside of an operand, as in `(if a then 1 else 2) == 1`, the tests of `if` and the operands of `&&`,
//! `||` and `!` count as well, up to 64 of these. A condition is covered when some row evaluates it to true, some row evaluates it to false, and it decides by
//! itself: in some row that evaluates it to true or false, giving it the other value, with everything else evaluated as it is and
//! operands that were skipped evaluated where that takes them in, changes the decision. A policy that fails to evaluate is as if
//! it was not there, as for the authorizer. Links share the conditions of their template, each evaluating them for itself, and a policy that several stores hold
//! is listed once.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use cedar_policy::{Effect, Entities, PolicyId, Request};
use rayon::prelude::*;

use crate::decide::ScopedAuthorizer;
use crate::outcome::{ConditionCoverage, ConditionKind, Coverage, PolicyCoverage, PolicyRef};
use crate::repo::{Policy, Repo, Store};
use crate::text::{Location, Span};
use crate::trace::{Condition, Shape, Tracer, Truth, Values, World};

/// Longer conditions are cut, in characters.
const LONGEST: usize = 200;

/// Counts what the rows of a repository exercise.
#[derive(Debug)]
pub struct Gauge<'r> {
    /// By the address of the store.
    plans: HashMap<usize, Plan<'r>>,
}

impl<'r> Gauge<'r> {
    /// Nothing is counted yet.
    #[must_use]
    pub fn new(repo: &'r Repo) -> Self {
        let own = |store: &'r Store| store.tables.iter().filter_map(|table| table.own_store.as_ref()?.as_deref().ok());
        let stores: Vec<&'r Store> =
            repo.stores.iter().flat_map(|store| std::iter::once(store).chain(own(store))).collect();
        let plan = |store: &'r Store| (std::ptr::from_ref(store).addr(), Plan::new(store));
        Self { plans: stores.into_par_iter().map(plan).collect() }
    }

    /// Where the rows of `store` are counted.
    pub(super) fn plan(&self, store: &Store) -> Option<&Plan<'r>> {
        self.plans.get(&std::ptr::from_ref(store).addr())
    }

    /// What was counted so far.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let mut policies = BTreeMap::new();
        let mut conditions = BTreeMap::new();
        for plan in self.plans.values() {
            plan.report(&mut policies, &mut conditions);
        }
        Coverage {
            policies: policies.into_values().collect(),
            conditions: conditions.into_values().collect(),
            ..Coverage::default()
        }
    }
}

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
pub(super) struct Plan<'r> {
    store: &'r Store,
    keys: Vec<&'r PolicyId>,
    counted: Vec<Counted>,
    places: HashMap<PolicyId, usize>,
    /// For each text with a condition: where it stands, its condition and where its counts begin.
    texts: Vec<(&'r Policy, Arc<Condition>, usize)>,
    nodes: usize,
    total: Mutex<Counts>,
}

/// Rows of one kind each.
#[derive(Debug, Clone, Copy, Default)]
struct OfPolicy {
    in_scope: usize,
    satisfied: usize,
    determining: usize,
    errors: usize,
    decides: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct OfNode {
    trues: usize,
    falses: usize,
    errors: usize,
    decides: usize,
}

/// What some rows exercise.
#[derive(Debug, Default)]
pub(super) struct Counts {
    policies: Vec<OfPolicy>,
    nodes: Vec<OfNode>,
}

impl<'r> Plan<'r> {
    fn new(store: &'r Store) -> Self {
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
    pub(super) fn counts(&self) -> Counts {
        Counts { policies: vec![OfPolicy::default(); self.counted.len()], nodes: vec![OfNode::default(); self.nodes] }
    }

    /// Adds the rows of `counts` to those of the store.
    pub(super) fn add(&self, counts: &Counts) {
        let Ok(mut total) = self.total.lock() else { return };
        if total.policies.is_empty() {
            *total = self.counts();
        }
        for (sum, more) in total.policies.iter_mut().zip(&counts.policies) {
            sum.in_scope += more.in_scope;
            sum.satisfied += more.satisfied;
            sum.determining += more.determining;
            sum.errors += more.errors;
            sum.decides += more.decides;
        }
        for (sum, more) in total.nodes.iter_mut().zip(&counts.nodes) {
            sum.trues += more.trues;
            sum.falses += more.falses;
            sum.errors += more.errors;
            sum.decides += more.decides;
        }
    }

    /// Counts one row that ran.
    pub(super) fn count(&self, counts: &mut Counts, index: &ScopedAuthorizer, request: &Request, entities: &Entities) {
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

    /// Adds what was counted to what other stores counted of the same policies.
    fn report(
        &self,
        policies: &mut BTreeMap<(&'r str, Span, &'r str), PolicyCoverage>,
        conditions: &mut BTreeMap<(&'r str, Span, usize), ConditionCoverage>,
    ) {
        let none = self.counts();
        let total = self.total.lock();
        let total = match &total {
            Ok(total) if !total.policies.is_empty() => total,
            _ => &none,
        };
        for (key, of) in self.keys.iter().zip(&total.policies) {
            let Some(found) = self.store.find(key) else { continue };
            let policy =
                PolicyRef { name: found.name.to_owned(), effect: found.effect, location: found.location.clone() };
            let entry = policies.entry((found.location.path(), found.location.span, found.name)).or_insert_with(|| {
                PolicyCoverage {
                    store: self.store.name.clone(),
                    policy,
                    in_scope: 0,
                    satisfied: 0,
                    determining: 0,
                    errors: 0,
                    decides: 0,
                }
            });
            entry.in_scope += of.in_scope;
            entry.satisfied += of.satisfied;
            entry.determining += of.determining;
            entry.errors += of.errors;
            entry.decides += of.decides;
        }
        for (policy, condition, first) in &self.texts {
            for (node, kind) in listed(condition) {
                let of = total.nodes.get(first + node).copied().unwrap_or_default();
                let key = (policy.location.path(), policy.location.span, node);
                let entry = conditions.entry(key).or_insert_with(|| self.uncounted(policy, condition, node, kind));
                entry.trues += of.trues;
                entry.falses += of.falses;
                entry.errors += of.errors;
                entry.decides += of.decides;
            }
        }
    }

    fn uncounted(&self, policy: &Policy, condition: &Condition, node: usize, kind: ConditionKind) -> ConditionCoverage {
        let found = condition.nodes().get(node);
        let span = found.and_then(crate::trace::Node::span);
        ConditionCoverage {
            store: self.store.name.clone(),
            policy: PolicyRef {
                name: policy.name.clone(),
                effect: policy.effect_word(),
                location: policy.location.clone(),
            },
            location: place(policy, span),
            text: found.map(|found| found.text().chars().take(LONGEST).collect()).unwrap_or_default(),
            kind,
            trues: 0,
            falses: 0,
            errors: 0,
            decides: 0,
        }
    }
}

/// Where `span` of the text of `policy` stands; without a span, the first line of the policy.
pub(super) fn place(policy: &Policy, span: Option<Range<usize>>) -> Location {
    let whole = &policy.location;
    match span {
        Some(span) => Location::new(&whole.file, Span::new(span.start, span.end).shifted(policy.base)),
        None => {
            let length = whole.text().lines().next().map_or(0, str::len);
            Location::new(&whole.file, Span::new(whole.span.start, whole.span.start + length))
        }
    }
}

/// The nodes of `condition` that count as conditions.
fn listed(condition: &Condition) -> Vec<(usize, ConditionKind)> {
    // How many operands each node holds; what is below a node comes before it.
    let mut held: Vec<usize> = Vec::with_capacity(condition.nodes().len());
    let mut listed = Vec::new();
    for (at, node) in condition.nodes().iter().enumerate() {
        let below = |node: usize| held.get(node).copied().unwrap_or_default();
        let holds = match node.shape {
            Shape::And(left, right) | Shape::Or(left, right) => below(left) + below(right),
            Shape::Not(operand) => below(operand),
            Shape::If(test, yes, no) => below(test) + below(yes) + below(no),
            Shape::Leaf => {
                listed.push((at, ConditionKind::Operand));
                1
            }
            Shape::Literal(_) => 0,
        };
        held.push(holds);
    }
    for clause in condition.clauses() {
        if held.get(clause.node).is_some_and(|held| *held > 1) {
            listed.push((clause.node, if clause.unless { ConditionKind::Unless } else { ConditionKind::When }));
        }
    }
    listed
}
