//! Equal entities have equal attributes and tags (congruence).
//!
//! The axiom, for two places of one path: *if their arguments are equal, their values are*. It is said of a pair of
//! places when a model breaks it for that pair. What equal sets hold is [`super::sets`]'s business.

use rustc_hash::FxHashMap;

use super::model::{Concrete, GroupKey, Model};
use crate::symbolic::circuit::Lit;
use crate::symbolic::encode::{Encoder, PlaceId};

/// Adds the axiom for every pair that breaks it in the model; how many there were.
pub(in crate::symbolic) fn check(encoder: &mut Encoder<'_>) -> usize {
    let broken = broken(&Model::new_shallow(encoder));
    for (a, b) in &broken {
        if !encoder.settled.insert((*a, *b)) {
            continue;
        }
        let equal = encoder.equal_arguments(*a, *b);
        let places = &encoder.places;
        let mut pairs: Vec<(Lit, Lit)> = Vec::new();
        pairs.extend(places[*a].present.zip(places[*b].present));
        if let (Some(x), Some(y)) = (places[*a].bits.clone(), places[*b].bits.clone()) {
            if x.width() == 64 {
                let same = encoder.equal_bits(&x, &y);
                encoder.circuit.clause(&[!equal, same]);
            } else {
                pairs.extend(x.iter().zip(y.iter()));
            }
        }
        for (x, y) in pairs {
            encoder.circuit.clause(&[!equal, !x, y]);
            encoder.circuit.clause(&[!equal, x, !y]);
        }
    }
    broken.len()
}

/// Pairs of places with equal arguments and different values. Each place is compared with the first of its group that
/// has a value to compare with.
fn broken(model: &Model<'_, '_>) -> Vec<(PlaceId, PlaceId)> {
    let places = &model.encoder.places;
    let mut broken = Vec::new();
    let mut values: FxHashMap<GroupKey, (PlaceId, Concrete)> = FxHashMap::default();
    let mut presences: FxHashMap<GroupKey, (PlaceId, bool)> = FxHashMap::default();
    for (_, path) in places.paths() {
        if path.places.len() < 2 {
            continue;
        }
        for id in &path.places {
            let place = &places[*id];
            if place.bits.is_none() && place.present.is_none() {
                continue;
            }
            let group = model.group(*id);
            if let Some(present) = place.present {
                let present = model.lit(present);
                let (first, expected) = presences.entry(group.clone()).or_insert((*id, present));
                if *expected != present {
                    broken.push((*first, *id));
                    continue;
                }
            }
            if let Some(bits) = &place.bits {
                let value = model.number(bits);
                let (first, expected) = values.entry(group).or_insert_with(|| (*id, value.clone()));
                if *expected != value {
                    broken.push((*first, *id));
                }
            }
        }
    }
    broken
}
