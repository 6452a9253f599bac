//! Products as numbers: what their bits are in a model is multiplied, not computed gate by gate.
//!
//! # Why
//!
//! A product of two unknown numbers has some twenty thousand gates. Questions that are not worth taking them in still
//! ask what it comes to in a model.

use rustc_hash::FxHashMap;

use super::bits::Bits;
use super::graph::{Circuit, Node, Product};
use super::sat::Lit;

impl Circuit {
    /// `product`, whose bits are those of `a * b`, signed and whole, as bits that are known to be so.
    pub(super) fn digits(&mut self, [a, b]: [&Bits; 2], product: &Bits) -> Bits {
        let number = u32::try_from(self.products.len()).unwrap_or(u32::MAX);
        let mut digits = Vec::new();
        let mut made: FxHashMap<Lit, Lit> = FxHashMap::default();
        let bits: Bits = product
            .iter()
            .enumerate()
            .map(|(place, bit)| match bit.constant() {
                Some(_) => bit,
                None => *made.entry(bit).or_insert_with(|| {
                    let digit = self.node(Node::Digit(bit, number));
                    digits.push((place, digit));
                    digit
                }),
            })
            .collect();
        let factors = [a, b].map(|factor| factor.iter().collect());
        self.products.push(Product { factors, digits });
        bits
    }

    /// Computes all bits of the product with this number in the last model.
    pub(super) fn multiply_out(&self, number: u32) {
        let Some(product) = self.products.get(number as usize) else { return };
        let [a, b] = product.factors.each_ref().map(|factor| self.signed(factor));
        // Factors of 64 bits: their product has 128.
        let all = a.wrapping_mul(b);
        for (place, digit) in &product.digits {
            self.remember(digit.variable(), (all >> (*place).min(127)) & 1 == 1);
        }
    }

    fn signed(&self, bits: &[Lit]) -> i128 {
        let ones = bits.iter().enumerate().filter(|(_, bit)| self.value(**bit));
        let number: i128 = ones.map(|(place, _)| 1_i128 << place.min(127)).fold(0, |all, one| all | one);
        let unused = 128 - u32::try_from(bits.len().clamp(1, 128)).unwrap_or(128);
        number << unused >> unused
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Demand, Solved};
    use super::*;

    /// The kind: bits that come to something else when a search has them than when they are multiplied out.
    #[test]
    fn a_search_and_multiplying_agree() {
        const WIDTH: usize = 4;
        let mut circuit = Circuit::new();
        let (a, b) = (Bits::fresh(&mut circuit, WIDTH), Bits::fresh(&mut circuit, WIDTH));
        let product = circuit.multiply(&a, &b);
        let mut found = 0;
        for wanted in -128_i128..128 {
            let constant = Bits::signed(wanted, 2 * WIDTH);
            let same = circuit.equal(&product, &constant);
            circuit.begin(vec![Demand::Literal(same, true)]);
            let solved = circuit.search_through(&mut 100_000);
            let possible = (-8..8).any(|x| (-8..8).any(|y| x * y == wanted));
            assert_eq!(solved == Solved::Model, possible, "{wanted}");
            if solved == Solved::Model {
                let [x, y] = [&a, &b].map(|bits| circuit.signed(&bits.iter().collect::<Vec<_>>()));
                assert_eq!(x * y, wanted);
                found += 1;
            }
        }
        assert_eq!(found, 60);
    }
}
