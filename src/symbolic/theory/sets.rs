//! Sets by their elements.
//!
//! Two axioms, each said where a model breaks it:
//! - *membership respects equality*: equal elements of equal sets are both in or both out, where sets at places are
//!   equal when they are the same attribute, tag or ancestors of equal entities;
//! - *inclusion holds for every element* (extensionality): if one set is included in another, each element of the first
//!   that turns up is in the second. The other direction, that a set which is not included has an element to show for
//!   it, is said when the inclusion is encoded ([`Encoder::subset`]); equality of sets is inclusion
//!   both ways.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use super::model::{Concrete, GroupKey, Model};
use crate::symbolic::circuit::Lit;
use crate::symbolic::encode::{Encoder, Member, PathId, PlaceId, Subset, Value};

/// Adds axioms that the model breaks; how many.
pub(in crate::symbolic) fn check(encoder: &mut Encoder<'_>) -> usize {
    let model = Model::new(encoder);
    let memberships = broken_memberships(&model);
    let inclusions = if encoder.axioms.extensionality { broken_inclusions(&model) } else { Vec::new() };
    for ((a, x, in_a), (b, y, in_b)) in &memberships {
        let same_set = encoder.equal_arguments(*a, *b);
        let same_element = encoder.equal(x, y);
        encoder.circuit.clause(&[!same_set, !same_element, !*in_a, *in_b]);
        encoder.circuit.clause(&[!same_set, !same_element, *in_a, !*in_b]);
    }
    for (subset, element) in &inclusions {
        let inside = encoder.member(element, &subset.small);
        let required = encoder.member(element, &subset.large);
        encoder.circuit.clause(&[!subset.lit, !inside, required]);
    }
    memberships.len() + inclusions.len()
}

type Atom = (PlaceId, Value, Lit);

/// Pairs of atoms about the same element of the same set, of which one holds and the other does not.
fn broken_memberships(model: &Model<'_, '_>) -> Vec<(Atom, Atom)> {
    let places = &model.encoder.places;
    let congruence = model.encoder.axioms.congruence;
    let mut broken = Vec::new();
    let mut held: BTreeMap<PathId, Vec<(PlaceId, &Member)>> = BTreeMap::new();
    for (id, member) in model.held() {
        held.entry(places[id].path).or_default().push((id, member));
    }
    let group = |id: PlaceId| {
        let (_, mut arguments) = model.group(id);
        if !congruence {
            // Without the axiom for functions, places are sets of their own.
            arguments.push(Concrete::Number(u128::from(id.number()), 1));
        }
        arguments
    };
    let atom = |id: PlaceId, member: &Member| (id, member.element.clone(), member.lit);
    for (path, held) in held {
        let mut inside: FxHashMap<Vec<Concrete>, FxHashMap<Concrete, Atom>> = FxHashMap::default();
        for (id, member) in held {
            inside.entry(group(id)).or_default().insert(model.value(&member.element), atom(id, member));
        }
        for id in places[path].places.iter().filter(|id| !places[**id].members.is_empty()) {
            let Some(inside) = inside.get(&group(*id)) else { continue };
            let numbers = inside.keys().filter_map(|value| match value {
                Concrete::Number(number, _) => Some(*number),
                _ => None,
            });
            for member in places[*id].members.like(numbers).into_iter().filter(|member| !model.lit(member.lit)) {
                if let Some(same) = inside.get(&model.value(&member.element)) {
                    broken.push((same.clone(), atom(*id, member)));
                }
            }
        }
    }
    broken
}

/// Inclusions that hold in the model although an element of the smaller set is not known to be in the larger.
fn broken_inclusions(model: &Model<'_, '_>) -> Vec<(Subset, Value)> {
    let mut by_group: BTreeMap<GroupKey, Vec<PlaceId>> = BTreeMap::new();
    let held: Vec<&Subset> = model.encoder.subsets.iter().filter(|subset| model.lit(subset.lit)).collect();
    if held.is_empty() {
        return Vec::new();
    }
    for (id, _) in model.encoder.places.all().filter(|(_, place)| !place.members.is_empty()) {
        by_group.entry(model.group(id)).or_default().push(id);
    }
    let mut broken = Vec::new();
    for subset in held {
        let Concrete::Set(small) = model.value(&subset.small) else { continue };
        if small.is_empty() {
            continue;
        }
        let Concrete::Set(large) = model.value(&subset.large) else { continue };
        for element in candidates(model, &by_group, &subset.small) {
            let value = model.value(&element);
            if small.contains(&value) && !large.contains(&value) {
                broken.push((subset.clone(), element));
                break;
            }
        }
    }
    broken
}

/// The elements that are known to be in the set at the place inside `set`, as they are written.
fn candidates(model: &Model<'_, '_>, by_group: &BTreeMap<GroupKey, Vec<PlaceId>>, set: &Value) -> Vec<Value> {
    match set {
        Value::Unknown(place, ..) => {
            let places = by_group.get(&model.group(*place)).into_iter().flatten();
            let members = places.flat_map(|id| model.encoder.places[*id].members.iter());
            members.filter(|member| model.lit(member.lit)).map(|member| member.element.clone()).collect()
        }
        Value::Meet(a, b) => {
            let found = candidates(model, by_group, a);
            if found.is_empty() { candidates(model, by_group, b) } else { found }
        }
        Value::Choice(test, then, other) => candidates(model, by_group, if model.lit(*test) { then } else { other }),
        Value::Listed(elements) => elements.to_vec(),
        Value::Bits(_) | Value::Option(..) | Value::Record(_) => Vec::new(),
    }
}
