//! Boolean gates over literals. Constants are folded, and equal gates are one gate.

use std::rc::Rc;

use super::graph::{Circuit, Gate, Node};
use super::sat::Lit;

impl Circuit {
    fn gate(&mut self, gate: Gate) -> Lit {
        if let Some(out) = self.gates.get(&gate) {
            return *out;
        }
        let out = self.node(Node::Gate(gate));
        self.gates.insert(gate, out);
        out
    }

    /// Both hold.
    pub(in crate::symbolic) fn and(&mut self, a: Lit, b: Lit) -> Lit {
        match (a.constant(), b.constant()) {
            (Some(false), _) | (_, Some(false)) => return Lit::FALSE,
            (Some(true), _) => return b,
            (_, Some(true)) => return a,
            (None, None) => {}
        }
        if a == b {
            return a;
        }
        if a == !b {
            return Lit::FALSE;
        }
        self.gate(Gate::And(a.min(b), a.max(b)))
    }

    /// One of the two holds.
    pub(in crate::symbolic) fn or(&mut self, a: Lit, b: Lit) -> Lit {
        !self.and(!a, !b)
    }

    /// `a` implies `b`.
    pub(in crate::symbolic) fn implies(&mut self, a: Lit, b: Lit) -> Lit {
        !self.and(a, !b)
    }

    /// Exactly one of the two holds.
    pub(in crate::symbolic) fn xor(&mut self, a: Lit, b: Lit) -> Lit {
        match (a.constant(), b.constant()) {
            (Some(value), _) => return b.negated_if(value),
            (_, Some(value)) => return a.negated_if(value),
            (None, None) => {}
        }
        if a == b {
            return Lit::FALSE;
        }
        if a == !b {
            return Lit::TRUE;
        }
        // Signs are taken out, so that a gate and its negation are one.
        let (plain_a, plain_b) = (a.min(!a), b.min(!b));
        let negate = (a != plain_a) != (b != plain_b);
        let (x, y) = (plain_a.min(plain_b), plain_a.max(plain_b));
        self.gate(Gate::Xor(x, y)).negated_if(negate)
    }

    /// Both hold, or neither does.
    pub(in crate::symbolic) fn iff(&mut self, a: Lit, b: Lit) -> Lit {
        !self.xor(a, b)
    }

    /// `then` where `test` holds, else `other`.
    pub(in crate::symbolic) fn choice(&mut self, test: Lit, then: Lit, other: Lit) -> Lit {
        match test.constant() {
            Some(true) => return then,
            Some(false) => return other,
            None => {}
        }
        if then == other {
            return then;
        }
        if then == !other {
            return self.iff(test, then);
        }
        match (then.constant(), other.constant()) {
            (Some(true), _) => return self.or(test, other),
            (Some(false), _) => return self.and(!test, other),
            (_, Some(true)) => return self.or(!test, then),
            (_, Some(false)) => return self.and(test, then),
            (None, None) => {}
        }
        if test == then || test == !then || test == other || test == !other {
            let yes = self.and(test, then);
            let no = self.and(!test, other);
            return self.or(yes, no);
        }
        let plain = test.min(!test);
        let (test, then, other) = if test == plain { (test, then, other) } else { (plain, other, then) };
        self.gate(Gate::Choice(test, then, other))
    }

    /// All hold.
    pub(in crate::symbolic) fn all(&mut self, operands: impl IntoIterator<Item = Lit>) -> Lit {
        let mut operands: Vec<Lit> = operands.into_iter().filter(|lit| *lit != Lit::TRUE).collect();
        operands.sort_unstable();
        operands.dedup();
        match operands.as_slice() {
            [] => return Lit::TRUE,
            [one] => return *one,
            [a, b] => return self.and(*a, *b),
            _ => {}
        }
        if operands.contains(&Lit::FALSE) || operands.windows(2).any(|pair| matches!(pair, [a, b] if *a == !*b)) {
            return Lit::FALSE;
        }
        if let Some(out) = self.alls.get(operands.as_slice()) {
            return *out;
        }
        let operands: Rc<[Lit]> = operands.into();
        let out = self.node(Node::All(Rc::clone(&operands)));
        self.alls.insert(operands, out);
        out
    }

    /// One of them holds.
    pub(in crate::symbolic) fn any(&mut self, operands: impl IntoIterator<Item = Lit>) -> Lit {
        !self.all(operands.into_iter().map(|lit| !lit))
    }
}
