//! Models whose numbers people can read: near to zero, and dates near to today.

use super::solver::Solver;
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::question::{Answer, Formula};

/// Numbers of so many bits are plain.
const PLAIN: usize = 20;

/// Milliseconds of so many bits reach from 1970 to 2039.
const DATES: usize = 41;

/// The bits that numbers are tried with.
const WIDTHS: [usize; 3] = [PLAIN / 2, PLAIN, DATES];

/// So many numbers of a witness are made plain one by one, when they cannot be all at once.
const NUMBERS: usize = 8;

/// A model, to come back to.
#[derive(Debug)]
pub(in crate::symbolic) struct Kept {
    begun: u32,
    inputs: Vec<Lit>,
}

impl Solver<'_> {
    /// The last model.
    pub(in crate::symbolic) fn keep(&self) -> Kept {
        Kept { begun: self.encoding.begun, inputs: self.encoding.encoder.circuit.taken_inputs() }
    }

    /// Goes from the model `found` for `question` to one with plainer numbers, where there is one. Gives what has to
    /// hold besides for that.
    ///
    /// # Errors
    /// When the search cannot be repeated: there is no model then.
    pub(in crate::symbolic) fn make_plain(&mut self, question: &Formula, found: &Kept) -> Result<Vec<Lit>, String> {
        let encoder = &self.encoding.encoder;
        let numbers = encoder.unknown_numbers();
        let far = |bits: &Bits| bits.iter().skip(PLAIN).any(|bit| encoder.circuit.value(bit));
        if !numbers.iter().any(far) {
            return Ok(Vec::new());
        }
        for width in WIDTHS {
            let all: Vec<Lit> = numbers.iter().flat_map(|bits| self.below(bits, width)).collect();
            if self.is_possible(question, &all) {
                return Ok(all);
            }
        }
        let mut fixed: Vec<Lit> = Vec::new();
        for bits in numbers.iter().take(NUMBERS) {
            for width in WIDTHS {
                let bound = [fixed.as_slice(), &self.below(bits, width)].concat();
                if self.is_possible(question, &bound) {
                    fixed = bound;
                    break;
                }
            }
        }
        self.again(question, fixed, found)
    }

    /// The model in which `besides` holds once more, or else the one that was `found`.
    ///
    /// # Errors
    /// When there is neither.
    pub(super) fn again(&mut self, question: &Formula, besides: Vec<Lit>, found: &Kept) -> Result<Vec<Lit>, String> {
        if !besides.is_empty() && self.is_possible(question, &besides) {
            return Ok(besides);
        }
        let same = self.encoding.begun == found.begun
            && self.encoding.encoder.circuit.assume(&found.inputs)
            && matches!(self.refine(), Ok(false));
        if same || self.is_possible(question, &[]) {
            return Ok(Vec::new());
        }
        Err("the search could not be repeated".to_owned())
    }

    /// That the number is not negative and has so many bits.
    fn below(&mut self, bits: &Bits, width: usize) -> Vec<Lit> {
        let encoder = &mut self.encoding.encoder;
        let form = encoder.numbers.form(bits);
        let limit = 1_i128.checked_shl(u32::try_from(width).unwrap_or(u32::MAX)).map_or(i128::MAX, |limit| limit - 1);
        [encoder.at_least(&form, 0), encoder.at_most(&form, limit)].into_iter().flatten().collect()
    }

    /// Whether `besides` may hold too; if so, the model is one in which it does.
    pub(super) fn is_possible(&mut self, question: &Formula, besides: &[Lit]) -> bool {
        matches!(self.solve_with(question, besides), Answer::Witness(()))
    }
}
