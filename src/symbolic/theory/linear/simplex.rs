//! Numbers between bounds: the general simplex method, and whole ones by branching.
//!
//! Source: Dutertre and de Moura, *A Fast Linear-Arithmetic Solver for DPLL(T)*, CAV 2006, with Bland's rule.

use std::cmp::Ordering;
use std::rc::Rc;

use super::ratio::Ratio;

/// What a bound follows from: places in a list, in order.
pub(super) type Because = Rc<[u32]>;

/// A reason that is an assumption of the search for whole numbers.
const BRANCH: u32 = u32::MAX;

/// So many pivots are made before it is given up.
const PIVOTS: usize = 2_000;

/// So many cases are looked at for whole numbers, so deep.
const CASES: usize = 60;
const DEPTH: u32 = 16;

/// A bound, and what it follows from.
pub(super) type Bound = Option<(i128, Because)>;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Whole numbers for the columns.
    Values(Vec<i128>),
    /// These cannot hold together.
    Conflict(Vec<u32>),
    /// Too many pivots, or too large numbers.
    GaveUp,
}

/// Variables are the columns, and behind them the sums of columns by factors.
#[derive(Debug, Clone)]
pub(super) struct Simplex {
    low: Vec<Bound>,
    high: Vec<Bound>,
    values: Vec<Ratio>,
    /// The variables that are free: as many as columns.
    free: Vec<usize>,
    /// The others: each is the sum of the free ones by these factors.
    rows: Vec<(usize, Vec<Ratio>)>,
    columns: usize,
}

/// The work that is left.
struct Work {
    pivots: usize,
    cases: usize,
}

impl Simplex {
    /// `bounds` are those of the columns and then those of the rows.
    pub(super) fn new(columns: usize, rows: &[Vec<(usize, i128)>], bounds: Vec<(Bound, Bound)>) -> Self {
        let count = columns + rows.len();
        let (low, high) = bounds.into_iter().unzip();
        let row = |(index, row): (usize, &Vec<(usize, i128)>)| {
            let mut factors = vec![Ratio::ZERO; columns];
            for (column, factor) in row {
                if let Some(slot) = factors.get_mut(*column) {
                    *slot = Ratio::whole(*factor);
                }
            }
            (columns + index, factors)
        };
        let rows = rows.iter().enumerate().map(row).collect();
        Self { low, high, values: vec![Ratio::ZERO; count], free: (0..columns).collect(), rows, columns }
    }

    /// Whole numbers within the bounds, as near to nought as the bounds of each let it be to begin with.
    pub(super) fn solve(&mut self) -> Outcome {
        self.search().unwrap_or(Outcome::GaveUp)
    }

    fn search(&mut self) -> Option<Outcome> {
        for position in 0..self.columns {
            self.place(position)?;
        }
        let mut work = Work { pivots: PIVOTS, cases: CASES };
        self.whole(&mut work, 0)
    }

    fn bound(&self, variable: usize, above: bool) -> &Bound {
        let bounds = if above { &self.high } else { &self.low };
        bounds.get(variable).unwrap_or(&None)
    }

    fn value(&self, variable: usize) -> Ratio {
        self.values.get(variable).copied().unwrap_or(Ratio::ZERO)
    }

    /// Puts a free variable within its bounds.
    fn place(&mut self, position: usize) -> Option<()> {
        let variable = *self.free.get(position)?;
        let value = self.value(variable);
        let mut wanted = value;
        for above in [false, true] {
            if let Some((bound, _)) = self.bound(variable, above) {
                let bound = Ratio::whole(*bound);
                let outside = if above { Ordering::Greater } else { Ordering::Less };
                if wanted.compare(bound)? == outside {
                    wanted = bound;
                }
            }
        }
        self.shift(position, wanted.minus(value)?)
    }

    /// Moves a free variable, and the others with it.
    fn shift(&mut self, position: usize, by: Ratio) -> Option<()> {
        if by.sign() == Ordering::Equal {
            return Some(());
        }
        let value = self.values.get_mut(*self.free.get(position)?)?;
        *value = value.plus(by)?;
        for (sum, factors) in &self.rows {
            let factor = factors.get(position)?;
            if factor.sign() != Ordering::Equal {
                let value = self.values.get_mut(*sum)?;
                *value = value.plus(factor.times(by)?)?;
            }
        }
        Some(())
    }

    /// Numbers, whole or not; or why there are none.
    fn within(&mut self, work: &mut Work) -> Option<Result<(), Vec<u32>>> {
        for variable in 0..self.low.len() {
            if let (Some((low, why)), Some((high, because))) = (self.bound(variable, false), self.bound(variable, true))
                && low > high
            {
                return Some(Err(why.iter().chain(because.iter()).copied().collect()));
            }
        }
        loop {
            let Some((row, above)) = self.outside()? else { return Some(Ok(())) };
            work.pivots = work.pivots.checked_sub(1)?;
            let (sum, factors) = self.rows.get(row)?.clone();
            let (bound, why) = self.bound(sum, above).clone()?;
            let target = Ratio::whole(bound);
            // The sum has to grow, or to shrink: the first variable that can help.
            let mut chosen: Option<(usize, usize)> = None;
            let mut reasons: Vec<u32> = why.to_vec();
            for (position, factor) in factors.iter().enumerate() {
                if factor.sign() == Ordering::Equal {
                    continue;
                }
                let variable = *self.free.get(position)?;
                let grow = (factor.sign() == Ordering::Greater) != above;
                let room = match self.bound(variable, grow) {
                    None => true,
                    Some((bound, because)) => {
                        let free = self.value(variable).compare(Ratio::whole(*bound))? != Ordering::Equal;
                        if !free {
                            reasons.extend(because.iter());
                        }
                        free
                    }
                };
                if room && chosen.is_none_or(|(known, _)| variable < known) {
                    chosen = Some((variable, position));
                }
            }
            let Some((_, position)) = chosen else { return Some(Err(reasons)) };
            let by = target.minus(self.value(sum))?.over(*factors.get(position)?)?;
            self.shift(position, by)?;
            self.pivot(row, position)?;
        }
    }

    /// The first sum that is out of its bounds, and whether it is above.
    fn outside(&self) -> Option<Option<(usize, bool)>> {
        let mut first: Option<(usize, usize, bool)> = None;
        for (row, (sum, _)) in self.rows.iter().enumerate() {
            if first.is_some_and(|(known, ..)| known < *sum) {
                continue;
            }
            for above in [false, true] {
                if let Some((bound, _)) = self.bound(*sum, above) {
                    let outside = if above { Ordering::Greater } else { Ordering::Less };
                    if self.value(*sum).compare(Ratio::whole(*bound))? == outside {
                        first = Some((*sum, row, above));
                    }
                }
            }
        }
        Some(first.map(|(_, row, above)| (row, above)))
    }

    /// The variable of a row and a free one change places.
    fn pivot(&mut self, row: usize, position: usize) -> Option<()> {
        let (sum, mut factors) = self.rows.get(row)?.clone();
        let variable = std::mem::replace(self.free.get_mut(position)?, sum);
        let factor = *factors.get(position)?;
        // sum = factor * variable + rest becomes variable = sum / factor - rest / factor.
        let minus = Ratio::whole(-1).over(factor)?;
        for (index, slot) in factors.iter_mut().enumerate() {
            *slot = if index == position { Ratio::whole(1).over(factor)? } else { slot.times(minus)? };
        }
        for (index, (_, other)) in self.rows.iter_mut().enumerate() {
            let by = *other.get(position)?;
            if index == row || by.sign() == Ordering::Equal {
                continue;
            }
            *other.get_mut(position)? = Ratio::ZERO;
            for (slot, factor) in other.iter_mut().zip(&factors) {
                if factor.sign() != Ordering::Equal {
                    *slot = slot.plus(factor.times(by)?)?;
                }
            }
        }
        *self.rows.get_mut(row)? = (variable, factors);
        Some(())
    }

    /// Whole numbers, by branching on the first that is not.
    fn whole(&mut self, work: &mut Work, depth: u32) -> Option<Outcome> {
        if let Err(mut reasons) = self.within(work)? {
            reasons.sort_unstable();
            reasons.dedup();
            return Some(Outcome::Conflict(reasons));
        }
        let broken = (0..self.columns).find(|column| self.value(*column).as_whole().is_none());
        let Some(column) = broken else {
            let values = (0..self.columns).map(|column| self.value(column).as_whole());
            return Some(Outcome::Values(values.collect::<Option<_>>()?));
        };
        work.cases = work.cases.checked_sub(1)?;
        if depth >= DEPTH {
            return None;
        }
        let assumption = BRANCH - depth;
        let at = self.value(column).floor();
        let mut all: Vec<u32> = Vec::new();
        for above in [true, false] {
            let mut branch = self.clone();
            let bounds = if above { &mut branch.high } else { &mut branch.low };
            *bounds.get_mut(column)? = Some((if above { at } else { at.checked_add(1)? }, Rc::from([assumption])));
            if let Some(position) = branch.free.iter().position(|variable| *variable == column) {
                branch.place(position)?;
            }
            match branch.whole(work, depth + 1)? {
                Outcome::Conflict(reasons) => {
                    if !reasons.contains(&assumption) {
                        return Some(Outcome::Conflict(reasons));
                    }
                    all.extend(reasons.into_iter().filter(|reason| *reason != assumption));
                }
                other => return Some(other),
            }
        }
        all.sort_unstable();
        all.dedup();
        Some(Outcome::Conflict(all))
    }
}
