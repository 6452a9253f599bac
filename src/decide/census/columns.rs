//! Who may do what, one action and one resource after the other.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::bits::Bits;
use super::left::{Left, LeftOver};
use super::rows::Rows;
use super::split::Split;
use crate::decide::compiled::{Body, Evaluator, Policies, Policy, Value};

/// What policies come to for some principals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Access {
    /// Allowed.
    Allowed,
    /// The context decides; what it is asked has this number.
    Conditional(usize),
}

/// Who has access to some resources that policies do not tell apart. Who is not in it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Column(pub Vec<(Access, Bits)>);

/// A request kind by number.
pub(super) struct Asked<'a> {
    pub(super) action: u32,
    /// Those that may ask.
    pub(super) principals: &'a Bits,
    pub(super) resources: &'a [u32],
}

/// One set of policies over all principals.
pub(super) struct Columns<'p> {
    policies: &'p Policies,
    pub(super) rows: Rows<'p>,
    pub(super) left: Left,
    principals: usize,
}

impl<'p> Columns<'p> {
    pub(super) fn new(policies: &'p Policies, principals: &'p [u32], context: Value, evaluator: Evaluator<'p>) -> Self {
        let rows = Rows::new(policies, principals, context, evaluator);
        Self { policies, rows, left: Left::default(), principals: principals.len() }
    }

    /// Calls `visit` with the columns of every set and the resources that have them; resources of which all conditions
    /// take the same are looked at once.
    pub(super) fn visit(&mut self, asked: &Asked<'_>, visit: &mut dyn FnMut(&[u32], &[Column])) {
        self.rows.for_action(asked.action);
        let policies = self.policies;
        let in_action = |set: &'p [Policy]| -> Vec<&'p Policy> {
            set.iter().filter(|policy| policy.for_action(asked.action, &policies.world)).collect()
        };
        let sets: Vec<Vec<&Policy>> = policies.sets.iter().map(|set| in_action(set)).collect();
        let mut nodes: Vec<u32> = Vec::new();
        for policy in sets.iter().flatten() {
            if let Body::Node(node) = policy.body {
                nodes.extend(self.rows.frontier(node, true).iter());
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        let mut classes: Vec<Vec<u32>> = Vec::new();
        let mut places: FxHashMap<(Vec<bool>, Vec<Option<Value>>), usize> = FxHashMap::default();
        for resource in asked.resources {
            self.rows.for_resource(*resource);
            let ty = policies.pool.type_of(*resource);
            let in_scope: Vec<bool> =
                sets.iter().flatten().map(|policy| policy.resource.holds(*resource, ty, &policies.world)).collect();
            let brings = nodes.iter().map(|node| self.rows.evaluator.value(*node)).collect();
            let place = *places.entry((in_scope, brings)).or_insert_with(|| {
                classes.push(Vec::new());
                classes.len() - 1
            });
            if let Some(class) = classes.get_mut(place) {
                class.push(*resource);
            }
        }
        for class in &classes {
            let Some(first) = class.first() else { continue };
            if self.rows.is_spent() {
                return;
            }
            self.rows.for_resource(*first);
            let columns: Vec<Column> = sets.iter().map(|set| self.column(set, *first, asked.principals)).collect();
            visit(class, &columns);
        }
    }

    /// What the policies of a set come to for `resource`.
    fn column(&mut self, set: &[&Policy], resource: u32, asking: &Bits) -> Column {
        let ty = self.policies.pool.type_of(resource);
        let mut sums = [Sum::new(self.principals), Sum::new(self.principals)];
        for policy in set {
            if !policy.resource.holds(resource, ty, &self.policies.world) {
                continue;
            }
            let who = self.rows.in_scope(policy).and(asking);
            if who.is_empty() {
                continue;
            }
            let conditions = self.rows.of(&policy.body);
            let [permits, forbids] = &mut sums;
            self.rows.spend(conditions.len());
            let of = if policy.permit { permits } else { forbids };
            of.add(&who, &conditions, &|node| self.rows.evaluator.never_holds(node));
        }
        let [permits, forbids] = sums;
        let mut column = Vec::new();
        let mut allowed = permits.holds.without(&forbids.holds);
        let mut open = allowed.clone();
        permits.open.iter().for_each(|(_, who)| open.take(who));
        open.drop(&forbids.holds);
        // Allowed whatever the context: nothing that refuses is open.
        forbids.open.iter().for_each(|(_, who)| allowed.drop(who));
        open.drop(&allowed);
        if !allowed.is_empty() {
            column.push((Access::Allowed, allowed));
        }
        self.rows.spend((permits.open.len() + forbids.open.len()).pow(2));
        if !open.is_empty() && !self.rows.is_spent() {
            for (left, who) in told_apart(&permits, &forbids, open) {
                column.push((Access::Conditional(self.left.number(left, &self.rows.evaluator, self.policies)), who));
            }
        }
        Column(column)
    }
}

/// What the policies of one effect come to.
struct Sum {
    /// Those for whom one holds.
    holds: Bits,
    /// Those for whom it is not known whether a policy holds, by what is left to ask.
    open: Vec<(u32, Rc<Bits>)>,
}

impl Sum {
    fn new(principals: usize) -> Self {
        Self { holds: Bits::none(principals), open: Vec::new() }
    }

    /// Takes a policy in, whose scope is true of `who`; of what is left, `never` says what holds for nobody.
    fn add(&mut self, who: &Bits, conditions: &Split, never: &dyn Fn(u32) -> bool) {
        for (value, whose) in conditions.iter() {
            match value {
                Some(Value::Bool(true)) => self.holds.take(&who.and(whose)),
                Some(Value::Open(node)) if !never(*node) => {
                    let both = who.and(whose);
                    if !both.is_empty() {
                        self.open.push((*node, Rc::new(both)));
                    }
                }
                // A policy that errs is skipped.
                _ => {}
            }
        }
    }
}

/// Those of `open` by what is left to ask for them.
fn told_apart(permits: &Sum, forbids: &Sum, open: Bits) -> Vec<(LeftOver, Bits)> {
    let mut parts = vec![(LeftOver::default(), open)];
    let mut cut = |who: &Bits, note: &dyn Fn(&mut LeftOver)| {
        let mut next = Vec::with_capacity(parts.len());
        for (left, whole) in parts.drain(..) {
            let (inside, outside) = (whole.and(who), whole.without(who));
            if !inside.is_empty() {
                let mut left = left.clone();
                note(&mut left);
                next.push((left, inside));
            }
            if !outside.is_empty() {
                next.push((left, outside));
            }
        }
        parts = next;
    };
    cut(&permits.holds, &|left| left.permitted = true);
    for (node, who) in &permits.open {
        cut(who, &|left| {
            left.permits.insert(*node);
        });
    }
    for (node, who) in &forbids.open {
        cut(who, &|left| {
            left.forbids.insert(*node);
        });
    }
    // What is permitted anyway asks nothing of other permits.
    let mut told: Vec<(LeftOver, Bits)> = Vec::new();
    for (mut left, who) in parts {
        if left.permitted {
            left.permits.clear();
        }
        match told.iter_mut().find(|(known, _)| *known == left) {
            Some((_, known)) => known.take(&who),
            None => told.push((left, who)),
        }
    }
    told
}
