//! Exact fractions. Every operation says when it would overflow.

use std::cmp::Ordering;

/// A fraction in lowest terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ratio {
    top: i128,
    /// Positive.
    bottom: i128,
}

fn common(a: i128, b: i128) -> u128 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Ratio {
    pub(super) const ZERO: Self = Self { top: 0, bottom: 1 };

    pub(super) fn whole(number: i128) -> Self {
        Self { top: number, bottom: 1 }
    }

    fn new(top: i128, bottom: i128) -> Option<Self> {
        let divisor = i128::try_from(common(top, bottom)).ok().filter(|divisor| *divisor != 0)?;
        let (top, bottom) = (top / divisor, bottom / divisor);
        if bottom < 0 {
            return Some(Self { top: top.checked_neg()?, bottom: bottom.checked_neg()? });
        }
        (bottom > 0).then_some(Self { top, bottom })
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        if self.bottom == 1 && other.bottom == 1 {
            return Some(Self::whole(self.top.checked_add(other.top)?));
        }
        let left = self.top.checked_mul(other.bottom)?;
        let right = other.top.checked_mul(self.bottom)?;
        Self::new(left.checked_add(right)?, self.bottom.checked_mul(other.bottom)?)
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { top: other.top.checked_neg()?, bottom: other.bottom })
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        // What cancels is taken out first, so that less overflows.
        let one = Self::new(self.top, other.bottom)?;
        let two = Self::new(other.top, self.bottom)?;
        Some(Self { top: one.top.checked_mul(two.top)?, bottom: one.bottom.checked_mul(two.bottom)? })
    }

    pub(super) fn over(self, other: Self) -> Option<Self> {
        self.times(Self::new(other.bottom, other.top)?)
    }

    pub(super) fn compare(self, other: Self) -> Option<Ordering> {
        if self.bottom == other.bottom {
            return Some(self.top.cmp(&other.top));
        }
        let difference = self.minus(other)?;
        Some(difference.top.cmp(&0))
    }

    pub(super) fn sign(self) -> Ordering {
        self.top.cmp(&0)
    }

    /// The number, if it is whole.
    pub(super) fn as_whole(self) -> Option<i128> {
        (self.bottom == 1).then_some(self.top)
    }

    /// The greatest whole number that is not above.
    pub(super) fn floor(self) -> i128 {
        self.top.div_euclid(self.bottom)
    }
}
