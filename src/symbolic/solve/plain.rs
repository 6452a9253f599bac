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

/// The bits above `width`, all of which are false in smaller numbers.
fn below(bits: &Bits, width: usize) -> Vec<Lit> {
    bits.iter().skip(width).map(|bit| !bit).collect()
}

impl Solver<'_> {
    /// Goes from the model just found for `question` to one with plainer numbers, where there is one. Gives what has to
    /// hold besides for that.
    ///
    /// # Errors
    /// When the search cannot be repeated: there is no model then.
    pub(in crate::symbolic) fn make_plain(&mut self, question: &Formula) -> Result<Vec<Lit>, String> {
        let encoder = &self.encoding.encoder;
        let numbers = encoder.numbers();
        let far = |bits: &Bits| bits.iter().skip(PLAIN).any(|bit| encoder.circuit.value(bit));
        if !numbers.iter().any(far) {
            return Ok(Vec::new());
        }
        let all = |width: usize| numbers.iter().flat_map(|bits| below(bits, width)).collect::<Vec<Lit>>();
        if let Some(bound) = WIDTHS.into_iter().map(all).find(|bound| self.is_possible(question, bound)) {
            return Ok(bound);
        }
        let mut fixed: Vec<Lit> = Vec::new();
        for bits in numbers.iter().take(NUMBERS) {
            let mut bounds = WIDTHS.iter().map(|width| [fixed.clone(), below(bits, *width)].concat());
            if let Some(bound) = bounds.find(|bound| self.is_possible(question, bound)) {
                fixed = bound;
            }
        }
        self.again(question, fixed)
    }

    /// The model in which `besides` holds once more, or else any.
    ///
    /// # Errors
    /// When the search cannot be repeated: there is no model then.
    pub(super) fn again(&mut self, question: &Formula, besides: Vec<Lit>) -> Result<Vec<Lit>, String> {
        if self.is_possible(question, &besides) {
            return Ok(besides);
        }
        if self.is_possible(question, &[]) {
            return Ok(Vec::new());
        }
        Err("the search could not be repeated".to_owned())
    }

    /// Whether `besides` may hold too; if so, the model is one in which it does.
    pub(super) fn is_possible(&mut self, question: &Formula, besides: &[Lit]) -> bool {
        matches!(self.solve_with(question, besides), Answer::Witness(()))
    }
}
