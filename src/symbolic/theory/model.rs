//! Reading values from a model of the SAT solver.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy_symcc::type_abbrevs::Attr;

use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::encode::{Encoder, Member, PathId, PlaceId, Value};

/// A concrete value: equal exactly when the values are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::symbolic) enum Concrete {
    /// The low 128 bits, and those above them.
    Number(u128, u16),
    /// Something that may be missing.
    Option(Option<Box<Concrete>>),
    /// A record.
    Record(BTreeMap<Attr, Concrete>),
    /// A set.
    Set(BTreeSet<Concrete>),
}

/// The places of a path that belong to the same entity (and tag) in the model.
pub(in crate::symbolic) type GroupKey = (PathId, Vec<Concrete>);

/// One model.
pub(in crate::symbolic) struct Model<'m, 'a> {
    pub(in crate::symbolic) encoder: &'m Encoder<'a>,
    /// The elements that are in their sets, by place and index, in the order of paths.
    held: Vec<(PlaceId, usize)>,
    /// For each set in the model, the elements that were asked for and are in it.
    contents: BTreeMap<GroupKey, BTreeSet<Concrete>>,
}

impl<'m, 'a> Model<'m, 'a> {
    /// The solver's last model.
    pub(in crate::symbolic) fn new(encoder: &'m Encoder<'a>) -> Self {
        let mut model = Self::new_shallow(encoder);
        // Sets of sets: each round reads all again with what the last one knew of the sets inside, until nothing
        // changes; a set is deeper than its elements, so that happens after as many rounds as sets are nested.
        loop {
            let mut contents: BTreeMap<GroupKey, BTreeSet<Concrete>> = BTreeMap::new();
            for (place, member) in model.held() {
                let inside = model.value(&member.element);
                contents.entry(model.group(place)).or_default().insert(inside);
            }
            if model.contents == contents {
                return model;
            }
            model.contents = contents;
            if !encoder.sets_in_sets {
                return model;
            }
        }
    }

    /// The solver's last model, of which no sets are read.
    pub(in crate::symbolic) fn new_shallow(encoder: &'m Encoder<'a>) -> Self {
        Self { encoder, held: encoder.held(), contents: BTreeMap::new() }
    }

    /// The elements that are in their sets, each with the place of the set, in the order of paths.
    pub(in crate::symbolic) fn held(&self) -> impl Iterator<Item = (PlaceId, &'m Member)> + '_ {
        let places = &self.encoder.places;
        self.held.iter().filter_map(|(place, index)| Some((*place, places[*place].members.get(*index)?)))
    }

    /// The value of a literal.
    pub(in crate::symbolic) fn lit(&self, lit: Lit) -> bool {
        self.encoder.circuit.value(lit)
    }

    /// The value of bits.
    pub(in crate::symbolic) fn number(&self, bits: &Bits) -> Concrete {
        let (mut low, mut high) = (0_u128, 0_u16);
        for (index, bit) in bits.iter().enumerate() {
            if self.lit(bit) {
                match index {
                    0..128 => low |= 1 << index,
                    _ => high |= 1 << (index - 128).min(15),
                }
            }
        }
        Concrete::Number(low, high)
    }

    /// The number of a class.
    pub(in crate::symbolic) fn class(&self, bits: &Bits) -> usize {
        match self.number(bits) {
            Concrete::Number(low, _) => usize::try_from(low).unwrap_or(usize::MAX),
            _ => usize::MAX,
        }
    }

    /// Path and arguments of a place.
    pub(in crate::symbolic) fn group(&self, place: PlaceId) -> GroupKey {
        let place = &self.encoder.places[place];
        (place.path, place.arguments.iter().map(|bits| self.number(bits)).collect())
    }

    /// What is known to be in the set at these places.
    pub(in crate::symbolic) fn contents(&self, group: &GroupKey) -> Option<&BTreeSet<Concrete>> {
        self.contents.get(group)
    }

    /// A value; what was not looked at is as small as can be.
    pub(in crate::symbolic) fn value(&self, value: &Value) -> Concrete {
        match value {
            Value::Bits(bits) => self.number(bits),
            Value::Option(present, inner) => Concrete::Option(match inner {
                Some(inner) if self.lit(*present) => Some(Box::new(self.value(inner))),
                _ => None,
            }),
            Value::Record(fields) => {
                Concrete::Record(fields.iter().map(|(attr, field)| (attr.clone(), self.value(field))).collect())
            }
            Value::Listed(elements) => Concrete::Set(elements.iter().map(|element| self.value(element)).collect()),
            Value::Meet(a, b) => match (self.value(a), self.value(b)) {
                (Concrete::Set(a), Concrete::Set(b)) => Concrete::Set(a.intersection(&b).cloned().collect()),
                (other, _) => other,
            },
            Value::Choice(test, then, other) => self.value(if self.lit(*test) { then } else { other }),
            Value::Unknown(place, ..) => match &self.encoder.places[*place].bits {
                Some(bits) => self.number(bits),
                None => Concrete::Set(self.contents.get(&self.group(*place)).cloned().unwrap_or_default()),
            },
        }
    }
}
