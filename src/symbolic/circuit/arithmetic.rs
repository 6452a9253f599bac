//! Arithmetic on bits.
//!
//! Two's complement where signed; operations wrap, and say apart whether they overflow. Source of the meaning of each
//! operation: SMT-LIB's theory of fixed-size bit vectors, which is what symcc compiles arithmetic to.

use super::bits::Bits;
use super::graph::Circuit;
use super::sat::Lit;

/// Operations on numbers.
impl Circuit {
    /// The two are the same number.
    pub(in crate::symbolic) fn equal(&mut self, a: &Bits, b: &Bits) -> Lit {
        if a == b {
            return Lit::TRUE;
        }
        let same = self.equal_bits(a, b);
        match (a.known(), b.known()) {
            (None, Some(number)) => self.note_equality(same, a, number),
            (Some(number), None) => self.note_equality(same, b, number),
            _ => {}
        }
        same
    }

    fn equal_bits(&mut self, a: &Bits, b: &Bits) -> Lit {
        let width = a.width().max(b.width());
        if width > 32 && (a.known().is_some() || b.known().is_some()) {
            // Bit after bit, so that constants which begin alike share gates.
            return (0..width).rev().fold(Lit::TRUE, |same, index| {
                let here = self.iff(a.bit(index), b.bit(index));
                self.and(same, here)
            });
        }
        let same: Vec<Lit> = (0..width).map(|index| self.iff(a.bit(index), b.bit(index))).collect();
        self.all(same)
    }

    /// `then` where `test` holds, else `other`.
    pub(in crate::symbolic) fn choose(&mut self, test: Lit, then: &Bits, other: &Bits) -> Bits {
        let width = then.width().max(other.width());
        (0..width).map(|index| self.choice(test, then.bit(index), other.bit(index))).collect()
    }

    /// Sum with carry in, as wide as the wider of the two.
    fn sum(&mut self, a: &Bits, b: &Bits, mut carry: Lit) -> Bits {
        let width = a.width().max(b.width());
        (0..width)
            .map(|index| {
                let (x, y) = (a.bit(index), b.bit(index));
                let half = self.xor(x, y);
                let out = self.xor(half, carry);
                let both = self.and(x, y);
                let through = self.and(half, carry);
                carry = self.or(both, through);
                out
            })
            .collect()
    }

    /// `a + b`.
    pub(in crate::symbolic) fn add(&mut self, a: &Bits, b: &Bits) -> Bits {
        self.sum(a, b, Lit::FALSE)
    }

    /// `a - b`.
    pub(in crate::symbolic) fn subtract(&mut self, a: &Bits, b: &Bits) -> Bits {
        let inverted: Bits = b.iter().map(|bit| !bit).collect();
        self.sum(a, &inverted, Lit::TRUE)
    }

    /// `-a`.
    pub(in crate::symbolic) fn negate(&mut self, a: &Bits) -> Bits {
        let zero = Bits::constant(0, a.width());
        self.subtract(&zero, a)
    }

    /// `a + b` does not fit, signed: equal signs give the other one.
    pub(in crate::symbolic) fn add_overflows(&mut self, a: &Bits, b: &Bits) -> Lit {
        let sum = self.add(a, b);
        let same = self.iff(a.sign(), b.sign());
        let changed = self.xor(a.sign(), sum.sign());
        self.and(same, changed)
    }

    /// `a - b` does not fit, signed: different signs give not the first one.
    pub(in crate::symbolic) fn subtract_overflows(&mut self, a: &Bits, b: &Bits) -> Lit {
        let difference = self.subtract(a, b);
        let differ = self.xor(a.sign(), b.sign());
        let changed = self.xor(a.sign(), difference.sign());
        self.and(differ, changed)
    }

    /// The low `width` bits of `a * b` for numbers without sign: shift and add, over the bits of the one with more
    /// constants.
    fn multiply_to(&mut self, a: &Bits, b: &Bits, width: usize) -> Bits {
        let constants = |bits: &Bits| bits.iter().filter(|bit| bit.constant().is_some()).count();
        let (by, of) = if constants(a) > constants(b) { (a, b) } else { (b, a) };
        let mut total = Bits::constant(0, width);
        for (shift, bit) in by.iter().enumerate().take(width) {
            if bit == Lit::FALSE {
                continue;
            }
            let row: Bits = (0..width)
                .map(|index| if index < shift { Lit::FALSE } else { self.and(bit, of.bit(index - shift)) })
                .collect();
            total = self.add(&total, &row);
        }
        total
    }

    /// `a * b`, signed, in as many bits as both have. A constant factor is made positive, so that it has few bits set.
    pub(in crate::symbolic) fn multiply(&mut self, a: &Bits, b: &Bits) -> Bits {
        let width = a.width() + b.width();
        for (constant, other) in [(a, b), (b, a)] {
            if constant.known().is_some() {
                let (wide, other) = (constant.sign_extended(width), other.sign_extended(width));
                if constant.sign() != Lit::TRUE {
                    return self.multiply_to(&wide, &other, width);
                }
                let positive = self.negate(&wide);
                let product = self.multiply_to(&positive, &other, width);
                return self.negate(&product);
            }
        }
        let key = [a, b].map(|factor| factor.iter().collect());
        if let Some(known) = self.multiplied.get(&key) {
            return known.iter().copied().collect();
        }
        let constants = |bits: &Bits| bits.iter().filter(|bit| bit.constant().is_some()).count();
        let product =
            if constants(a) < constants(b) { self.multiply_by_rows(b, a) } else { self.multiply_by_rows(a, b) };
        let product = if width <= 128 { self.digits([a, b], &product) } else { product };
        self.multiplied.insert(key, product.iter().collect());
        product
    }

    /// The whole signed product: a row for each bit of `a`, the highest of which counts negative. After each row the
    /// lowest bit of the sum is done, so that sums stay as narrow as `b`.
    fn multiply_by_rows(&mut self, a: &Bits, b: &Bits) -> Bits {
        let width = b.width() + 2;
        let mut done: Vec<Lit> = Vec::with_capacity(a.width() + b.width());
        let mut rest = Bits::constant(0, width);
        for (index, bit) in a.iter().enumerate() {
            let row: Bits = b.iter().map(|other| self.and(bit, other)).collect();
            let row = row.sign_extended(width);
            let sum = if index + 1 == a.width() { self.subtract(&rest, &row) } else { self.add(&rest, &row) };
            done.push(sum.bit(0));
            rest = sum.iter().skip(1).chain([sum.sign()]).collect();
        }
        done.extend(rest.iter().take(b.width()));
        done.into_iter().collect()
    }

    /// Whether a signed number needs more than its low `width` bits.
    pub(in crate::symbolic) fn overflows(&mut self, number: &Bits, width: usize) -> Lit {
        let sign = number.bit(width.saturating_sub(1));
        let high: Vec<Lit> = number.iter().skip(width).map(|bit| self.iff(bit, sign)).collect();
        !self.all(high)
    }

    /// `Σ factor * number <= bound`, all signed, computed in `width` bits, which are to be enough.
    pub(in crate::symbolic) fn sum_at_most(&mut self, terms: &[(Bits, i128)], bound: i128, width: usize) -> Lit {
        let mut total = Bits::signed(-1 - bound, width);
        for (number, factor) in terms {
            let wide = number.sign_extended(width);
            let factor_bits = Bits::constant(factor.unsigned_abs(), width);
            let product = if factor.unsigned_abs() == 1 { wide } else { self.multiply_to(&factor_bits, &wide, width) };
            total = if *factor < 0 { self.subtract(&total, &product) } else { self.add(&total, &product) };
        }
        total.sign()
    }

    /// `a < b` without sign.
    pub(in crate::symbolic) fn less_unsigned(&mut self, a: &Bits, b: &Bits) -> Lit {
        let width = a.width().max(b.width());
        match (a.known(), b.known()) {
            (None, Some(_)) => return self.compare_with_constant(a, b, width, true),
            (Some(_), None) => return self.compare_with_constant(b, a, width, false),
            _ => {}
        }
        let mut less = Lit::FALSE;
        for index in 0..width {
            let (x, y) = (a.bit(index), b.bit(index));
            let differ = self.xor(x, y);
            less = self.choice(differ, y, less);
        }
        less
    }

    /// `a` is less than the constant, or greater: from the highest bit down, so that constants which begin alike share
    /// gates. The first bit that differs decides.
    fn compare_with_constant(&mut self, a: &Bits, constant: &Bits, width: usize, less: bool) -> Lit {
        let (mut same, mut decided) = (Lit::TRUE, Lit::FALSE);
        for index in (0..width).rev() {
            let (bit, expected) = (a.bit(index), constant.bit(index));
            let agrees = self.iff(bit, expected);
            if (expected == Lit::TRUE) == less {
                let here = self.and(same, !agrees);
                decided = self.or(decided, here);
            }
            same = self.and(same, agrees);
        }
        decided
    }

    /// `a < b`, signed: as without sign after swapping the meaning of the highest bit.
    pub(in crate::symbolic) fn less_signed(&mut self, a: &Bits, b: &Bits) -> Lit {
        let flip = |bits: &Bits| -> Bits {
            let last = bits.width().saturating_sub(1);
            bits.iter().enumerate().map(|(index, bit)| bit.negated_if(index == last)).collect()
        };
        self.less_unsigned(&flip(a), &flip(b))
    }

    /// `a` shifted to higher bits by `by`.
    pub(in crate::symbolic) fn shift_left(&mut self, a: &Bits, by: &Bits) -> Bits {
        self.shift(a, by, true)
    }

    /// `a` shifted to lower bits by `by`, filled with zeros.
    pub(in crate::symbolic) fn shift_right(&mut self, a: &Bits, by: &Bits) -> Bits {
        self.shift(a, by, false)
    }

    fn shift(&mut self, a: &Bits, by: &Bits, left: bool) -> Bits {
        let width = a.width();
        let mut out = a.clone();
        let mut too_far = Vec::new();
        for (stage, bit) in by.iter().enumerate() {
            let Some(distance) = u32::try_from(stage).ok().and_then(|s| 1_usize.checked_shl(s)).filter(|d| *d < width)
            else {
                too_far.push(bit);
                continue;
            };
            let moved: Bits = (0..width)
                .map(|index| match left {
                    true => index.checked_sub(distance).map_or(Lit::FALSE, |from| out.bit(from)),
                    false => out.bit(index + distance),
                })
                .collect();
            out = self.choose(bit, &moved, &out);
        }
        let gone = self.any(too_far);
        self.choose(gone, &Bits::constant(0, width), &out)
    }

    /// Quotient and remainder of `a` by a positive constant, truncated towards zero, the remainder with the sign of `a`
    /// (SMT-LIB's `bvsdiv` and `bvsrem`). Both are made of unknowns of which `|a| = q * divisor + r` and `r < divisor`
    /// are said.
    pub(in crate::symbolic) fn divide(&mut self, a: &Bits, divisor: u128) -> Division {
        let width = a.width();
        let negated = self.negate(a);
        let magnitude = self.choose(a.sign(), &negated, a);
        let digits = (128 - divisor.leading_zeros()) as usize;
        let quotient = Bits::fresh(self, width + 1 - digits.min(width));
        let remainder = Bits::fresh(self, digits);
        let in_range = self.less_unsigned(&remainder, &Bits::constant(divisor, digits));
        // The quotient has at most width + 1 - digits bits, so the product fits in one bit more than the width.
        let wide = width + 1;
        let product = self.multiply_to(&Bits::constant(divisor, digits), &quotient, wide);
        let total = self.add(&product, &remainder);
        let same = self.equal(&total, &magnitude);
        self.clause_with(quotient.iter().chain(remainder.iter()), &[in_range]);
        self.clause_with(quotient.iter().chain(remainder.iter()), &[same]);
        let unknowns = [quotient.clone(), remainder.clone()];
        let (quotient, remainder) = (quotient.slice(0, width), remainder.slice(0, width));
        let (minus_quotient, minus_remainder) = (self.negate(&quotient), self.negate(&remainder));
        Division {
            quotient: self.choose(a.sign(), &minus_quotient, &quotient),
            remainder: self.choose(a.sign(), &minus_remainder, &remainder),
            unknowns,
        }
    }
}

/// What [`Circuit::divide`] gives.
#[derive(Debug, Clone)]
pub(in crate::symbolic) struct Division {
    /// Truncated towards zero.
    pub(in crate::symbolic) quotient: Bits,
    /// With the sign of the number.
    pub(in crate::symbolic) remainder: Bits,
    /// Both without sign, as unknowns.
    pub(in crate::symbolic) unknowns: [Bits; 2],
}

#[cfg(test)]
mod tests {
    use super::super::{Demand, Solved};
    use super::*;

    /// Every pair of 5-bit numbers, each operation against the same in plain arithmetic.
    #[test]
    fn operations_agree_with_arithmetic() {
        const WIDTH: usize = 5;
        let signed =
            |bits: u128| if bits >= 16 { i64::try_from(bits).unwrap() - 32 } else { i64::try_from(bits).unwrap() };
        let mut circuit = Circuit::new();
        let (a, b) = (Bits::fresh(&mut circuit, WIDTH), Bits::fresh(&mut circuit, WIDTH));
        let (sum, difference, minus) = (circuit.add(&a, &b), circuit.subtract(&a, &b), circuit.negate(&a));
        let (wide, wide_by) = (circuit.multiply(&a, &b), circuit.multiply(&a, &Bits::constant(29, WIDTH)));
        let (product, product_overflows) = (wide.slice(0, WIDTH), circuit.overflows(&wide, WIDTH));
        let (by_minus_three, by_minus_three_overflows) = (wide_by.slice(0, WIDTH), circuit.overflows(&wide_by, WIDTH));
        let sums = [(2, -3, 7), (-16, 1, -20), (1, 1, 0), (0, -5, 79)]
            .map(|(x, y, bound)| (x, y, bound, circuit.sum_at_most(&[(a.clone(), x), (b.clone(), y)], bound, 12)));
        let (left, right) = (circuit.shift_left(&a, &b), circuit.shift_right(&a, &b));
        let Division { quotient, remainder, .. } = circuit.divide(&a, 7);
        let flags = [
            circuit.add_overflows(&a, &b),
            circuit.subtract_overflows(&a, &b),
            product_overflows,
            by_minus_three_overflows,
            circuit.less_unsigned(&a, &b),
            circuit.less_signed(&a, &b),
            circuit.equal(&a, &b),
        ];
        for x in 0..32_u128 {
            for y in 0..32_u128 {
                let fixed: Vec<Lit> = a
                    .iter()
                    .enumerate()
                    .map(|(i, bit)| bit.negated_if((x >> i) & 1 == 0))
                    .chain(b.iter().enumerate().map(|(i, bit)| bit.negated_if((y >> i) & 1 == 0)))
                    .collect();
                circuit.begin(fixed.iter().map(|lit| Demand::Literal(*lit, true)).collect());
                assert_eq!(circuit.search_through(&mut 1000), Solved::Model);
                let read = |bits: &Bits| {
                    bits.iter().enumerate().map(|(i, bit)| u128::from(circuit.value(bit)) << i).sum::<u128>()
                };
                let (sx, sy) = (signed(x), signed(y));
                let wrapped = |value: i64| u128::try_from(value.rem_euclid(32)).unwrap();
                let overflows = |value: i64| !(-16..16).contains(&value);
                assert_eq!(read(&sum), wrapped(sx + sy));
                assert_eq!(read(&difference), wrapped(sx - sy));
                assert_eq!(read(&minus), wrapped(-sx));
                assert_eq!(read(&product), wrapped(sx * sy), "{sx} * {sy}");
                assert_eq!(read(&by_minus_three), wrapped(sx * -3));
                assert_eq!(read(&left), if y < 5 { (x << y) & 31 } else { 0 });
                assert_eq!(read(&right), if y < 5 { x >> y } else { 0 });
                assert_eq!(read(&quotient), wrapped(sx / 7));
                assert_eq!(read(&remainder), wrapped(sx % 7));
                let expected = [
                    overflows(sx + sy),
                    overflows(sx - sy),
                    overflows(sx * sy),
                    overflows(sx * -3),
                    x < y,
                    sx < sy,
                    x == y,
                ];
                for (p, q, bound, at_most) in sums {
                    let sum = p * i128::from(sx) + q * i128::from(sy);
                    assert_eq!(circuit.value(at_most), sum <= bound, "{p} * {sx} + {q} * {sy} <= {bound}");
                }
                assert_eq!(flags.map(|flag| circuit.value(flag)), expected, "{sx} and {sy}");
            }
        }
    }
}
