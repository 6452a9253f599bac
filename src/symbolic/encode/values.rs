//! Structure is followed: options, records and conditionals are taken apart until bits are left.

use std::rc::Rc;

use cedar_policy_symcc::term_type::TermType;
use cedar_policy_symcc::type_abbrevs::Attr;

use super::encoder::Encoder;
use super::ids::PlaceId;
use super::numbers::WIDTH;
use super::places::plain;
use super::value::{Kind, Value};
use crate::symbolic::circuit::{Bits, Lit};

impl Encoder<'_> {
    /// What `value` is made of.
    pub(super) fn kind(&self, value: &Value) -> Kind {
        match value {
            Value::Bits(_) => Kind::Bits,
            Value::Option(..) => Kind::Option,
            Value::Record(_) => Kind::Record,
            Value::Listed(_) | Value::Meet(..) => Kind::Set,
            Value::Choice(_, then, _) => self.kind(then),
            Value::Unknown(_, ty, _) => match self.types.get(*ty) {
                TermType::Option { .. } => Kind::Option,
                TermType::Record { .. } => Kind::Record,
                TermType::Set { .. } => Kind::Set,
                _ => Kind::Bits,
            },
        }
    }

    /// The bits of a value that is made of bits.
    pub(super) fn bits(&mut self, value: &Value) -> Bits {
        match value {
            Value::Bits(bits) => bits.clone(),
            Value::Unknown(place, ty, _) => {
                if let Some(bits) = &self.places[*place].bits {
                    return bits.clone();
                }
                let path = &self.places[self.places[*place].path];
                let sides = [path.declared(0), path.declared(1)];
                let ty = self.types.get(*ty).clone();
                let bits = self.unknown_bits(&ty, sides);
                self.places[*place].bits = Some(bits.clone());
                bits
            }
            Value::Choice(test, then, other) => {
                let (then, other) = (self.bits(then), self.bits(other));
                self.choose_bits(*test, &then, &other)
            }
            Value::Option(..) | Value::Record(_) | Value::Listed(_) | Value::Meet(..) => Bits::constant(0, 0),
        }
    }

    /// Whether the optional value is there, and what it is then.
    pub(super) fn option(&mut self, value: &Value) -> (Lit, Option<Value>) {
        match value {
            Value::Option(present, inner) => (*present, inner.as_deref().cloned()),
            Value::Unknown(place, ty, side) => {
                let present = self.present(*place);
                let inner = plain(self.types.get(*ty)).clone();
                let inner = self.types.id(&inner);
                (present, Some(Value::Unknown(*place, inner, *side)))
            }
            Value::Choice(test, then, other) => {
                let ((here, then), (there, other)) = (self.option(then), self.option(other));
                let present = self.circuit.choice(*test, here, there);
                let inner = match (then, other) {
                    (Some(then), Some(other)) => Some(self.choose(*test, then, other)),
                    (then, other) => then.or(other),
                };
                (present, inner)
            }
            other => (Lit::TRUE, Some(other.clone())),
        }
    }

    fn present(&mut self, place: PlaceId) -> Lit {
        if let Some(present) = self.places[place].present {
            return present;
        }
        let required = self.places.required(self.places[place].path);
        let present = if required { Lit::TRUE } else { self.circuit.preferring(false) };
        self.places[place].present = Some(present);
        present
    }

    /// An attribute of a record.
    pub(super) fn field(&mut self, value: &Value, attr: &Attr) -> Value {
        match value {
            Value::Record(fields) => fields.get(attr).cloned().unwrap_or(Value::Option(Lit::FALSE, None)),
            Value::Unknown(place, ty, side) => {
                let field = match self.types.get(*ty) {
                    TermType::Record { rty } => rty.get(attr).cloned(),
                    _ => None,
                };
                let Some(field) = field else { return Value::Option(Lit::FALSE, None) };
                let path = self.places.step(self.places[*place].path, attr, *side);
                let arguments = self.places[*place].arguments.clone();
                let child = self.places.place(path, arguments);
                Value::Unknown(child, self.types.id(&field), *side)
            }
            Value::Choice(test, then, other) => {
                let (then, other) = (self.field(then, attr), self.field(other, attr));
                self.choose(*test, then, other)
            }
            Value::Bits(_) | Value::Option(..) | Value::Listed(_) | Value::Meet(..) => Value::Option(Lit::FALSE, None),
        }
    }

    fn fields(&self, value: &Value) -> Vec<Attr> {
        match value {
            Value::Record(fields) => fields.keys().cloned().collect(),
            Value::Unknown(_, ty, _) => match self.types.get(*ty) {
                TermType::Record { rty } => rty.keys().cloned().collect(),
                _ => Vec::new(),
            },
            Value::Choice(_, then, _) => self.fields(then),
            Value::Bits(_) | Value::Option(..) | Value::Listed(_) | Value::Meet(..) => Vec::new(),
        }
    }

    /// `then` where `test` holds, else `other`.
    pub(super) fn choose(&mut self, test: Lit, then: Value, other: Value) -> Value {
        match test.constant() {
            Some(true) => return then,
            Some(false) => return other,
            None => {}
        }
        if then == other {
            return then;
        }
        if self.kind(&then) == Kind::Bits {
            let (then, other) = (self.bits(&then), self.bits(&other));
            return Value::Bits(self.choose_bits(test, &then, &other));
        }
        Value::Choice(test, Rc::new(then), Rc::new(other))
    }

    fn choose_bits(&mut self, test: Lit, then: &Bits, other: &Bits) -> Bits {
        let bits = self.circuit.choose(test, then, other);
        if bits.width() == WIDTH {
            self.link_choice(test, &bits, then, other);
        }
        bits
    }

    /// The two are the same bits.
    pub(in crate::symbolic) fn equal_bits(&mut self, a: &Bits, b: &Bits) -> Lit {
        if a.width() == WIDTH && b.width() == WIDTH { self.equal_numbers(a, b) } else { self.circuit.equal(a, b) }
    }

    /// The two are equal.
    pub(in crate::symbolic) fn equal(&mut self, a: &Value, b: &Value) -> Lit {
        if a == b {
            return Lit::TRUE;
        }
        match self.kind(a) {
            Kind::Bits => {
                let (a, b) = (self.bits(a), self.bits(b));
                self.equal_bits(&a, &b)
            }
            Kind::Option => {
                let ((here, a), (there, b)) = (self.option(a), self.option(b));
                let both_or_neither = self.circuit.iff(here, there);
                let same = match (a, b) {
                    (Some(a), Some(b)) if here != Lit::FALSE && there != Lit::FALSE => self.equal(&a, &b),
                    _ => Lit::TRUE,
                };
                let same = self.circuit.implies(here, same);
                self.circuit.and(both_or_neither, same)
            }
            Kind::Record => {
                let mut all = Vec::new();
                for attr in self.fields(a) {
                    let (a, b) = (self.field(a, &attr), self.field(b, &attr));
                    all.push(self.equal(&a, &b));
                }
                self.circuit.all(all)
            }
            Kind::Set => {
                let (there, back) = (self.subset(a, b), self.subset(b, a));
                self.circuit.and(there, back)
            }
        }
    }

    /// Every argument of one place is equal to the same of the other.
    pub(in crate::symbolic) fn equal_arguments(&mut self, a: PlaceId, b: PlaceId) -> Lit {
        let pairs: Vec<(Bits, Bits)> =
            self.places[a].arguments.iter().cloned().zip(self.places[b].arguments.iter().cloned()).collect();
        let equal: Vec<Lit> = pairs.iter().map(|(a, b)| self.circuit.equal(a, b)).collect();
        self.circuit.all(equal)
    }

    /// The same value with nothing in it that was not looked at, except sets at places: the form in which elements are
    /// kept.
    pub(super) fn solid(&mut self, value: &Value) -> Value {
        match self.kind(value) {
            Kind::Bits => Value::Bits(self.bits(value)),
            Kind::Option => {
                let (present, inner) = self.option(value);
                let inner = inner.map(|inner| Rc::new(self.solid(&inner)));
                Value::Option(present, inner)
            }
            Kind::Record => {
                let attrs = self.fields(value);
                let solid = |attr: Attr| {
                    let field = self.field(value, &attr);
                    (attr, self.solid(&field))
                };
                Value::Record(Rc::new(attrs.into_iter().map(solid).collect()))
            }
            Kind::Set => value.clone(),
        }
    }
}
