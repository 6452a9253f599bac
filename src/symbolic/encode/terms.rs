//! From symcc's terms to values: which operation is whose.

use std::mem::discriminant;
use std::rc::Rc;
use std::sync::Arc;

use cedar_policy_symcc::ext::Ext;
use cedar_policy_symcc::op::Op;
use cedar_policy_symcc::term::{Term, TermPrim};
use cedar_policy_symcc::term_factory;
use cedar_policy_symcc::term_type::TermType;

use super::encoder::Encoder;
use super::pattern::Pattern;
use super::spaces::SpaceKey;
use super::value::Value;
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::compile::terms;
use crate::symbolic::reason::Difficulty;

impl Encoder<'_> {
    /// The value of a term.
    pub(super) fn encode(&mut self, term: &Term) -> Value {
        match term {
            Term::Prim(prim) => Value::Bits(self.primitive(prim)),
            Term::None(_) => Value::Option(Lit::FALSE, None),
            Term::Some(inner) => {
                let inner = self.encode(inner);
                Value::Option(Lit::TRUE, Some(Rc::new(inner)))
            }
            Term::Record(fields) => {
                let fields = fields.iter().map(|(attr, field)| (attr.clone(), self.encode(field))).collect();
                Value::Record(Rc::new(fields))
            }
            Term::Set { elts, .. } => {
                let solid = |element| {
                    let element = self.encode(element);
                    self.solid(&element)
                };
                Value::Listed(Rc::new(elts.iter().map(solid).collect()))
            }
            Term::Var(variable) => self.variable(&variable.id, &variable.ty),
            Term::App { op, args, ret_ty } => {
                let key = (Arc::as_ptr(args), self.side);
                if let Some(value) = self.memo.get(&key) {
                    return value.clone();
                }
                let value = self.apply(op, args, ret_ty);
                // The session keeps every term that it encodes, so the address stays taken. Terms are shared inside, so
                // that without this a sum of forty numbers would be encoded 2^40 times.
                self.memo.insert(key, value.clone());
                value
            }
        }
    }

    fn primitive(&mut self, prim: &TermPrim) -> Bits {
        match prim {
            TermPrim::Bool(value) => Bits::one(Lit::from(*value)),
            TermPrim::Bitvec(number) => Bits::constant(terms::number(number), number.width().get() as usize),
            TermPrim::String(text) => self.spaces.constant(&SpaceKey::Strings, text),
            TermPrim::Entity(uid) => self.entity(uid),
            TermPrim::Ext(ext) => match ext {
                Ext::Decimal { .. } => self.folded(&term_factory::ext_decimal_val(Term::Prim(prim.clone()))),
                Ext::Datetime { .. } => self.folded(&term_factory::ext_datetime_val(Term::Prim(prim.clone()))),
                Ext::Duration { .. } => self.folded(&term_factory::ext_duration_val(Term::Prim(prim.clone()))),
                Ext::Ipaddr { ip } => self.literal_address(prim, ip.is_v4()),
            },
        }
    }

    /// The bits of a term that symcc has computed already.
    pub(super) fn folded(&mut self, term: &Term) -> Bits {
        let value = self.encode(term);
        self.bits(&value)
    }

    /// The bits of the first two operands.
    fn operands(&mut self, args: &[Term]) -> (Bits, Bits) {
        let mut each = args.iter().map(|arg| self.folded(arg));
        let first = each.next().unwrap_or_else(|| Bits::constant(0, 0));
        let second = each.next().unwrap_or_else(|| Bits::constant(0, 0));
        (first, second)
    }

    /// The first operand.
    fn operand(&mut self, args: &[Term]) -> Value {
        args.first().map_or(Value::Bits(Bits::constant(0, 0)), |arg| self.encode(arg))
    }

    fn pair(&mut self, a: &Term, b: &Term) -> (Value, Value) {
        let a = self.encode(a);
        (a, self.encode(b))
    }

    fn apply(&mut self, op: &Op, args: &[Term], ret_ty: &TermType) -> Value {
        match (op, args) {
            (Op::Not, _) => {
                let value = self.operand(args);
                Value::one(!self.bits(&value).bit(0))
            }
            (Op::And, [one, two]) if let Some(block) = terms::in_block(one, two) => self.in_block(&block),
            (Op::And, _) => {
                let (a, b) = self.operands(args);
                Value::one(self.circuit.and(a.bit(0), b.bit(0)))
            }
            (Op::Or, _) => {
                let (a, b) = self.operands(args);
                Value::one(self.circuit.or(a.bit(0), b.bit(0)))
            }
            (Op::Ite, [test, then, other]) => self.conditional(test, then, other),
            (Op::Ite, _) => self.foreign("a conditional without three operands"),
            (Op::Eq, [a, b]) => {
                let (a, b) = self.pair(a, b);
                Value::one(self.equal(&a, &b))
            }
            (Op::Eq, _) => self.foreign("an equation without two operands"),
            (Op::OptionGet, _) => self.get_option(args, ret_ty),
            (Op::RecordGet(attr), _) => {
                let value = self.operand(args);
                self.field(&value, attr)
            }
            (Op::Uuf(function), _) => {
                let argument = self.operand(args);
                self.function(&function.id, &argument, ret_ty)
            }
            (Op::SetMember | Op::SetSubset | Op::SetInter, _) => self.set_operation(op, args),
            (Op::StringLike(pattern), _) => {
                let value = self.operand(args);
                let text = self.bits(&value);
                Value::one(self.like(text, Pattern::new(terms::pattern(pattern))))
            }
            (Op::Ext(op), _) => {
                let value = self.operand(args);
                let bits = self.bits(&value);
                self.extension(op, bits)
            }
            _ => self.number(op, args),
        }
    }

    fn conditional(&mut self, test: &Term, then: &Term, other: &Term) -> Value {
        if let Some((number, divisor)) = terms::time_of_day(test, then, other) {
            let (number, divisor) = (self.folded(number), self.folded(divisor));
            return self.arithmetic(&Op::Bvsmod, &number, &divisor);
        }
        let test = self.folded(test).bit(0);
        match test.constant() {
            Some(true) => self.encode(then),
            Some(false) => self.encode(other),
            None => {
                let (then, other) = self.pair(then, other);
                self.choose(test, then, other)
            }
        }
    }

    fn get_option(&mut self, args: &[Term], ret_ty: &TermType) -> Value {
        let value = self.operand(args);
        match self.option(&value).1 {
            Some(inner) => inner,
            // Never there: its value does not matter, but it has one.
            None => {
                let place = self.places.fresh(ret_ty.clone(), self.side);
                Value::Unknown(place, self.types.id(ret_ty), self.side)
            }
        }
    }

    fn set_operation(&mut self, op: &Op, args: &[Term]) -> Value {
        let [a, b] = args else {
            return self.foreign(match op {
                Op::SetMember => "a membership without two operands",
                Op::SetSubset => "an inclusion without two operands",
                _ => "an intersection without two operands",
            });
        };
        let (a, b) = self.pair(a, b);
        match op {
            Op::SetMember => Value::one(self.member(&a, &b)),
            Op::SetSubset => Value::one(self.subset(&a, &b)),
            _ => Value::Meet(Rc::new(a), Rc::new(b)),
        }
    }

    /// An operation of numbers.
    fn number(&mut self, op: &Op, args: &[Term]) -> Value {
        let (a, b) = self.operands(args);
        match op {
            Op::Bvneg | Op::Bvnego | Op::ZeroExtend(_) => self.unary(op, &a),
            // Every policy with these is to be told that they are hard.
            Op::Bvmul | Op::Bvsmulo | Op::Bvsdiv | Op::Bvsrem | Op::Bvsmod => self.arithmetic(op, &a, &b),
            _ => {
                if matches!(op, Op::Bvsaddo | Op::Bvssubo) && a.known().is_none() && b.known().is_none() {
                    self.hard = self.hard.max(Some(Difficulty::Sums));
                }
                let key = (discriminant(op), a, b);
                if let Some(result) = self.results.get(&key) {
                    return result.clone();
                }
                let result = self.arithmetic(op, &key.1, &key.2);
                if self.unsupported.is_none() {
                    self.results.insert(key, result.clone());
                }
                result
            }
        }
    }
}
