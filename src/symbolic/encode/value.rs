//! Values as the engine sees them: structure outside, literals inside.

use std::collections::BTreeMap;
use std::rc::Rc;

use cedar_policy_symcc::type_abbrevs::Attr;

use super::ids::{PlaceId, TypeId};
use crate::symbolic::circuit::{Bits, Lit};

/// A value of any of Cedar's types.
///
/// Booleans, numbers, extension values, entities and strings are bits: an entity or string is the number of its class,
/// see [`super::spaces`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::symbolic) enum Value {
    /// One that is equal to another exactly when all bits are.
    Bits(Bits),
    /// There where the literal holds; the inner value is missing when it is never there.
    Option(Lit, Option<Rc<Value>>),
    /// A record.
    Record(Rc<BTreeMap<Attr, Value>>),
    /// A set of exactly these.
    Listed(Rc<Vec<Value>>),
    /// What both sets have.
    Meet(Rc<Value>, Rc<Value>),
    /// What stands at a place, not looked at yet, as a side sees it.
    Unknown(PlaceId, TypeId, usize),
    /// The first where the literal holds, else the second; only for what is not bits.
    Choice(Lit, Rc<Value>, Rc<Value>),
}

/// What a value is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::symbolic) enum Kind {
    /// Bits.
    Bits,
    /// Something that may be missing.
    Option,
    /// A record.
    Record,
    /// A set.
    Set,
}

impl Value {
    /// A boolean.
    pub(super) fn one(lit: Lit) -> Self {
        Self::Bits(Bits::one(lit))
    }

    /// Calls `visit` with the places of the sets that a set is made of.
    pub(in crate::symbolic) fn places(&self, visit: &mut dyn FnMut(PlaceId)) {
        match self {
            Self::Unknown(place, ..) => visit(*place),
            Self::Meet(a, b) | Self::Choice(_, a, b) => {
                a.places(visit);
                b.places(visit);
            }
            Self::Bits(_) | Self::Option(..) | Self::Record(_) | Self::Listed(_) => {}
        }
    }
}
