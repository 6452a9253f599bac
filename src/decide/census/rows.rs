//! Conditions for all principals at once, of one action and one resource.
//!
//! # Why
//!
//! Ten thousand principals are 157 words, so an `&&` for all of them takes as long as ten single ones. What only the
//! principal has a part in is worked out once for all resources; what principal and resource have a part in once for
//! each value that the resource brings to it, for principals by the value that they bring to it.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::bits::Bits;
use super::split::{ByGroup, ByValue, Chain, Split, one, put};
use crate::decide::compiled::{Ask, Body, Evaluator, Node, Part, Policies, Policy, Value};

/// Kept splits may take so much room, in words.
const ROOM: usize = 8_000_000;

/// So many words of sets are looked at; what takes more hangs on the context in too many ways.
const WORK: usize = 40_000_000_000;

/// Values that principals bring to a node, each with those that bring it.
type Brought = Rc<Vec<(Vec<Option<Value>>, Vec<u32>)>>;

/// One thread's work on conditions for all principals.
pub(super) struct Rows<'p> {
    pub(super) policies: &'p Policies,
    pub(super) evaluator: Evaluator<'p>,
    /// The principals, by number.
    pub(super) principals: &'p [u32],
    pub(super) all: Bits,
    context: Value,
    action: u32,
    resource: u32,
    /// Of what only the principal, and perhaps the action, has a part in.
    own: FxHashMap<u32, Split>,
    /// Of what the resource has a part in too, by what it brings.
    mixed: FxHashMap<(u32, Vec<Option<Value>>), Split>,
    /// Of this resource.
    here: FxHashMap<u32, Split>,
    brought: FxHashMap<u32, Brought>,
    /// By value of a node, or by what it is in.
    pub(super) by_value: FxHashMap<u32, Option<ByValue>>,
    pub(super) above: FxHashMap<u32, Option<ByGroup>>,
    scopes: FxHashMap<Part, Rc<Bits>>,
    kept: usize,
    /// How much work is left, in words of sets.
    left: usize,
    frontiers: FxHashMap<(u32, bool), Rc<Vec<u32>>>,
}

impl<'p> Rows<'p> {
    pub(super) fn new(policies: &'p Policies, principals: &'p [u32], context: Value, evaluator: Evaluator<'p>) -> Self {
        Self {
            policies,
            evaluator,
            principals,
            all: Bits::all(principals.len()),
            context,
            action: 0,
            resource: 0,
            own: FxHashMap::default(),
            mixed: FxHashMap::default(),
            here: FxHashMap::default(),
            brought: FxHashMap::default(),
            by_value: FxHashMap::default(),
            above: FxHashMap::default(),
            scopes: FxHashMap::default(),
            kept: 0,
            left: WORK,
            frontiers: FxHashMap::default(),
        }
    }

    /// From now on requests are for `action`.
    pub(super) fn for_action(&mut self, action: u32) {
        self.action = action;
        let graph = &self.policies.graph;
        self.own.retain(|node, _| !graph.reads(*node).action);
        self.mixed.retain(|(node, _), _| !graph.reads(*node).action);
        self.brought.retain(|node, _| !graph.reads(*node).action);
        self.by_value.retain(|node, _| !graph.reads(*node).action);
        self.above.retain(|node, _| !graph.reads(*node).action);
    }

    /// From now on they are for `resource`.
    pub(super) fn for_resource(&mut self, resource: u32) {
        self.resource = resource;
        self.here.clear();
        let ask = Ask { principal: 0, action: self.action, resource, context: self.context };
        self.evaluator.begin(ask);
    }

    /// The nodes below `number` that the resource alone has a part in, the outermost of them; or those that the
    /// principal alone has.
    pub(super) fn frontier(&mut self, number: u32, of_resource: bool) -> Rc<Vec<u32>> {
        if let Some(known) = self.frontiers.get(&(number, of_resource)) {
            return Rc::clone(known);
        }
        let graph = &self.policies.graph;
        let (mut found, mut open, mut seen) = (Vec::new(), vec![number], rustc_hash::FxHashSet::default());
        while let Some(next) = open.pop() {
            let reads = graph.reads(next);
            let (mine, other) =
                if of_resource { (reads.resource, reads.principal) } else { (reads.principal, reads.resource) };
            if !mine || !seen.insert(next) {
                continue;
            }
            if !other {
                found.push(next);
            } else if let Some(node) = graph.node(next) {
                node.parts(&mut |part| open.push(part));
            }
        }
        found.sort_unstable();
        let found = Rc::new(found);
        self.frontiers.insert((number, of_resource), Rc::clone(&found));
        found
    }

    /// What the resource brings to `number`: of two that bring the same to all conditions, all is the same.
    pub(super) fn brings(&mut self, number: u32) -> Vec<Option<Value>> {
        let nodes = self.frontier(number, true);
        nodes.iter().map(|node| self.evaluator.value(*node)).collect()
    }

    /// Those of whom the scope of `policy` is true, of its principal's part.
    pub(super) fn in_scope(&mut self, policy: &Policy) -> Rc<Bits> {
        if let Some(known) = self.scopes.get(&policy.principal) {
            return Rc::clone(known);
        }
        let mut bits = Bits::none(self.principals.len());
        for (at, principal) in self.principals.iter().enumerate() {
            if policy.principal.holds(*principal, self.policies.pool.type_of(*principal), &self.policies.world) {
                bits.add(at);
            }
        }
        let bits = Rc::new(bits);
        self.scopes.insert(policy.principal, Rc::clone(&bits));
        bits
    }

    /// What the conditions of a policy come to.
    pub(super) fn of(&mut self, body: &Body) -> Split {
        match body {
            Body::Node(node) => self.split(*node),
            Body::Nothing | Body::Cedar(_) => one(Some(Value::Bool(true)), &self.all),
        }
    }

    fn split(&mut self, number: u32) -> Split {
        let reads = self.policies.graph.reads(number);
        if !reads.principal {
            let value = self.evaluator.value(number);
            return one(value, &self.all);
        }
        let known = if reads.resource { self.here.get(&number) } else { self.own.get(&number) };
        if let Some(known) = known {
            return Rc::clone(known);
        }
        let split = self.work_out(number, reads.resource);
        let kept = if reads.resource { &mut self.here } else { &mut self.own };
        kept.insert(number, Rc::clone(&split));
        split
    }

    fn work_out(&mut self, number: u32, mixed: bool) -> Split {
        let policies = self.policies;
        match policies.graph.node(number) {
            Some(Node::And(all)) => self.chain(all, true),
            Some(Node::Or(all)) => self.chain(all, false),
            Some(Node::Not(of)) => self.negation(*of),
            Some(Node::If(test, yes, no)) => self.choice(*test, *yes, *no),
            _ if mixed => {
                let key = (number, self.brings(number));
                if let Some(known) = self.mixed.get(&key) {
                    return Rc::clone(known);
                }
                let split = self.indexed(number).unwrap_or_else(|| self.each(number));
                self.kept += split.len() * self.principals.len().div_ceil(64) + 32;
                if self.kept > ROOM {
                    self.mixed.clear();
                    self.kept = 0;
                }
                self.mixed.insert(key, Rc::clone(&split));
                split
            }
            _ => self.each(number),
        }
    }

    fn chain(&mut self, all: &[u32], and: bool) -> Split {
        let mut chain = Chain::new(and, &self.all);
        for operand in all {
            if !chain.goes_on() {
                break;
            }
            let operand = self.split(*operand);
            self.spend(operand.len() * chain.going());
            if self.is_spent() {
                break;
            }
            chain.next(&operand, &mut self.evaluator.left);
        }
        chain.end(&mut self.evaluator.left)
    }

    /// Counts work on so many sets.
    pub(super) fn spend(&mut self, sets: usize) {
        self.left = self.left.saturating_sub(sets.saturating_mul(self.principals.len().div_ceil(64)));
    }

    /// Whether there was too much of it: what comes out is not right any more.
    pub(super) fn is_spent(&self) -> bool {
        self.left == 0
    }

    fn negation(&mut self, of: u32) -> Split {
        let of = self.split(of);
        let mut parts = Vec::with_capacity(of.len());
        for (value, who) in of.iter() {
            let value = match value {
                Some(Value::Bool(value)) => Some(Value::Bool(!value)),
                Some(Value::Open(node)) => {
                    let node = self.evaluator.truth(*node);
                    Some(Value::Open(self.evaluator.left.add(Node::Not(node))))
                }
                _ => None,
            };
            put(&mut parts, value, who.clone());
        }
        Rc::new(parts)
    }

    fn choice(&mut self, test: u32, yes: u32, no: u32) -> Split {
        let [test, yes, no] = [test, yes, no].map(|part| self.split(part));
        self.spend(test.len() * yes.len() * no.len());
        let mut parts = Vec::new();
        if self.is_spent() {
            return Rc::new(parts);
        }
        for (value, who) in test.iter() {
            match value {
                Some(Value::Bool(value)) => {
                    for (value, whose) in if *value { yes.iter() } else { no.iter() } {
                        let both = who.and(whose);
                        if !both.is_empty() {
                            put(&mut parts, *value, both);
                        }
                    }
                }
                Some(Value::Open(node)) => {
                    let node = self.evaluator.truth(*node);
                    for (first, of_yes) in yes.iter() {
                        for (second, of_no) in no.iter() {
                            let both = who.and(of_yes).and(of_no);
                            if both.is_empty() {
                                continue;
                            }
                            let [first, second] = [first, second].map(|value| self.evaluator.left_of(*value));
                            let node = self.evaluator.left.add(Node::If(node, first, second));
                            put(&mut parts, Some(Value::Open(node)), both);
                        }
                    }
                }
                _ => put(&mut parts, None, who.clone()),
            }
        }
        Rc::new(parts)
    }

    pub(super) fn ask(&mut self, principal: u32) {
        let ask = Ask { principal, action: self.action, resource: self.resource, context: self.context };
        self.evaluator.begin(ask);
    }

    /// What principals bring to `number`, with those that bring it.
    fn brought(&mut self, number: u32) -> Brought {
        if let Some(known) = self.brought.get(&number) {
            return Rc::clone(known);
        }
        let nodes = self.frontier(number, false);
        let mut places: FxHashMap<Vec<Option<Value>>, usize> = FxHashMap::default();
        let mut found: Vec<(Vec<Option<Value>>, Vec<u32>)> = Vec::new();
        for (at, principal) in (0_u32..).zip(self.principals) {
            self.ask(*principal);
            let brings: Vec<_> = nodes.iter().map(|node| self.evaluator.value(*node)).collect();
            let place = *places.entry(brings.clone()).or_insert_with(|| {
                found.push((brings, Vec::new()));
                found.len() - 1
            });
            if let Some((_, who)) = found.get_mut(place) {
                who.push(at);
            }
        }
        self.ask(0);
        let found: Brought = Rc::new(found);
        self.brought.insert(number, Rc::clone(&found));
        found
    }

    pub(super) fn bits(&self, who: &[u32]) -> Bits {
        let mut bits = Bits::none(self.principals.len());
        who.iter().filter_map(|at| usize::try_from(*at).ok()).for_each(|at| bits.add(at));
        bits
    }

    /// What `number` comes to, asked once for each thing that principals bring.
    fn each(&mut self, number: u32) -> Split {
        let brought = self.brought(number);
        let mut lists: FxHashMap<Option<Value>, Bits> = FxHashMap::default();
        let none = Bits::none(self.principals.len());
        for (_, who) in brought.iter() {
            let first = who.first().and_then(|at| self.principals.get(usize::try_from(*at).ok()?));
            let Some(first) = first.copied() else { continue };
            self.ask(first);
            let value = self.evaluator.value(number);
            let bits = lists.entry(value).or_insert_with(|| none.clone());
            who.iter().filter_map(|at| usize::try_from(*at).ok()).for_each(|at| bits.add(at));
        }
        self.ask(0);
        let mut parts: Vec<_> = lists.into_iter().collect();
        parts.sort_unstable_by_key(|(value, _)| *value);
        Rc::new(parts)
    }
}
