//! Operations of numbers of 64 bits, as sums where they are such.

use super::encoder::Encoder;
use super::form::{Form, Leaf};
use super::numbers::{Always, GREATEST, Guard, LEAST, Meaning, WIDTH};
use crate::symbolic::circuit::{Bits, Division, Lit};

impl Encoder<'_> {
    /// The 64 bits of a sum that is `sum` where it fits: those that are known to have them, or what `make` gives.
    fn wrapped(&mut self, sum: &Form, make: impl FnOnce(&mut Self) -> Bits) -> Option<Bits> {
        let base = self.numbers.base(sum)?;
        if base.terms.is_empty() {
            return Some(Bits::signed(base.constant, WIDTH));
        }
        let bits = match self.numbers.by_base.get(&base) {
            Some(bits) => bits.clone(),
            None => {
                let bits = make(self);
                self.numbers.by_base.insert(base.clone(), bits.clone());
                bits
            }
        };
        let fits = self.numbers.range_of(sum).is_some_and(|(low, high)| LEAST <= low && high <= GREATEST);
        match (self.numbers.forms.get(&bits), fits) {
            (None, true) => {
                self.numbers.forms.insert(bits.clone(), sum.clone());
            }
            (None, false) => {
                let leaf = self.numbers.add(&bits, (LEAST, GREATEST), Meaning::Plain, Some(base));
                self.numbers.forms.insert(bits.clone(), Form::leaf(leaf));
                self.link(leaf, Guard::Fits, sum.clone());
            }
            (Some(known), _) if known == sum => {}
            (Some(known), _) => {
                if let Some(leaf) = known.as_leaf() {
                    self.link(leaf, Guard::Fits, sum.clone());
                }
            }
        }
        Some(bits)
    }

    /// `bits` is equal to `sum` where `guard` holds and the sum fits.
    fn give(&mut self, bits: &Bits, guard: Lit, sum: Form) {
        if bits.known().is_some() {
            return;
        }
        let Some(overflows) = self.does_not_fit(&sum) else { return };
        let guard = self.circuit.and(guard, !overflows);
        match self.numbers.given.get(bits) {
            Some((Lit::TRUE, _)) => {}
            Some((known, other)) if *other == sum => {
                let either = self.circuit.or(*known, guard);
                self.numbers.given.insert(bits.clone(), (either, sum));
            }
            Some(_) if guard != Lit::TRUE => {}
            _ if self.numbers.forms.get(bits) == Some(&sum) => {}
            _ => _ = self.numbers.given.insert(bits.clone(), (guard, sum)),
        }
    }

    /// `a + factor * b`, the factor 1 or -1.
    pub(super) fn sum(&mut self, a: &Bits, b: &Bits, factor: i128) -> Bits {
        let make = |encoder: &mut Self| match factor {
            1 => encoder.circuit.add(a, b),
            _ => encoder.circuit.subtract(a, b),
        };
        if a.width() != WIDTH || b.width() != WIDTH {
            return make(self);
        }
        let (left, right) = (self.numbers.form(a), self.numbers.form(b));
        let sum = left.plus(&right, factor);
        let bits = sum.and_then(|sum| self.wrapped(&sum, make)).unwrap_or_else(|| make(self));
        if let Some((guard, sum)) = self.given_sum(a, b, factor) {
            self.give(&bits, guard, sum);
        }
        bits
    }

    /// `a + factor * b` as a sum, and where both are.
    fn given_sum(&mut self, a: &Bits, b: &Bits, factor: i128) -> Option<(Lit, Form)> {
        if a.width() != WIDTH || b.width() != WIDTH {
            return None;
        }
        let ((here, left), (there, right)) = (self.numbers.given(a), self.numbers.given(b));
        Some((self.circuit.and(here, there), left.plus(&right, factor)?))
    }

    /// `told` where `guard` holds, and else what bits say: taken on trust, for it matters little.
    fn guarded(&mut self, guard: Lit, told: Option<Lit>, bits: impl FnOnce(&mut Self) -> Lit) -> Lit {
        match told {
            Some(told) if guard == Lit::TRUE => told,
            Some(told) => {
                let meaning = bits(self);
                let rest = self.circuit.lazy(meaning, false);
                self.circuit.choice(guard, told, rest)
            }
            None => bits(self),
        }
    }

    /// Whether `a + factor * b` does not fit.
    pub(super) fn sum_overflows(&mut self, a: &Bits, b: &Bits, factor: i128) -> Lit {
        let given = self.given_sum(a, b, factor);
        let guard = given.as_ref().map_or(Lit::TRUE, |(guard, _)| *guard);
        let overflows = given.and_then(|(_, sum)| self.does_not_fit(&sum));
        self.guarded(guard, overflows, |encoder| match factor {
            1 => encoder.circuit.add_overflows(a, b),
            _ => encoder.circuit.subtract_overflows(a, b),
        })
    }

    fn does_not_fit(&mut self, sum: &Form) -> Option<Lit> {
        let (below, above) = (self.at_most(sum, GREATEST)?, self.at_least(sum, LEAST)?);
        Some(!self.circuit.and(below, above))
    }

    /// The product as a sum: of one number if the other is a constant.
    fn product_form(&mut self, a: &Bits, b: &Bits) -> Option<(Form, Bits)> {
        let (left, right) = (self.numbers.form(a), self.numbers.form(b));
        if left.terms.is_empty() || right.terms.is_empty() {
            let (constant, of) = if left.terms.is_empty() { (left.constant, right) } else { (right.constant, left) };
            return Some((of.times(constant)?, Bits::constant(0, 0)));
        }
        let key = if left <= right { (left, right) } else { (right, left) };
        if let Some(leaf) = self.numbers.products.get(&key) {
            return Some((Form::leaf(*leaf), self.numbers.unknown(*leaf)?.bits.clone()));
        }
        let ((a_low, a_high), (b_low, b_high)) = (self.numbers.range_in_64(&key.0)?, self.numbers.range_in_64(&key.1)?);
        let corners = [a_low * b_low, a_low * b_high, a_high * b_low, a_high * b_high];
        let (mut low, high) = (corners.into_iter().min()?, corners.into_iter().max()?);
        if key.0 == key.1 {
            low = low.max(0);
        }
        let bits = self.circuit.multiply(a, b);
        let leaf = self.numbers.add(&bits, (low, high), Meaning::Product(key.0.clone(), key.1.clone()), None);
        self.numbers.products.insert(key, leaf);
        Some((Form::leaf(leaf), bits))
    }

    /// A number times a constant as a sum, and where the number is one.
    fn given_multiple(&mut self, a: &Bits, b: &Bits) -> Option<(Lit, Form)> {
        let ((here, left), (there, right)) = (self.numbers.given(a), self.numbers.given(b));
        match (left.terms.is_empty(), right.terms.is_empty()) {
            (true, _) => Some((there, right.times(left.constant)?)),
            (_, true) => Some((here, left.times(right.constant)?)),
            _ => None,
        }
    }

    /// `a * b`.
    pub(super) fn product(&mut self, a: &Bits, b: &Bits) -> Bits {
        let make = |encoder: &mut Self| encoder.circuit.multiply(a, b).slice(0, a.width());
        if a.width() != WIDTH || b.width() != WIDTH {
            return make(self);
        }
        let bits = match self.product_form(a, b) {
            Some((form, wide)) if wide.width() > 0 => {
                let low = wide.slice(0, WIDTH);
                let bits = self.wrapped(&form, |_| low.clone()).unwrap_or(low);
                self.give(&bits, Lit::TRUE, form);
                bits
            }
            Some((form, _)) => self.wrapped(&form, make).unwrap_or_else(|| make(self)),
            None => make(self),
        };
        if let Some((guard, form)) = self.given_multiple(a, b) {
            self.give(&bits, guard, form);
        }
        bits
    }

    /// Whether `a * b` does not fit.
    pub(super) fn product_overflows(&mut self, a: &Bits, b: &Bits) -> Lit {
        let sixty_four = a.width() == WIDTH && b.width() == WIDTH;
        let multiple = sixty_four.then(|| self.given_multiple(a, b)).flatten();
        let given = multiple.or_else(|| Some((Lit::TRUE, sixty_four.then(|| self.product_form(a, b)).flatten()?.0)));
        let guard = given.as_ref().map_or(Lit::TRUE, |(guard, _)| *guard);
        let overflows = given.and_then(|(_, form)| self.does_not_fit(&form));
        self.guarded(guard, overflows, |encoder| {
            let wide = encoder.circuit.multiply(a, b);
            encoder.circuit.overflows(&wide, a.width())
        })
    }

    /// `a < b`, signed.
    pub(super) fn less(&mut self, a: &Bits, b: &Bits) -> Lit {
        let given = self.given_sum(a, b, -1);
        let guard = given.as_ref().map_or(Lit::TRUE, |(guard, _)| *guard);
        let less = given.and_then(|(_, difference)| self.at_most(&difference, -1));
        self.guarded(guard, less, |encoder| encoder.circuit.less_signed(a, b))
    }

    /// The two numbers of 64 bits are equal.
    pub(super) fn equal_numbers(&mut self, a: &Bits, b: &Bits) -> Lit {
        if a == b {
            return Lit::TRUE;
        }
        let given = self.given_sum(a, b, -1);
        let guard = given.as_ref().map_or(Lit::TRUE, |(guard, _)| *guard);
        let equal = given.and_then(|(_, difference)| {
            let (at_most, less) = (self.at_most(&difference, 0)?, self.at_most(&difference, -1)?);
            Some(self.circuit.and(at_most, !less))
        });
        let equal = self.guarded(guard, equal, |encoder| encoder.circuit.equal(a, b));
        match (a.known(), b.known()) {
            (None, Some(number)) => self.circuit.note_equality(equal, a, number),
            (Some(number), None) => self.circuit.note_equality(equal, b, number),
            _ => {}
        }
        equal
    }

    /// What `bits`, `then` where `test` holds and else `other`, is equal to.
    pub(super) fn link_choice(&mut self, test: Lit, bits: &Bits, then: &Bits, other: &Bits) {
        if bits.known().is_some() || self.numbers.forms.contains_key(bits) {
            return;
        }
        let (then, other) = (self.numbers.form(then), self.numbers.form(other));
        if let Some(leaf) = self.numbers.form(bits).as_leaf() {
            self.link(leaf, Guard::Where(test), then);
            self.link(leaf, Guard::Where(!test), other);
        }
    }

    /// Quotient and remainder of a number of 64 bits by a positive constant, rounded down or towards nought.
    pub(super) fn divide(&mut self, a: &Bits, divisor: i128, down: bool) -> (Bits, Bits) {
        let form = self.numbers.form(a);
        if form.terms.is_empty() {
            let (quotient, rest) = match down {
                true => (form.constant.div_euclid(divisor), form.constant.rem_euclid(divisor)),
                false => (form.constant / divisor, form.constant % divisor),
            };
            return (Bits::signed(quotient, WIDTH), Bits::signed(rest, WIDTH));
        }
        let division = self.division_of(a, divisor);
        let (quotient, rest) = match down {
            false => (division.quotient, division.remainder),
            true => {
                let below = division.remainder.sign();
                let lifted = self.circuit.add(&division.remainder, &Bits::signed(divisor, WIDTH));
                let rest = self.circuit.choose(below, &lifted, &division.remainder);
                let one = Bits::one(below).slice(0, WIDTH);
                (self.circuit.subtract(&division.quotient, &one), rest)
            }
        };
        if let Some(leaf) = self.quotient(form.clone(), divisor, down, &quotient) {
            self.numbers.forms.entry(quotient.clone()).or_insert_with(|| Form::leaf(leaf));
            if let Some(left) = form.plus(&Form::leaf(leaf), -divisor) {
                self.numbers.forms.entry(rest.clone()).or_insert(left);
            }
        }
        (quotient, rest)
    }

    fn division_of(&mut self, a: &Bits, divisor: i128) -> Division {
        let known = self.numbers.divisions.iter().find(|(of, by, _)| of == a && *by == divisor);
        if let Some((_, _, division)) = known {
            return division.clone();
        }
        let division = self.circuit.divide(a, divisor.unsigned_abs());
        self.numbers.divisions.push((a.clone(), divisor, division.clone()));
        division
    }

    /// The quotient as an unknown. What is divided twice is divided once, by both.
    fn quotient(&mut self, of: Form, divisor: i128, down: bool, bits: &Bits) -> Option<Leaf> {
        let inner = of.as_leaf().and_then(|leaf| match &self.numbers.unknown(leaf)?.meaning {
            Meaning::Quotient { of, divisor: first, down: same } if *same == down => {
                Some((of.clone(), first.checked_mul(divisor)?))
            }
            _ => None,
        });
        let (of, divisor) = inner.unwrap_or((of, divisor));
        let key = (of, divisor, down);
        if let Some(leaf) = self.numbers.quotients.get(&key) {
            return Some(*leaf);
        }
        let (low, high) = self.numbers.range_in_64(&key.0)?;
        let rounded = |number: i128| if down { number.div_euclid(divisor) } else { number / divisor };
        let meaning = Meaning::Quotient { of: key.0.clone(), divisor, down };
        let leaf = self.numbers.add(bits, (rounded(low), rounded(high)), meaning, None);
        let rest = key.0.plus(&Form::leaf(leaf), -divisor)?;
        let least = if down || low >= 0 { 0 } else { 1 - divisor };
        let always = Always { low: least - rest.constant, high: divisor - 1 - rest.constant, terms: rest.terms };
        self.numbers.known.insert(always.terms.clone(), (always.low, always.high));
        if let Some(unknown) = self.numbers.unknowns.get_mut(leaf.index()) {
            unknown.always = Some(always);
        }
        self.numbers.quotients.insert(key, leaf);
        Some(leaf)
    }
}
