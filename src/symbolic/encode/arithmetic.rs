//! Operations of numbers, and of extension values, whose bits are numbers.

use cedar_policy_symcc::op::{ExtOp, Op};

use super::address;
use super::encoder::Encoder;
use super::value::Value;
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::reason::HardArithmetic;

impl Encoder<'_> {
    /// An operation of one number.
    pub(super) fn unary(&mut self, op: &Op, a: &Bits) -> Value {
        match op {
            Op::Bvneg => Value::Bits(self.circuit.negate(a)),
            Op::Bvnego => {
                let overflows = self.axioms.overflow.then(|| self.circuit.negate_overflows(a));
                Value::one(overflows.unwrap_or(Lit::FALSE))
            }
            Op::ZeroExtend(more) => Value::Bits(a.slice(0, a.width() + *more as usize)),
            _ => self.foreign("an operation that the engine does not know"),
        }
    }

    /// An operation of two numbers.
    pub(super) fn arithmetic(&mut self, op: &Op, a: &Bits, b: &Bits) -> Value {
        let overflow = self.axioms.overflow;
        let circuit = &mut self.circuit;
        match op {
            Op::Bvadd => Value::Bits(circuit.add(a, b)),
            Op::Bvsub => Value::Bits(circuit.subtract(a, b)),
            Op::Bvsaddo => Value::one(if overflow { circuit.add_overflows(a, b) } else { Lit::FALSE }),
            Op::Bvssubo => Value::one(if overflow { circuit.subtract_overflows(a, b) } else { Lit::FALSE }),
            Op::Bvslt => Value::one(circuit.less_signed(a, b)),
            Op::Bvsle => Value::one(!circuit.less_signed(b, a)),
            Op::Bvult => Value::one(circuit.less_unsigned(a, b)),
            Op::Bvule => Value::one(!circuit.less_unsigned(b, a)),
            Op::Bvshl => Value::Bits(circuit.shift_left(a, b)),
            Op::Bvlshr => Value::Bits(circuit.shift_right(a, b)),
            Op::Bvmul => Value::Bits(self.product(a, b).0),
            Op::Bvsmulo => {
                let overflows = self.product(a, b).1;
                Value::one(if overflow { overflows } else { Lit::FALSE })
            }
            Op::Bvsdiv | Op::Bvsrem | Op::Bvsmod => self.division(op, a, b),
            _ => self.foreign("an operation that the engine does not know"),
        }
    }

    /// The product, and whether it overflows.
    fn product(&mut self, a: &Bits, b: &Bits) -> (Bits, Lit) {
        if a.known().is_none() && b.known().is_none() {
            self.hard = Some(HardArithmetic::Product);
        }
        self.circuit.multiply(a, b)
    }

    fn division(&mut self, op: &Op, a: &Bits, b: &Bits) -> Value {
        let positive = b.known().filter(|divisor| *divisor > 0 && b.sign() == Lit::FALSE);
        let Some(divisor) = positive else {
            return self.foreign("division by a number that is not a positive constant");
        };
        if a.known().is_none() {
            self.hard = Some(HardArithmetic::Dates);
        }
        let (quotient, remainder) = self.divide(a, divisor);
        match op {
            Op::Bvsdiv => Value::Bits(quotient),
            Op::Bvsrem => Value::Bits(remainder),
            // The remainder with the sign of the divisor.
            _ => {
                let lifted = self.circuit.add(&remainder, b);
                Value::Bits(self.circuit.choose(remainder.sign(), &lifted, &remainder))
            }
        }
    }

    /// Quotient and remainder.
    fn divide(&mut self, a: &Bits, divisor: u128) -> (Bits, Bits) {
        let key = (a.clone(), divisor);
        if let Some(result) = self.quotients.get(&key) {
            return result.clone();
        }
        let result = match a
            .known()
            .and_then(|number| i64::try_from(number.cast_signed()).ok().or(Some(number as u64 as i64)))
        {
            Some(number) if a.width() == 64 => {
                let divisor = i128::try_from(divisor).unwrap_or(i128::MAX);
                let number = i128::from(number);
                let of = |value: i128| Bits::constant(value.cast_unsigned(), 64);
                (of(number / divisor), of(number % divisor))
            }
            _ => self.circuit.divide(a, divisor),
        };
        self.quotients.insert(key, result.clone());
        result
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
