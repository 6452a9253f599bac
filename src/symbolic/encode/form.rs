//! Sums of unknown whole numbers with whole factors.

/// An unknown number, by its number among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) struct Leaf(pub(super) u32);

impl Leaf {
    /// Its place among the unknown numbers.
    pub(in crate::symbolic) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Unknown numbers with their factors, in order; no factor is nought.
pub(in crate::symbolic) type Terms = Vec<(Leaf, i128)>;

/// Factors and constants are at most so large.
const LARGEST: i128 = 1 << 100;

/// A sum has at most so many terms; longer ones are numbers like any other.
const LONGEST: usize = 24;

/// A sum of unknown numbers with factors, and a constant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) struct Form {
    pub(super) terms: Terms,
    pub(super) constant: i128,
}

impl Form {
    pub(super) fn constant(constant: i128) -> Self {
        Self { terms: Terms::new(), constant }
    }

    pub(super) fn leaf(leaf: Leaf) -> Self {
        Self { terms: vec![(leaf, 1)], constant: 0 }
    }

    /// The one unknown that it is, if it is one.
    pub(super) fn as_leaf(&self) -> Option<Leaf> {
        match self.terms.as_slice() {
            [(leaf, 1)] if self.constant == 0 => Some(*leaf),
            _ => None,
        }
    }

    /// `self + factor * other`; `None` when that is too large to be kept.
    pub(super) fn plus(&self, other: &Form, factor: i128) -> Option<Form> {
        let small = |value: i128| (-LARGEST..=LARGEST).contains(&value).then_some(value);
        let constant = small(self.constant.checked_add(other.constant.checked_mul(factor)?)?)?;
        let terms = merge(&self.terms, &other.terms, factor)?;
        let kept = terms.len() <= LONGEST && terms.iter().all(|(_, factor)| small(*factor).is_some());
        kept.then_some(Form { terms, constant })
    }

    /// `factor * self`; `None` when that is too large to be kept.
    pub(super) fn times(&self, factor: i128) -> Option<Form> {
        Form::constant(0).plus(self, factor)
    }

    /// The unknowns.
    pub(in crate::symbolic) fn leaves(&self) -> impl Iterator<Item = Leaf> + '_ {
        self.terms.iter().map(|(leaf, _)| *leaf)
    }

    /// What `sum` makes of the terms and the constant.
    pub(in crate::symbolic) fn value(&self, sum: impl Fn(&Terms, i128) -> Option<i128>) -> Option<i128> {
        sum(&self.terms, self.constant)
    }

    /// That the form is equal to `value`: the terms, and what they come to.
    pub(in crate::symbolic) fn equal_to(&self, value: i128) -> Option<(Terms, i128)> {
        Some((self.terms.clone(), value.checked_sub(self.constant)?))
    }

    /// That `factor` times the form is equal to `leaf`: the terms, and what they come to.
    pub(in crate::symbolic) fn times_is(&self, factor: i128, leaf: Leaf) -> Option<(Terms, i128)> {
        let difference = Form::leaf(leaf).plus(self, factor.checked_neg()?)?;
        difference.equal_to(0)
    }

    /// The same, where only the low 64 bits of the sum count.
    pub(super) fn wrapped(&self) -> Form {
        let wrap = |value: i128| i128::from(value as i64);
        let terms = self.terms.iter().map(|(leaf, factor)| (*leaf, wrap(*factor)));
        Form { terms: terms.filter(|(_, factor)| *factor != 0).collect(), constant: wrap(self.constant) }
    }
}

/// The sum of `a` and `factor` times `b`; `None` when a factor overflows.
pub(in crate::symbolic) fn merge(a: &Terms, b: &Terms, factor: i128) -> Option<Terms> {
    let mut merged = Terms::with_capacity(a.len() + b.len());
    let (mut left, mut right) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    loop {
        let next = match (left.peek().copied(), right.peek().copied()) {
            (None, None) => return Some(merged),
            (Some((x, f)), Some((y, g))) if x == y => {
                left.next();
                right.next();
                (x, f.checked_add(g.checked_mul(factor)?)?)
            }
            (Some((x, f)), Some((y, _))) if x < y => {
                left.next();
                (x, f)
            }
            (Some((x, f)), None) => {
                left.next();
                (x, f)
            }
            (_, Some((y, g))) => {
                right.next();
                (y, g.checked_mul(factor)?)
            }
        };
        if next.1 != 0 {
            merged.push(next);
        }
    }
}

/// The greatest number that divides all factors.
pub(in crate::symbolic) fn common_divisor(terms: &Terms) -> i128 {
    terms.iter().fold(0_i128, |known, (_, factor)| {
        let (mut a, mut b) = (known.unsigned_abs(), factor.unsigned_abs());
        while b != 0 {
            (a, b) = (b, a % b);
        }
        i128::try_from(a).unwrap_or(1)
    })
}
