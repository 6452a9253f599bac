//! Sums compared with bounds: one literal for each, and what is known of the unknowns in it.

use super::encoder::Encoder;
use super::form::{Form, Leaf, Terms, common_divisor};
use super::numbers::{AtMost, GREATEST, Guard, LEAST, Meaning, WIDTH};
use crate::symbolic::circuit::{Bits, Lit};

impl Encoder<'_> {
    /// `form <= bound`; `None` where the numbers are too large to be looked at.
    pub(in crate::symbolic) fn at_most(&mut self, form: &Form, bound: i128) -> Option<Lit> {
        let bound = bound.checked_sub(form.constant)?;
        let (low, high) = self.numbers.range(&form.terms)?;
        if high <= bound || low > bound {
            return Some(Lit::from(high <= bound));
        }
        let divisor = common_divisor(&form.terms);
        let mut terms: Terms = form.terms.iter().map(|(leaf, factor)| (*leaf, factor / divisor.max(1))).collect();
        let mut bound = bound.div_euclid(divisor.max(1));
        let negate = terms.first().is_some_and(|(_, factor)| *factor < 0);
        if negate {
            terms.iter_mut().for_each(|(_, factor)| *factor = -*factor);
            bound = -bound - 1;
        }
        Some(self.normal_at_most(terms, bound)?.negated_if(negate))
    }

    /// `form >= bound`; `None` where the numbers are too large to be looked at.
    pub(in crate::symbolic) fn at_least(&mut self, form: &Form, bound: i128) -> Option<Lit> {
        self.at_most(form, bound - 1).map(|lit| !lit)
    }

    fn normal_at_most(&mut self, terms: Terms, bound: i128) -> Option<Lit> {
        if let [(leaf, 1)] = terms.as_slice()
            && let Meaning::Quotient { of, divisor, down } = self.numbers.unknown(*leaf)?.meaning.clone()
        {
            // `q <= k` is `n <= k * d + d - 1`, but `n <= k * d` where it is rounded up.
            let rounded_up = !down && bound < 0;
            let room = if rounded_up { 0 } else { divisor - 1 };
            return self.at_most(&of, bound.checked_mul(divisor)?.checked_add(room)?);
        }
        let key = (terms, bound);
        if let Some(lit) = self.numbers.atoms.get(&key) {
            return Some(*lit);
        }
        let meaning = self.bits_at_most(&key.0, bound)?;
        // Where all unknowns are nought, what is tried first goes together.
        let lit = self.circuit.lazy(meaning, bound >= 0);
        let leaves: Vec<Leaf> = key.0.iter().map(|(leaf, _)| *leaf).collect();
        self.numbers.asks.insert(lit, AtMost { terms: key.0.clone(), bound, lit });
        self.numbers.atoms.insert(key, lit);
        if lit.constant().is_none() {
            for leaf in leaves {
                self.mention(leaf, lit);
            }
        }
        Some(lit)
    }

    /// The same over bits.
    fn bits_at_most(&mut self, terms: &Terms, bound: i128) -> Option<Lit> {
        let bits = |leaf: &Leaf| Some(self.numbers.unknown(*leaf)?.bits.clone());
        let each: Vec<(Bits, i128)> =
            terms.iter().map(|(leaf, factor)| Some((bits(leaf)?, *factor))).collect::<Option<_>>()?;
        match each.as_slice() {
            [(one, 1)] if one.width() == WIDTH => {
                let constant = Bits::signed(bound, WIDTH);
                return Some(!self.circuit.less_signed(&constant, one));
            }
            [(a, 1), (b, -1)] if a.width() == WIDTH && b.width() == WIDTH && (bound == 0 || bound == -1) => {
                return Some(match bound {
                    0 => !self.circuit.less_signed(b, a),
                    _ => self.circuit.less_signed(a, b),
                });
            }
            _ => {}
        }
        let digits = |number: i128| 129 - number.unsigned_abs().leading_zeros() as usize;
        let widest = each.iter().map(|(bits, factor)| bits.width() + digits(*factor)).max().unwrap_or_default();
        // Adding doubles what there is at most, once for each two.
        let carried = each.len().next_power_of_two().trailing_zeros() as usize + 2;
        let width = widest.max(digits(bound)) + carried;
        Some(self.circuit.sum_at_most(&each, bound, width))
    }

    /// `lit` asks something of `leaf`: what is known of that goes with it.
    pub(super) fn mention(&mut self, leaf: Leaf, lit: Lit) {
        let Some(unknown) = self.numbers.unknowns.get_mut(leaf.index()) else { return };
        let first = unknown.asked.is_empty();
        unknown.asked.push(lit);
        for (from, to) in unknown.clauses.clone() {
            self.circuit.accompany(lit, from, to);
        }
        if first {
            self.say_links(leaf);
            match self.numbers.unknown(leaf).map(|unknown| unknown.meaning.clone()) {
                Some(Meaning::Quotient { of, divisor, down: false }) => self.say_rounding(leaf, &of, divisor),
                Some(Meaning::Product(a, b)) => self.say_signs(leaf, &a, &b),
                _ => {}
            }
        }
    }

    /// A clause that says what `leaf` is; nothing where a literal is missing. It is loose where the numbers that are
    /// found are checked against it anyway.
    pub(super) fn say(&mut self, leaf: Leaf, literals: &[Option<Lit>], loose: bool) {
        let Some(clause) = literals.iter().copied().collect::<Option<Vec<Lit>>>() else { return };
        let from = self.circuit.next_clause();
        self.circuit.clause(&clause);
        if loose {
            self.circuit.loosen(from);
        }
        let to = self.circuit.next_clause();
        if from == to {
            return;
        }
        let Some(unknown) = self.numbers.unknowns.get_mut(leaf.index()) else { return };
        unknown.clauses.push((from, to));
        for lit in unknown.asked.clone() {
            self.circuit.accompany(lit, from, to);
        }
    }

    fn say_links(&mut self, leaf: Leaf) {
        let links = self.numbers.unknowns.get_mut(leaf.index()).map(|unknown| std::mem::take(&mut unknown.links));
        for (guard, sum) in links.into_iter().flatten() {
            let guards = match guard {
                Guard::Where(lit) => [Some(!lit), Some(Lit::FALSE)],
                Guard::Fits => {
                    [self.at_most(&sum, GREATEST).map(|lit| !lit), self.at_least(&sum, LEAST).map(|lit| !lit)]
                }
            };
            let Some(difference) = Form::leaf(leaf).plus(&sum, -1) else { continue };
            let (above, below) = (self.at_least(&difference, 0), self.at_most(&difference, 0));
            self.say(leaf, &[guards[0], guards[1], above], false);
            self.say(leaf, &[guards[0], guards[1], below], false);
        }
    }

    /// `leaf` is equal to the sum where `guard` says so.
    pub(super) fn link(&mut self, leaf: Leaf, guard: Guard, sum: Form) {
        let Some(unknown) = self.numbers.unknowns.get_mut(leaf.index()) else { return };
        unknown.links.push((guard, sum));
        if !unknown.asked.is_empty() {
            self.say_links(leaf);
        }
    }

    /// A quotient that is rounded towards nought: what is left has the sign of the number.
    fn say_rounding(&mut self, leaf: Leaf, of: &Form, divisor: i128) {
        let Some(rest) = of.plus(&Form::leaf(leaf), -divisor) else { return };
        let (negative, not_below) = (self.at_most(of, -1), self.at_least(&rest, 0));
        self.say(leaf, &[negative, not_below], false);
        let (positive, not_above) = (self.at_least(of, 1), self.at_most(&rest, 0));
        self.say(leaf, &[positive, not_above], false);
    }

    /// A product's sign, and that it is no nearer to nought than its factors: `(|a| - 1) * (|b| - 1) >= 0`.
    fn say_signs(&mut self, leaf: Leaf, a: &Form, b: &Form) {
        let product = Form::leaf(leaf);
        for factor in [a, b] {
            let (below, above) = (self.at_most(factor, -1), self.at_least(factor, 1));
            let (at_most, at_least) = (self.at_most(&product, 0), self.at_least(&product, 0));
            self.say(leaf, &[below, above, at_most], true);
            self.say(leaf, &[below, above, at_least], true);
        }
        for (x, y) in [(1, 1), (1, -1), (-1, 1), (-1, -1)] {
            if let Some(clause) = self.tangent(leaf, (a, x, x > 0), (b, y, y > 0)) {
                self.say(leaf, &clause.map(Some), true);
            }
        }
    }

    /// Where `a` is at least (or at most) `x`, and `b` so to `y`, the sign of `(a - x) * (b - y)` is known.
    fn tangent(
        &mut self,
        leaf: Leaf,
        (a, x, above_x): (&Form, i128, bool),
        (b, y, above_y): (&Form, i128, bool),
    ) -> Option<[Lit; 3]> {
        // product - y * a - x * b compared with - x * y.
        let plane = Form::leaf(leaf).plus(a, y.checked_neg()?)?.plus(b, x.checked_neg()?)?;
        let corner = x.checked_mul(y)?.checked_neg()?;
        let not_there = |encoder: &mut Self, form: &Form, at: i128, above: bool| match above {
            true => encoder.at_most(form, at.checked_sub(1)?),
            false => encoder.at_least(form, at.checked_add(1)?),
        };
        let (no_x, no_y) = (not_there(self, a, x, above_x)?, not_there(self, b, y, above_y)?);
        let holds = if above_x == above_y { self.at_least(&plane, corner)? } else { self.at_most(&plane, corner)? };
        Some([no_x, no_y, holds])
    }

    /// Says what a product is where its factors are at least or at most these values. Whether that was possible.
    pub(in crate::symbolic) fn say_product_at(&mut self, leaf: Leaf, x: (i128, bool), y: (i128, bool)) -> bool {
        let Some((a, b)) = self.numbers.factors(leaf).map(|(a, b)| (a.clone(), b.clone())) else { return false };
        let clause = self.tangent(leaf, (&a, x.0, x.1), (&b, y.0, y.1));
        clause.is_some_and(|clause| {
            self.lemma(&clause, true);
            true
        })
    }

    /// Says a clause that follows from what numbers are, to the search under way; as [`Self::say`] if loose.
    pub(in crate::symbolic) fn lemma(&mut self, clause: &[Lit], loose: bool) {
        let mut key = clause.to_vec();
        key.sort_unstable();
        key.dedup();
        let next = self.circuit.next_clause();
        let number = *self.numbers.lemmas.entry(key).or_insert(next);
        if number == next {
            self.circuit.clause(clause);
            if loose {
                self.circuit.loosen(number);
            }
        }
        self.circuit.take_in_clause_number(number);
    }
}
