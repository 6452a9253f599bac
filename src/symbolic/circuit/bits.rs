//! Vectors of literals as binary numbers, least significant bit first.

use std::rc::Rc;

use super::graph::Circuit;
use super::sat::Lit;

/// A number of a fixed width whose bits are literals.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) struct Bits(Rc<[Lit]>);

impl FromIterator<Lit> for Bits {
    fn from_iter<I: IntoIterator<Item = Lit>>(bits: I) -> Self {
        Self(bits.into_iter().collect())
    }
}

impl Bits {
    /// One bit.
    pub(in crate::symbolic) fn one(bit: Lit) -> Self {
        Self(Rc::new([bit]))
    }

    /// `width` unknown bits.
    pub(in crate::symbolic) fn fresh(circuit: &mut Circuit, width: usize) -> Self {
        (0..width).map(|_| circuit.fresh()).collect()
    }

    /// `width` unknown bits that are those of `value` unless something speaks against it.
    pub(in crate::symbolic) fn preferring(circuit: &mut Circuit, width: usize, value: usize) -> Self {
        (0..width).map(|bit| circuit.preferring((value >> bit.min(63)) & 1 == 1)).collect()
    }

    /// The low `width` bits of a number.
    pub(in crate::symbolic) fn constant(value: u128, width: usize) -> Self {
        (0..width).map(|bit| Lit::from(bit < 128 && (value >> bit) & 1 == 1)).collect()
    }

    /// A signed number.
    pub(in crate::symbolic) fn signed(value: i128, width: usize) -> Self {
        (0..width).map(|bit| Lit::from((value >> bit.min(127)) & 1 == 1)).collect()
    }

    /// How many bits.
    pub(in crate::symbolic) fn width(&self) -> usize {
        self.0.len()
    }

    /// Bit `index`; bits beyond the width are false.
    pub(in crate::symbolic) fn bit(&self, index: usize) -> Lit {
        self.0.get(index).copied().unwrap_or(Lit::FALSE)
    }

    /// The bits, lowest first.
    pub(in crate::symbolic) fn iter(&self) -> impl DoubleEndedIterator<Item = Lit> + '_ {
        self.0.iter().copied()
    }

    /// The highest bit: the sign.
    pub(in crate::symbolic) fn sign(&self) -> Lit {
        self.0.last().copied().unwrap_or(Lit::FALSE)
    }

    /// `width` bits from bit `from` on, with false beyond the end.
    pub(in crate::symbolic) fn slice(&self, from: usize, width: usize) -> Self {
        (from..from + width).map(|index| self.bit(index)).collect()
    }

    /// Widened to `width` by the sign.
    pub(super) fn sign_extended(&self, width: usize) -> Self {
        let sign = self.sign();
        (0..width).map(|index| if index < self.width() { self.bit(index) } else { sign }).collect()
    }

    /// The number, if every bit is a constant and there are at most 128.
    pub(in crate::symbolic) fn known(&self) -> Option<u128> {
        let mut value = 0_u128;
        for (index, bit) in self.iter().enumerate() {
            if bit.constant()? {
                value |= 1_u128.checked_shl(u32::try_from(index).ok()?)?;
            }
        }
        Some(value)
    }
}
