//! Models whose strings policies name: where a pattern takes a string, a literal that it takes as well.
//!
//! # Why
//!
//! Of all paths below `/projects/alpha*` the one that another policy speaks of tells a reader most: it exists, and it
//! is what the pattern takes besides what was meant.

use super::plain::Kept;
use super::solver::Solver;
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::encode::SpaceKey;
use crate::symbolic::question::Formula;
use crate::symbolic::theory::model::Model;

/// So many strings of a witness are tried.
const STRINGS: usize = 4;

/// So many literals are tried for each.
const LITERALS: usize = 6;

/// The literals that say that `bits` are `number`.
fn is(bits: &Bits, number: usize) -> Vec<Lit> {
    let constant = Bits::constant(number as u128, bits.width());
    bits.iter().zip(constant.iter()).map(|(bit, wanted)| if wanted == Lit::TRUE { bit } else { !bit }).collect()
}

impl Solver<'_> {
    /// Goes from the model just found for `question`, in which `besides` holds, to one in which strings that patterns
    /// take are literals that policies name, as far as there is one.
    ///
    /// # Errors
    /// When the search cannot be repeated: there is no model then.
    pub(in crate::symbolic) fn make_known(
        &mut self,
        question: &Formula,
        besides: Vec<Lit>,
        found: &Kept,
    ) -> Result<(), String> {
        let mut fixed = besides;
        let mut refused = false;
        for (text, literals) in self.taken_by_patterns() {
            for number in literals {
                let one = [fixed.clone(), is(&text, number)].concat();
                refused = !self.is_possible(question, &one);
                if !refused {
                    fixed = one;
                    break;
                }
            }
        }
        if refused {
            self.again(question, fixed, found)?;
        }
        Ok(())
    }

    /// The strings of the model that are no literals and that patterns take, each with the numbers of the literals that
    /// the same patterns take.
    fn taken_by_patterns(&self) -> Vec<(Bits, Vec<usize>)> {
        let encoder = &self.encoding.encoder;
        let Some(space) = encoder.spaces.get(&SpaceKey::Strings) else { return Vec::new() };
        let model = Model::new_shallow(encoder);
        let mut all: Vec<(Bits, Vec<usize>)> = Vec::new();
        for like in encoder.likes.iter().filter(|like| like.pattern.is_anchored() && model.lit(like.lit)) {
            let known = all.iter().position(|(text, _)| *text == like.text);
            if known.is_none() && (all.len() >= STRINGS || model.class(&like.text) < space.constants().len()) {
                continue;
            }
            let takes = |number: &usize| space.constants().get(*number).is_some_and(|text| like.pattern.matches(text));
            match known.and_then(|at| all.get_mut(at)) {
                Some((_, literals)) => literals.retain(takes),
                None => all.push((like.text.clone(), (0..space.constants().len()).filter(takes).collect())),
            }
        }
        for (_, literals) in &mut all {
            literals.truncate(LITERALS);
        }
        all
    }
}
