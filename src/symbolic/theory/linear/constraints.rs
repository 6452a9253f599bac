//! What a model says of sums, and what follows from equations: these are solved first, and what divides all factors of
//! a sum is taken out, so that much of what only holds for whole numbers shows before any search for them.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::simplex::{Because, Bound, Outcome, Simplex};
use crate::symbolic::encode::{Leaf, Terms, common_divisor, merge};

/// So many equations are solved.
const EQUATIONS: usize = 2_000;

/// So many unknowns and sums are looked at.
const LARGEST: usize = 250;

/// A sum that is between bounds.
type Row = (Bound, Bound);

/// An equation that was solved: the unknown is the sum of the terms and a constant.
#[derive(Debug, Clone)]
struct Solved {
    leaf: Leaf,
    terms: Terms,
    constant: i128,
}

/// What has to hold together.
#[derive(Debug, Clone, Default)]
pub(super) struct Constraints {
    rows: BTreeMap<Terms, Row>,
    solved: Vec<Solved>,
}

/// Why constraints cannot go on.
#[derive(Debug)]
pub(super) enum Stop {
    /// These cannot hold together.
    Conflict(Vec<u32>),
    /// The numbers are too large.
    GaveUp,
}

fn union(a: &Because, b: &Because) -> Because {
    let mut all: Vec<u32> = a.iter().chain(b.iter()).copied().collect();
    all.sort_unstable();
    all.dedup();
    Rc::from(all)
}

impl Constraints {
    /// The sum of `terms` is at least `low` and at most `high`.
    pub(super) fn add(&mut self, terms: &Terms, low: Bound, high: Bound) -> Result<(), Stop> {
        let divisor = common_divisor(terms);
        if terms.is_empty() || divisor == 0 {
            return match (low, high) {
                (Some((low, why)), _) if low > 0 => Err(Stop::Conflict(why.to_vec())),
                (_, Some((high, why))) if high < 0 => Err(Stop::Conflict(why.to_vec())),
                _ => Ok(()),
            };
        }
        let negative = terms.first().is_some_and(|(_, factor)| *factor < 0);
        let by = if negative { -divisor } else { divisor };
        let terms: Terms = terms.iter().map(|(leaf, factor)| (*leaf, factor / by)).collect();
        let up = |(bound, why): (i128, Because)| Some((bound.checked_neg()?.div_euclid(divisor).checked_neg()?, why));
        let down = |(bound, why): (i128, Because)| Some((bound.div_euclid(divisor), why));
        let turn = |(bound, why): (i128, Because)| Some((bound.checked_neg()?, why));
        let (low, high) = match negative {
            false => (low, high),
            true => (high.and_then(turn), low.and_then(turn)),
        };
        let (low, high) = (low.and_then(up), high.and_then(down));
        let row = self.rows.entry(terms).or_insert((None, None));
        if let Some((bound, _)) = &low
            && row.0.as_ref().is_none_or(|(known, _)| known < bound)
        {
            row.0 = low;
        }
        if let Some((bound, _)) = &high
            && row.1.as_ref().is_none_or(|(known, _)| known > bound)
        {
            row.1 = high;
        }
        match &*row {
            (Some((low, why)), Some((high, because))) if low > high => {
                Err(Stop::Conflict(union(why, because).to_vec()))
            }
            _ => Ok(()),
        }
    }

    /// Solves equations for an unknown that stands in them once, and puts what it is in its place.
    fn solve_equations(&mut self) -> Result<(), Stop> {
        for _ in 0..EQUATIONS {
            let equation = self.rows.iter().find_map(|(terms, row)| {
                let (Some((low, why)), Some((high, because))) = row else { return None };
                let single = terms.iter().rev().find(|(_, factor)| factor.abs() == 1)?;
                (low == high).then(|| (terms.clone(), *single, *low, union(why, because)))
            });
            let Some((terms, (leaf, factor), value, why)) = equation else { return Ok(()) };
            // factor * leaf + rest = value, and the factor is 1 or -1.
            let rest: Terms = terms.iter().filter(|(other, _)| *other != leaf).copied().collect();
            let rest = merge(&Terms::new(), &rest, -factor).ok_or(Stop::GaveUp)?;
            let constant = value.checked_mul(factor).ok_or(Stop::GaveUp)?;
            let solved = Solved { leaf, terms: rest, constant };
            let about = |terms: &&Terms| terms.iter().any(|(other, _)| *other == leaf);
            let about: Vec<Terms> = self.rows.keys().filter(about).cloned().collect();
            for terms in about {
                let Some((low, high)) = self.rows.remove(&terms) else { continue };
                let factor = terms.iter().find(|(other, _)| *other == leaf).map_or(0, |(_, factor)| *factor);
                let terms = solved.replace(&terms, factor).ok_or(Stop::GaveUp)?;
                let shift = solved.constant.checked_mul(factor).ok_or(Stop::GaveUp)?;
                let moved = |bound: Bound| match bound {
                    None => Ok(None),
                    Some((bound, because)) => {
                        let bound = bound.checked_sub(shift).ok_or(Stop::GaveUp)?;
                        Ok(Some((bound, union(&because, &why))))
                    }
                };
                self.add(&terms, moved(low)?, moved(high)?)?;
            }
            self.solved.push(solved);
        }
        Ok(())
    }

    /// Whole numbers for which all holds, or why there are none.
    pub(super) fn solve(mut self) -> Result<BTreeMap<Leaf, i128>, Stop> {
        self.solve_equations()?;
        let mut columns: BTreeMap<Leaf, usize> = BTreeMap::new();
        for (leaf, _) in self.rows.keys().flatten() {
            let next = columns.len();
            columns.entry(*leaf).or_insert(next);
        }
        if columns.len() > LARGEST || self.rows.len() > 10 * LARGEST {
            return Err(Stop::GaveUp);
        }
        let mut bounds: Vec<Row> = vec![(None, None); columns.len()];
        let mut rows: Vec<Vec<(usize, i128)>> = Vec::new();
        let mut of_rows: Vec<Row> = Vec::new();
        for (terms, row) in &self.rows {
            let placed: Vec<(usize, i128)> =
                terms.iter().filter_map(|(leaf, factor)| Some((*columns.get(leaf)?, *factor))).collect();
            match placed.as_slice() {
                // The factor is 1: no number divides all factors.
                [(column, _)] => {
                    if let Some(slot) = bounds.get_mut(*column) {
                        *slot = row.clone();
                    }
                }
                _ => {
                    rows.push(placed);
                    of_rows.push(row.clone());
                }
            }
        }
        bounds.extend(of_rows);
        let values = match Simplex::new(columns.len(), &rows, bounds).solve() {
            Outcome::Values(values) => values,
            Outcome::Conflict(why) => return Err(Stop::Conflict(why)),
            Outcome::GaveUp => return Err(Stop::GaveUp),
        };
        let value = |column: &usize| values.get(*column).copied().unwrap_or_default();
        let mut found: BTreeMap<Leaf, i128> = columns.iter().map(|(leaf, column)| (*leaf, value(column))).collect();
        for solved in self.solved.iter().rev() {
            let value = sum(&solved.terms, solved.constant, &found).ok_or(Stop::GaveUp)?;
            found.insert(solved.leaf, value);
        }
        Ok(found)
    }
}

impl Solved {
    /// `terms`, in which the unknown stands with `factor`, with what it is in its place.
    fn replace(&self, terms: &Terms, factor: i128) -> Option<Terms> {
        let rest: Terms = terms.iter().filter(|(other, _)| *other != self.leaf).copied().collect();
        merge(&rest, &self.terms, factor)
    }
}

/// What the terms and the constant come to.
pub(super) fn sum(terms: &Terms, constant: i128, values: &BTreeMap<Leaf, i128>) -> Option<i128> {
    terms.iter().try_fold(constant, |total, (leaf, factor)| {
        let value = values.get(leaf).copied().unwrap_or_default();
        total.checked_add(factor.checked_mul(value)?)
    })
}
