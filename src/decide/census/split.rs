//! What a node comes to for each of many principals: the values that there are, each with the principals for which it
//! is that value.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::bits::Bits;
use crate::decide::compiled::{Graph, Node, Value};

/// Values with those for which it is so; nobody is in two of them. An error is `None`.
pub(super) type Split = Rc<Vec<(Option<Value>, Bits)>>;

/// Principals by a value.
pub(super) type ByValue = Rc<FxHashMap<Value, Vec<u32>>>;

/// Principals by what an entity is in, itself included.
pub(super) type ByGroup = Rc<FxHashMap<u32, Vec<u32>>>;

/// One value for all.
pub(super) fn one(value: Option<Value>, all: &Bits) -> Split {
    Rc::new(vec![(value, all.clone())])
}

/// Puts `who` to those for which it is `value`.
pub(super) fn put(parts: &mut Vec<(Option<Value>, Bits)>, value: Option<Value>, who: Bits) {
    match parts.iter_mut().find(|(known, _)| *known == value) {
        Some((_, known)) => known.take(&who),
        None => parts.push((value, who)),
    }
}

/// An `&&`, or an `||`, whose operands are given one after the other.
pub(super) struct Chain {
    and: bool,
    /// Those for whom it goes on, by what is left to ask until here.
    going: Vec<(Vec<u32>, Bits)>,
    done: Vec<(Option<Value>, Bits)>,
}

impl Chain {
    pub(super) fn new(and: bool, all: &Bits) -> Self {
        Self { and, going: vec![(Vec::new(), all.clone())], done: Vec::new() }
    }

    /// Whether it goes on for anybody.
    pub(super) fn goes_on(&self) -> bool {
        !self.going.is_empty()
    }

    /// In how many ways it goes on.
    pub(super) fn going(&self) -> usize {
        self.going.len()
    }

    /// Takes the next operand.
    pub(super) fn next(&mut self, operand: &Split, left: &mut Graph) {
        let going = std::mem::take(&mut self.going);
        for (asked, who) in going {
            for (value, whose) in operand.iter() {
                let both = who.and(whose);
                if both.is_empty() {
                    continue;
                }
                match value {
                    Some(Value::Bool(value)) if *value == self.and => self.go_on(asked.clone(), both),
                    Some(Value::Open(node)) => {
                        let mut asked = asked.clone();
                        asked.push(*node);
                        self.go_on(asked, both);
                    }
                    Some(value @ Value::Bool(_)) if asked.is_empty() => put(&mut self.done, Some(*value), both),
                    _ if asked.is_empty() => put(&mut self.done, None, both),
                    value => {
                        let last = match value {
                            Some(value @ Value::Bool(_)) => left.add(Node::Constant(*value)),
                            _ => left.add(Node::Fail),
                        };
                        let mut asked = asked.clone();
                        asked.push(last);
                        let node = self.node(asked, left);
                        put(&mut self.done, Some(Value::Open(node)), both);
                    }
                }
            }
        }
    }

    fn go_on(&mut self, asked: Vec<u32>, who: Bits) {
        match self.going.iter_mut().find(|(known, _)| *known == asked) {
            Some((_, known)) => known.take(&who),
            None => self.going.push((asked, who)),
        }
    }

    fn node(&self, asked: Vec<u32>, left: &mut Graph) -> u32 {
        let asked = asked.into_boxed_slice();
        left.add(if self.and { Node::And(asked) } else { Node::Or(asked) })
    }

    /// What it comes to.
    pub(super) fn end(mut self, left: &mut Graph) -> Split {
        for (asked, who) in std::mem::take(&mut self.going) {
            let value = if asked.is_empty() { Value::Bool(self.and) } else { Value::Open(self.node(asked, left)) };
            put(&mut self.done, Some(value), who);
        }
        Rc::new(self.done)
    }
}
