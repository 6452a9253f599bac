//! Numbers for a model, or why there are none.
//!
//! What a search took in of comparisons is a list of sums that are above or below bounds. There are whole numbers for
//! which all of them hold, or some that cannot hold together are found, and said as a clause. Numbers that are found
//! are put where the search has none of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::constraints::{Constraints, Stop, sum};
use super::simplex::Because;
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::encode::{AtMost, Encoder, Form, Leaf, Terms};

/// The reason of what the search has decided by bits: nothing can be learned of it here.
const DECIDED: u32 = 0;

/// So many times a question is told what its products are near some values.
const TANGENTS: usize = 40;

/// Bounds of factors beyond this say nothing that can be computed with.
const LARGEST_CORNER: u128 = 1 << 45;

/// Factors that are tried, besides those that were found.
const FACTORS: [i128; 4] = [1, -1, 2, 0];

/// What was done for one question.
#[derive(Debug, Default)]
pub(in crate::symbolic) struct Numbered {
    tangents: usize,
    /// How many comparisons were looked at, each as often as it was.
    pub(in crate::symbolic) looked_at: u64,
}

/// What a comparison says in the model.
struct Said {
    ask: AtMost,
    holds: bool,
    /// Whether it may be otherwise, as far as what is asked goes.
    loose: bool,
}

/// Adds clauses that the model breaks; whether there were any. Where there were none, and numbers were found, the
/// model has them.
pub(in crate::symbolic) fn check(encoder: &mut Encoder<'_>, numbered: &mut Numbered) -> bool {
    let said: Vec<Said> = encoder
        .circuit
        .taken_lazies()
        .filter_map(|(lit, loose)| {
            let ask = encoder.numbers.ask(lit)?.clone();
            Some(Said { ask, holds: encoder.circuit.value(lit), loose })
        })
        .collect();
    if said.is_empty() {
        return false;
    }
    numbered.looked_at += said.len() as u64;
    if say_order(encoder, &said) {
        return true;
    }
    let leaves = leaves_of(encoder, &said);
    let decided = decided(encoder, &leaves);
    let mut solved = solve(encoder, &said, &leaves, &decided, &[], false);
    if let Err(Stop::Conflict(why)) = &solved
        && why.contains(&DECIDED)
    {
        // Whether it is for the comparisons alone.
        solved = match solve(encoder, &said, &leaves, &BTreeMap::new(), &[], false) {
            Ok(_) => Err(Stop::GaveUp),
            other => other,
        };
    }
    match solved {
        Err(Stop::Conflict(why)) => {
            let clause = why.iter().filter_map(|reason| said.get((*reason as usize).checked_sub(1)?));
            let clause: Vec<Lit> = clause.map(|said| said.ask.lit.negated_if(said.holds)).collect();
            encoder.lemma(&clause, true);
            true
        }
        Err(Stop::GaveUp) => {
            install(encoder, &BTreeMap::new());
            false
        }
        Ok(values) => match products(encoder, &said, &leaves, &decided, values, numbered) {
            Some(values) => {
                install(encoder, &values);
                false
            }
            None => true,
        },
    }
}

/// Of comparisons of one sum, each implies the next. Says so where the model has it otherwise.
fn say_order(encoder: &mut Encoder<'_>, said: &[Said]) -> bool {
    let mut by_terms: BTreeMap<&Terms, Vec<(i128, Lit, bool)>> = BTreeMap::new();
    for Said { ask, holds, .. } in said {
        by_terms.entry(&ask.terms).or_default().push((ask.bound, ask.lit, *holds));
    }
    let mut clauses: Vec<[Lit; 2]> = Vec::new();
    for asks in by_terms.values_mut() {
        asks.sort_unstable();
        let least = asks.iter().find(|(_, _, holds)| *holds).map(|(bound, ..)| *bound);
        let broken = |(bound, _, holds): &(i128, Lit, bool)| !holds && least.is_some_and(|least| least < *bound);
        if asks.iter().any(broken) {
            clauses.extend(asks.windows(2).filter_map(|pair| match pair {
                [(_, one, _), (_, next, _)] => Some([!*one, *next]),
                _ => None,
            }));
        }
    }
    for clause in &clauses {
        encoder.lemma(clause, true);
    }
    !clauses.is_empty()
}

/// The unknowns that comparisons are about, and those that are known to go with them.
fn leaves_of(encoder: &Encoder<'_>, said: &[Said]) -> BTreeSet<Leaf> {
    let mut leaves: BTreeSet<Leaf> = BTreeSet::new();
    let mut next: Vec<Leaf> = said.iter().flat_map(|said| said.ask.terms.iter().map(|(leaf, _)| *leaf)).collect();
    while let Some(leaf) = next.pop() {
        if !leaves.insert(leaf) {
            continue;
        }
        if let Some(always) = encoder.numbers.unknown(leaf).and_then(|unknown| unknown.always.as_ref()) {
            next.extend(always.terms.iter().map(|(leaf, _)| *leaf));
        }
        if let Some((a, b)) = encoder.numbers.factors(leaf) {
            next.extend(a.leaves().chain(b.leaves()));
        }
    }
    leaves
}

/// The unknowns whose bits the search has values of its own for.
fn decided(encoder: &Encoder<'_>, leaves: &BTreeSet<Leaf>) -> BTreeMap<Leaf, i128> {
    let decided = |leaf: &Leaf| {
        let bits = &encoder.numbers.unknown(*leaf)?.bits;
        let taken = bits.iter().any(|bit| bit.constant().is_none() && encoder.circuit.is_taken(bit));
        taken.then(|| (*leaf, value(encoder, bits)))
    };
    leaves.iter().filter_map(decided).collect()
}

/// The number that the bits are in the model.
fn value(encoder: &Encoder<'_>, bits: &Bits) -> i128 {
    let ones = bits.iter().take(127).enumerate().filter(|(_, bit)| encoder.circuit.value(*bit));
    let low: i128 = ones.map(|(index, _)| 1_i128 << index).sum();
    let width = bits.width().min(127);
    let negative = encoder.circuit.value(bits.sign());
    if negative { low.wrapping_sub(1_i128.wrapping_shl(u32::try_from(width).unwrap_or(127))) } else { low }
}

fn solve(
    encoder: &Encoder<'_>,
    said: &[Said],
    leaves: &BTreeSet<Leaf>,
    decided: &BTreeMap<Leaf, i128>,
    besides: &[(Terms, i128)],
    firm: bool,
) -> Result<BTreeMap<Leaf, i128>, Stop> {
    let mut constraints = Constraints::default();
    let certain: Because = Rc::from([]);
    let by_bits: Because = Rc::from([DECIDED]);
    for leaf in leaves {
        let Some(unknown) = encoder.numbers.unknown(*leaf) else { continue };
        let bound = |value: i128| Some((value, Rc::clone(&certain)));
        constraints.add(&vec![(*leaf, 1)], bound(unknown.low), bound(unknown.high))?;
        if let Some(always) = &unknown.always {
            constraints.add(&always.terms, bound(always.low), bound(always.high))?;
        }
    }
    for (index, Said { ask, holds, .. }) in said.iter().enumerate().filter(|(_, said)| !(firm && said.loose)) {
        let why: Because = Rc::from([u32::try_from(index + 1).map_err(|_| Stop::GaveUp)?]);
        match holds {
            true => constraints.add(&ask.terms, None, Some((ask.bound, why)))?,
            false => constraints.add(&ask.terms, Some((ask.bound.checked_add(1).ok_or(Stop::GaveUp)?, why)), None)?,
        }
    }
    for (leaf, value) in decided {
        let bound = || Some((*value, Rc::clone(&by_bits)));
        constraints.add(&vec![(*leaf, 1)], bound(), bound())?;
    }
    for (terms, value) in besides {
        let bound = || Some((*value, Rc::clone(&by_bits)));
        constraints.add(terms, bound(), bound())?;
    }
    constraints.solve()
}

/// Values for which products are what their factors come to; `None` when something was said of them instead.
fn products(
    encoder: &mut Encoder<'_>,
    said: &[Said],
    leaves: &BTreeSet<Leaf>,
    decided: &BTreeMap<Leaf, i128>,
    values: BTreeMap<Leaf, i128>,
    numbered: &mut Numbered,
) -> Option<BTreeMap<Leaf, i128>> {
    let all: Vec<Leaf> = leaves.iter().copied().filter(|leaf| encoder.numbers.factors(*leaf).is_some()).collect();
    let factors = |encoder: &Encoder<'_>, leaf: Leaf, values: &BTreeMap<Leaf, i128>| {
        let (a, b) = encoder.numbers.factors(leaf)?;
        Some((
            a.value(|terms, constant| sum(terms, constant, values))?,
            b.value(|terms, constant| sum(terms, constant, values))?,
        ))
    };
    let wrong = |encoder: &Encoder<'_>, values: &BTreeMap<Leaf, i128>| {
        all.iter().copied().find(|leaf| {
            let product = factors(encoder, *leaf, values).and_then(|(x, y)| x.checked_mul(y));
            product != values.get(leaf).copied()
        })
    };
    let Some(first) = wrong(encoder, &values) else { return Some(values) };
    let root = values.get(&first).map(|value| value.unsigned_abs().isqrt() as i128 + 1);
    let choices = std::iter::once(None).chain(FACTORS.map(Some)).chain(root.map(Some));
    for choice in choices {
        let mut besides: Vec<(Terms, i128)> = Vec::new();
        for leaf in &all {
            let (a, b) = encoder.numbers.factors(*leaf)?;
            let Some((x, _)) = factors(encoder, *leaf, &values) else { continue };
            let x = choice.unwrap_or(x);
            // The first factor is x, and the product x times the second.
            let Some((equal, value)) = a.equal_to(x) else { continue };
            besides.push((equal, value));
            besides.extend(b.times_is(x, *leaf));
        }
        if let Ok(values) = solve(encoder, said, leaves, decided, &besides, true)
            && wrong(encoder, &values).is_none()
        {
            return Some(values);
        }
    }
    if numbered.tangents < TANGENTS && say_products(encoder, said, &all, &values) {
        numbered.tangents += 1;
        return None;
    }
    Some(values)
}

/// Says of products that are wrong what they are at the bounds of their factors, or near their values. Whether
/// anything was said.
fn say_products(encoder: &mut Encoder<'_>, said: &[Said], products: &[Leaf], values: &BTreeMap<Leaf, i128>) -> bool {
    let mut told = false;
    for leaf in products {
        let Some((a, b)) = encoder.numbers.factors(*leaf) else { continue };
        let of = |form: &Form| form.value(|terms, constant| sum(terms, constant, values));
        let (Some(x), Some(y), Some(product)) = (of(a), of(b), values.get(leaf).copied()) else { continue };
        if x.checked_mul(y) == Some(product) {
            continue;
        }
        let (of_a, of_b) = (bounds(encoder, said, a), bounds(encoder, said, b));
        let small = |(at, _): &&(i128, bool)| at.unsigned_abs() < LARGEST_CORNER;
        let corners = of_a.iter().filter(small).flat_map(|x| of_b.iter().filter(small).map(move |y| (*x, *y)));
        let near =
            [true, false].into_iter().flat_map(|above_x| [true, false].map(|above_y| ((x, above_x), (y, above_y))));
        // What the values break of it: the sign of (a - x) * (b - y).
        let broken = |((at_x, above_x), (at_y, above_y)): &((i128, bool), (i128, bool))| {
            let plane = || {
                let linear = at_y.checked_mul(x)?.checked_add(at_x.checked_mul(y)?)?;
                product.checked_sub(linear)?.checked_add(at_x.checked_mul(*at_y)?)
            };
            plane().is_some_and(|plane| if above_x == above_y { plane < 0 } else { plane > 0 })
        };
        let at_corners: Vec<_> = corners.filter(broken).collect();
        let chosen = if at_corners.is_empty() { near.filter(broken).collect() } else { at_corners };
        for (x, y) in chosen {
            told |= encoder.say_product_at(*leaf, x, y);
        }
    }
    told
}

/// The bounds of a factor in the model, each with whether it is one from below.
fn bounds(encoder: &Encoder<'_>, said: &[Said], form: &Form) -> Vec<(i128, bool)> {
    let own = encoder.numbers.range_of(form);
    let (mut low, mut high) = own.map_or((None, None), |(low, high)| (Some(low), Some(high)));
    for Said { ask, holds, .. } in said {
        let Some((_, 0)) = form.equal_to(0).filter(|(terms, _)| *terms == ask.terms) else { continue };
        match holds {
            true => high = Some(high.map_or(ask.bound, |high| high.min(ask.bound))),
            false => low = Some(low.map_or(ask.bound + 1, |low| low.max(ask.bound + 1))),
        }
    }
    low.map(|low| (low, true)).into_iter().chain(high.map(|high| (high, false))).collect()
}

/// Puts numbers where the search has none, and what comes of dividing them.
fn install(encoder: &mut Encoder<'_>, values: &BTreeMap<Leaf, i128>) {
    encoder.circuit.forget_computed();
    for (leaf, value) in values {
        if let Some(bits) = encoder.numbers.unknown(*leaf).map(|unknown| unknown.bits.clone()) {
            encoder.circuit.suggest(&bits, *value);
        }
    }
    for index in 0..encoder.numbers.divisions.len() {
        let Some((of, divisor, division)) = encoder.numbers.divisions.get(index).cloned() else { continue };
        let number = value(encoder, &of).abs();
        let [quotient, rest] = division.unknowns;
        encoder.circuit.suggest(&quotient, number / divisor.max(1));
        encoder.circuit.suggest(&rest, number % divisor.max(1));
    }
    encoder.circuit.read_loose();
}
