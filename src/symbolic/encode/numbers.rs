//! Numbers as sums, and what is asked of them: `sum <= bound`.
//!
//! Every number of 64 bits is known as a sum of *unknowns* that it is equal to, as whole numbers, whatever they are. A
//! sum that may not fit is an unknown of its own, of which is said: *if it fits, the two are equal*. Sums of the same
//! unknowns have the same 64 bits, so that what was only turned around is one number. A comparison comes to one
//! literal for each sum and bound, taken on trust by a search (`Circuit::lazy`): `theory::linear` knows what follows
//! from others, and bits are looked at last.
//!
//! # Why
//!
//! Over bits, a solver that learns clauses finds that sums which are equal are equal only by going through their bits:
//! 100,000 conflicts were not enough for what rewriting sees at once.

use rustc_hash::FxHashMap;

use super::form::{Form, Leaf, Terms};
use crate::symbolic::circuit::{Bits, Division, Lit};

/// The least and the greatest number of 64 bits.
pub(super) const LEAST: i128 = i64::MIN as i128;
pub(super) const GREATEST: i128 = i64::MAX as i128;

/// The width of Cedar's numbers.
pub(super) const WIDTH: usize = 64;

/// `sum of the terms <= bound`, as a literal.
#[derive(Debug, Clone)]
pub(in crate::symbolic) struct AtMost {
    /// The terms; the first factor is positive, and no number divides all.
    pub(in crate::symbolic) terms: Terms,
    /// The bound.
    pub(in crate::symbolic) bound: i128,
    /// The literal.
    pub(in crate::symbolic) lit: Lit,
}

/// What is always so: the sum of the terms is between two numbers.
#[derive(Debug, Clone)]
pub(in crate::symbolic) struct Always {
    /// The terms.
    pub(in crate::symbolic) terms: Terms,
    /// The least that they come to.
    pub(in crate::symbolic) low: i128,
    /// The greatest.
    pub(in crate::symbolic) high: i128,
}

/// An unknown number.
#[derive(Debug)]
pub(in crate::symbolic) struct Unknown {
    /// Its bits, signed.
    pub(in crate::symbolic) bits: Bits,
    /// The least that it can be.
    pub(in crate::symbolic) low: i128,
    /// The greatest.
    pub(in crate::symbolic) high: i128,
    /// What is always so of it and others.
    pub(in crate::symbolic) always: Option<Always>,
    /// What it comes to, and the factors if it is a product.
    pub(super) meaning: Meaning,
    /// The sum of others with the same low 64 bits.
    pub(super) base: Form,
    /// The literals that ask something of it.
    pub(super) asked: Vec<Lit>,
    /// Sums that it is equal to, and where, until that is said.
    pub(super) links: Vec<(Guard, Form)>,
    /// The clauses that say what it is, by number.
    pub(super) clauses: Vec<(u32, u32)>,
}

/// What an unknown number is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Any number.
    Plain,
    /// A number divided by a constant, rounded down or towards nought.
    Quotient { of: Form, divisor: i128, down: bool },
    /// Two numbers multiplied.
    Product(Form, Form),
}

/// Where a number is equal to a sum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Guard {
    /// Where the sum fits.
    Fits,
    /// Where the literal holds.
    Where(Lit),
}

/// Numbers as sums.
#[derive(Debug, Default)]
pub(in crate::symbolic) struct Numbers {
    pub(super) unknowns: Vec<Unknown>,
    pub(super) forms: FxHashMap<Bits, Form>,
    /// What numbers are equal to where a literal holds: sums that fit.
    pub(super) given: FxHashMap<Bits, (Lit, Form)>,
    pub(super) by_base: FxHashMap<Form, Bits>,
    pub(super) atoms: FxHashMap<(Terms, i128), Lit>,
    /// What each of these literals asks.
    pub(super) asks: FxHashMap<Lit, AtMost>,
    pub(super) quotients: FxHashMap<(Form, i128, bool), Leaf>,
    pub(super) products: FxHashMap<(Form, Form), Leaf>,
    /// Sums of which more is known than of their terms.
    pub(super) known: FxHashMap<Terms, (i128, i128)>,
    /// What follows, by what it says.
    pub(super) lemmas: FxHashMap<Vec<Lit>, u32>,
    /// What was divided, by what, and the result, in the order in which it was.
    pub(in crate::symbolic) divisions: Vec<(Bits, i128, Division)>,
}

impl Numbers {
    /// What the literal asks.
    pub(in crate::symbolic) fn ask(&self, lit: Lit) -> Option<&AtMost> {
        self.asks.get(&lit)
    }

    /// An unknown.
    pub(in crate::symbolic) fn unknown(&self, leaf: Leaf) -> Option<&Unknown> {
        self.unknowns.get(leaf.index())
    }

    /// The factors of an unknown that is a product.
    pub(in crate::symbolic) fn factors(&self, leaf: Leaf) -> Option<(&Form, &Form)> {
        match &self.unknown(leaf)?.meaning {
            Meaning::Product(a, b) => Some((a, b)),
            _ => None,
        }
    }

    /// A new unknown.
    pub(super) fn add(&mut self, bits: &Bits, range: (i128, i128), meaning: Meaning, base: Option<Form>) -> Leaf {
        let leaf = Leaf(u32::try_from(self.unknowns.len()).unwrap_or(u32::MAX));
        let base = base.unwrap_or_else(|| Form::leaf(leaf));
        self.unknowns.push(Unknown {
            bits: bits.clone(),
            low: range.0,
            high: range.1,
            always: None,
            meaning,
            base,
            asked: Vec::new(),
            links: Vec::new(),
            clauses: Vec::new(),
        });
        leaf
    }

    /// The number with these bits, of which there are 64, as a sum.
    pub(in crate::symbolic) fn form(&mut self, bits: &Bits) -> Form {
        if let Some(known) = bits.known() {
            return Form::constant(i128::from(known as u64 as i64));
        }
        if let Some(form) = self.forms.get(bits) {
            return form.clone();
        }
        let leaf = self.add(bits, (LEAST, GREATEST), Meaning::Plain, None);
        self.forms.insert(bits.clone(), Form::leaf(leaf));
        self.by_base.insert(Form::leaf(leaf), bits.clone());
        Form::leaf(leaf)
    }

    /// The number as a sum, and where it is one.
    pub(super) fn given(&mut self, bits: &Bits) -> (Lit, Form) {
        match self.given.get(bits) {
            Some(given) => given.clone(),
            None => (Lit::TRUE, self.form(bits)),
        }
    }

    /// The same in unknowns that are no sums themselves, where the low 64 bits count.
    pub(super) fn base(&self, form: &Form) -> Option<Form> {
        let mut base = Form::constant(form.constant);
        for (leaf, factor) in &form.terms {
            base = base.plus(&self.unknown(*leaf)?.base, *factor)?.wrapped();
        }
        Some(base.wrapped())
    }

    /// The least and the greatest that the terms can come to; an end that is beyond what can be counted to is that of
    /// `i128`, which stands for no end at all.
    pub(super) fn range(&self, terms: &Terms) -> Option<(i128, i128)> {
        let (mut lowest, mut highest) = (Some(0_i128), Some(0_i128));
        for (leaf, factor) in terms {
            let unknown = self.unknown(*leaf)?;
            let (first, last) = if *factor < 0 { (unknown.high, unknown.low) } else { (unknown.low, unknown.high) };
            // Once it is beyond, what is added later does not bring it back.
            let add = |end: Option<i128>, one: i128| end?.checked_add(one.checked_mul(*factor)?);
            (lowest, highest) = (add(lowest, first), add(highest, last));
        }
        let (mut low, mut high) = (lowest.unwrap_or(i128::MIN), highest.unwrap_or(i128::MAX));
        if let Some((least, greatest)) = self.known.get(terms) {
            (low, high) = (low.max(*least), high.min(*greatest));
        }
        Some((low, high))
    }

    /// The least and the greatest that the form can come to.
    pub(in crate::symbolic) fn range_of(&self, form: &Form) -> Option<(i128, i128)> {
        let (low, high) = self.range(&form.terms)?;
        let end = |end: i128, none: i128| {
            let there = (end != none).then(|| end.checked_add(form.constant)).flatten();
            there.unwrap_or(none)
        };
        Some((end(low, i128::MIN), end(high, i128::MAX)))
    }

    /// The same of a form that is equal to a number of 64 bits.
    pub(super) fn range_in_64(&self, form: &Form) -> Option<(i128, i128)> {
        self.range_of(form).map(|(low, high)| (low.max(LEAST), high.min(GREATEST)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::symbolic::circuit::Circuit;

    /// The kind: an end beyond what can be counted to that later terms bring back, so that a sum is taken for narrower
    /// than it is.
    #[test]
    fn an_end_beyond_counting_stays_there() {
        let (mut circuit, mut numbers) = (Circuit::new(), Numbers::default());
        let mut add = |low: i128, high: i128| {
            let bits = Bits::fresh(&mut circuit, 128);
            numbers.add(&bits, (low, high), Meaning::Plain, None)
        };
        let (far, near) = (1 << 126, 1 << 100);
        let [wide, other, small, up] =
            [(-far, far), (-far - 1, far), (-near, near), (near, far)].map(|(l, h)| add(l, h));
        let range = |terms: &[(Leaf, i128)]| numbers.range(&terms.to_vec()).unwrap();
        assert_eq!(range(&[(wide, 1), (small, -1)]), (-far - near, far + near));
        assert_eq!(range(&[(wide, 1), (other, 1)]), (i128::MIN, i128::MAX));
        assert_eq!(range(&[(wide, 2), (other, 1), (up, 1)]), (i128::MIN, i128::MAX));
        assert_eq!(range(&[(small, 1), (small, i128::MAX)]).0, i128::MIN);
        let shifted = Form { terms: vec![(wide, 1), (other, 1)], constant: i128::MAX };
        assert_eq!(numbers.range_of(&shifted).unwrap(), (i128::MIN, i128::MAX));
    }
}
