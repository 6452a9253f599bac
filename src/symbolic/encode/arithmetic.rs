//! Operations of numbers, and of extension values, whose bits are numbers.

use cedar_policy_symcc::op::{ExtOp, Op};

use super::address;
use super::encoder::Encoder;
use super::numbers::WIDTH;
use super::value::Value;
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::reason::Difficulty;

impl Encoder<'_> {
    /// An operation of one number.
    pub(super) fn unary(&mut self, op: &Op, a: &Bits) -> Value {
        match op {
            Op::Bvneg => Value::Bits(self.sum(&Bits::constant(0, a.width()), a, -1)),
            Op::Bvnego => {
                let overflows = self.axioms.overflow.then(|| self.sum_overflows(&Bits::constant(0, a.width()), a, -1));
                Value::one(overflows.unwrap_or(Lit::FALSE))
            }
            Op::ZeroExtend(more) => Value::Bits(a.slice(0, a.width() + *more as usize)),
            _ => self.foreign("an operation that the engine does not know"),
        }
    }

    /// An operation of two numbers.
    pub(super) fn arithmetic(&mut self, op: &Op, a: &Bits, b: &Bits) -> Value {
        let overflow = self.axioms.overflow;
        match op {
            Op::Bvadd => Value::Bits(self.sum(a, b, 1)),
            Op::Bvsub => Value::Bits(self.sum(a, b, -1)),
            Op::Bvsaddo => Value::one(if overflow { self.sum_overflows(a, b, 1) } else { Lit::FALSE }),
            Op::Bvssubo => Value::one(if overflow { self.sum_overflows(a, b, -1) } else { Lit::FALSE }),
            Op::Bvslt => Value::one(self.less(a, b)),
            Op::Bvsle => Value::one(!self.less(b, a)),
            Op::Bvult | Op::Bvule => {
                // Only addresses are without sign.
                self.hard = self.hard.max(Some(Difficulty::Addresses));
                let less = match op {
                    Op::Bvult => self.circuit.less_unsigned(a, b),
                    _ => !self.circuit.less_unsigned(b, a),
                };
                Value::one(less)
            }
            Op::Bvshl => Value::Bits(self.circuit.shift_left(a, b)),
            Op::Bvlshr => Value::Bits(self.circuit.shift_right(a, b)),
            Op::Bvmul | Op::Bvsmulo => {
                if a.known().is_none() && b.known().is_none() {
                    self.hard = self.hard.max(Some(Difficulty::Product));
                }
                match op {
                    Op::Bvmul => Value::Bits(self.product(a, b)),
                    _ => Value::one(if overflow { self.product_overflows(a, b) } else { Lit::FALSE }),
                }
            }
            Op::Bvsdiv | Op::Bvsrem | Op::Bvsmod => self.division(op, a, b),
            _ => self.foreign("an operation that the engine does not know"),
        }
    }

    fn division(&mut self, op: &Op, a: &Bits, b: &Bits) -> Value {
        let positive = b.known().filter(|divisor| *divisor > 0 && b.sign() == Lit::FALSE);
        let divisor = positive.and_then(|divisor| i128::try_from(divisor).ok());
        let (Some(divisor), WIDTH) = (divisor, a.width()) else {
            return self.foreign("division by a number that is not a positive constant");
        };
        if a.known().is_none() {
            self.hard = self.hard.max(Some(Difficulty::Dates));
        }
        // The remainder of `Bvsmod` has the sign of the divisor.
        let (quotient, rest) = self.divide(a, divisor, matches!(op, Op::Bvsmod));
        Value::Bits(if matches!(op, Op::Bvsdiv) { quotient } else { rest })
    }

    /// An operation of the extension value with these bits.
    pub(super) fn extension(&mut self, op: &ExtOp, bits: Bits) -> Value {
        match op {
            // The bits of these types are the number itself.
            ExtOp::DecimalVal
            | ExtOp::DatetimeVal
            | ExtOp::DurationVal
            | ExtOp::DatetimeOfBitVec
            | ExtOp::DurationOfBitVec => Value::Bits(bits),
            ExtOp::IpaddrIsV4 => address::is_v4(&bits),
            ExtOp::IpaddrAddrV4 => address::number(&bits, 32),
            ExtOp::IpaddrAddrV6 => address::number(&bits, 128),
            ExtOp::IpaddrPrefixV4 => address::prefix(&bits, 5),
            ExtOp::IpaddrPrefixV6 => address::prefix(&bits, 7),
        }
    }
}
