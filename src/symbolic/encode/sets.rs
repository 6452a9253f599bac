//! Membership and inclusion of sets.
//!
//! # Why
//!
//! A set that is not written out is the elements that were asked for and are in it, and no others. Elements may be
//! anything, sets and records included: equality of elements is a literal like any other.

use std::rc::Rc;

use cedar_policy_symcc::term_type::TermType;

use super::atoms::Subset;
use super::encoder::Encoder;
use super::ids::PlaceId;
use super::places::Member;
use super::value::Value;
use crate::symbolic::circuit::Lit;

impl Encoder<'_> {
    /// `element` is in `set`.
    pub(in crate::symbolic) fn member(&mut self, element: &Value, set: &Value) -> Lit {
        match set {
            Value::Listed(elements) => {
                let any: Vec<Lit> = elements.iter().map(|other| self.equal(element, other)).collect();
                self.circuit.any(any)
            }
            Value::Meet(a, b) => {
                let (a, b) = (self.member(element, a), self.member(element, b));
                self.circuit.and(a, b)
            }
            Value::Choice(test, then, other) => {
                let (then, other) = (self.member(element, then), self.member(element, other));
                self.circuit.choice(*test, then, other)
            }
            Value::Unknown(place, ..) => self.member_of(*place, element),
            Value::Bits(_) | Value::Option(..) | Value::Record(_) => Lit::FALSE,
        }
    }

    /// `element` is in the set at `place`.
    pub(in crate::symbolic) fn member_of(&mut self, place: PlaceId, element: &Value) -> Lit {
        let key = (place, self.solid(element));
        if let Some(lit) = self.members.get(&key) {
            return *lit;
        }
        let lit = self.circuit.preferring(false);
        self.sets_in_sets |= holds_a_set(&key.1);
        let index = self.places[place].members.push(Member { element: key.1.clone(), lit });
        self.member_at.insert(lit, (place, index));
        self.members.insert(key, lit);
        lit
    }

    /// Every element of `small` is in `large`.
    pub(in crate::symbolic) fn subset(&mut self, small: &Value, large: &Value) -> Lit {
        if small == large {
            return Lit::TRUE;
        }
        match small {
            Value::Listed(elements) => {
                let all: Vec<Lit> = elements.iter().map(|element| self.member(element, large)).collect();
                self.circuit.all(all)
            }
            Value::Choice(test, then, other) => {
                let (then, other) = (self.subset(then, large), self.subset(other, large));
                self.circuit.choice(*test, then, other)
            }
            Value::Meet(a, b) => {
                for (first, second) in [(a, b), (b, a)] {
                    match &**first {
                        Value::Listed(elements) => {
                            let mut all = Vec::new();
                            for element in elements.iter() {
                                let (inside, required) = (self.member(element, second), self.member(element, large));
                                all.push(self.circuit.implies(inside, required));
                            }
                            return self.circuit.all(all);
                        }
                        Value::Choice(test, then, other) => {
                            let then = self.subset(&Value::Meet(Rc::clone(then), Rc::clone(second)), large);
                            let other = self.subset(&Value::Meet(Rc::clone(other), Rc::clone(second)), large);
                            return self.circuit.choice(*test, then, other);
                        }
                        _ => {}
                    }
                }
                self.open_subset(small, large)
            }
            Value::Unknown(..) => self.open_subset(small, large),
            Value::Bits(_) | Value::Option(..) | Value::Record(_) => Lit::TRUE,
        }
    }

    /// [`Self::subset`] where the elements of `small` are not listed. If it does not hold there is an element that
    /// shows it; if it holds, every element of `small` is in `large`, which `theory::sets` says of the elements that
    /// turn up.
    fn open_subset(&mut self, small: &Value, large: &Value) -> Lit {
        let key = (small.clone(), large.clone());
        if let Some(lit) = self.subset_lits.get(&key) {
            return *lit;
        }
        let lit = self.circuit.fresh();
        self.subset_lits.insert(key, lit);
        self.subsets.push(Subset { lit, small: small.clone(), large: large.clone() });
        if self.axioms.extensionality
            && let Some((element, side)) = self.element_type(small)
        {
            let place = self.places.fresh(element.clone(), side);
            let ty = self.types.id(&element);
            let witness = Value::Unknown(place, ty, side);
            let (inside, outside) = (self.member(&witness, small), self.member(&witness, large));
            self.circuit.clause_with([lit], &[lit, inside]);
            self.circuit.clause_with([lit], &[lit, !outside]);
        }
        lit
    }

    fn element_type(&self, set: &Value) -> Option<(TermType, usize)> {
        match set {
            Value::Unknown(_, ty, side) => match self.types.get(*ty) {
                TermType::Set { ty } => Some(((**ty).clone(), *side)),
                _ => None,
            },
            Value::Meet(a, b) | Value::Choice(_, a, b) => self.element_type(a).or_else(|| self.element_type(b)),
            _ => None,
        }
    }
}

fn holds_a_set(value: &Value) -> bool {
    match value {
        Value::Bits(_) => false,
        Value::Option(_, inner) => inner.as_deref().is_some_and(holds_a_set),
        Value::Record(fields) => fields.values().any(holds_a_set),
        Value::Listed(_) | Value::Meet(..) | Value::Unknown(..) => true,
        Value::Choice(_, then, other) => holds_a_set(then) || holds_a_set(other),
    }
}
