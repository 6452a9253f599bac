//! Comparisons of one thing of the principal with one of the resource, looked up instead of asked one by one.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::bits::Bits;
use super::rows::Rows;
use super::split::{ByGroup, ByValue, Split};
use crate::decide::compiled::{BinaryOp, Node, Value};

impl Rows<'_> {
    /// The same by looking it up, where `number` compares one thing of the principal with one of the resource.
    pub(super) fn indexed(&mut self, number: u32) -> Option<Split> {
        let Some(Node::Binary(op, left, right)) = self.policies.graph.node(number) else { return None };
        let (op, left, right) = (*op, *left, *right);
        let reads = [left, right].map(|part| self.policies.graph.reads(part));
        let own = |at: usize| reads.get(at).is_some_and(|reads| reads.principal && !reads.resource);
        let other = |at: usize| reads.get(at).is_some_and(|reads| !reads.principal);
        let holds = match op {
            BinaryOp::Eq if own(0) && other(1) => self.equal(left, right)?,
            BinaryOp::Eq if own(1) && other(0) => self.equal(right, left)?,
            BinaryOp::In if own(0) && other(1) => self.within(left, right)?,
            BinaryOp::Contains if own(1) && other(0) => {
                let Some(Value::Set(set)) = self.evaluator.value(left) else { return None };
                let by_value = self.by_value(right)?;
                let elements = self.evaluator.pool.elements(set).to_vec();
                let lists = elements.iter().filter_map(|element| by_value.get(element));
                self.bits(&lists.flatten().copied().collect::<Vec<_>>())
            }
            _ => return None,
        };
        let fails = self.all.without(&holds);
        let parts = [(Some(Value::Bool(true)), holds), (Some(Value::Bool(false)), fails)];
        Some(Rc::new(parts.into_iter().filter(|(_, who)| !who.is_empty()).collect()))
    }

    fn equal(&mut self, own: u32, other: u32) -> Option<Bits> {
        let value = self.evaluator.value(other).filter(|value| !matches!(value, Value::Open(_)))?;
        let by_value = self.by_value(own)?;
        Some(self.bits(by_value.get(&value).map_or(&[], Vec::as_slice)))
    }

    fn within(&mut self, own: u32, other: u32) -> Option<Bits> {
        let groups = match self.evaluator.value(other)? {
            Value::Entity(group) => vec![group],
            Value::Set(set) => {
                let one = |element: &Value| match element {
                    Value::Entity(group) => Some(*group),
                    _ => None,
                };
                self.evaluator.pool.elements(set).iter().map(one).collect::<Option<_>>()?
            }
            _ => return None,
        };
        let above = self.above(own)?;
        let lists = groups.iter().filter_map(|group| above.get(group));
        Some(self.bits(&lists.flatten().copied().collect::<Vec<_>>()))
    }

    /// The principals by the value of `node`; none where it errs or is not known for one of them.
    fn by_value(&mut self, node: u32) -> Option<ByValue> {
        if let Some(known) = self.by_value.get(&node) {
            return known.clone();
        }
        let mut found: Option<FxHashMap<Value, Vec<u32>>> = Some(FxHashMap::default());
        for (at, principal) in (0_u32..).zip(self.principals) {
            self.ask(*principal);
            let value = self.evaluator.value(node).filter(|value| !matches!(value, Value::Open(_)));
            match (value, &mut found) {
                (Some(value), Some(found)) => found.entry(value).or_default().push(at),
                _ => found = None,
            }
        }
        self.ask(0);
        let found = found.map(Rc::new);
        self.by_value.insert(node, found.clone());
        found
    }

    /// The principals by what the entity that `node` is, is in; none where it is no entity for one of them.
    fn above(&mut self, node: u32) -> Option<ByGroup> {
        if let Some(known) = self.above.get(&node) {
            return known.clone();
        }
        let by_value = self.by_value(node);
        let found = by_value.and_then(|by_value| {
            let mut found: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
            for (value, who) in by_value.iter() {
                let Value::Entity(entity) = value else { return None };
                for group in self.policies.world.above(*entity).iter().chain([entity]) {
                    found.entry(*group).or_default().extend_from_slice(who);
                }
            }
            Some(Rc::new(found))
        });
        self.above.insert(node, found.clone());
        found
    }
}
