//! Why there are no strings for a model, as clauses.

use std::collections::BTreeMap;

use super::class::{Class, Demand};
use crate::symbolic::circuit::{Bits, Lit};
use crate::symbolic::encode::{Encoder, Space, SpaceKey};

/// A constant matches or it does not: says so where the model has it otherwise.
pub(super) fn refute_constants(encoder: &mut Encoder<'_>, classes: &BTreeMap<usize, Class>) -> bool {
    let mut refuted = false;
    for class in classes.values() {
        let constants = encoder.spaces.get(&SpaceKey::Strings).map(Space::constants);
        let Some(text) = constants.and_then(|constants| constants.get(class.number)).cloned() else { continue };
        for (like, holds) in &class.likes {
            let right = like.pattern.matches(&text);
            if right != *holds {
                let constant = encoder.spaces.constant(&SpaceKey::Strings, &text);
                let same = encoder.circuit.equal(&like.text, &constant);
                encoder.circuit.clause(&[!same, like.lit.negated_if(!right)]);
                refuted = true;
            }
        }
    }
    refuted
}

/// Says that these classes, as far as the demands go, cannot all be different from each other and from the constants
/// among `language`.
pub(super) fn refute(encoder: &mut Encoder<'_>, classes: &[(&Class, &Demand)], language: &[String]) {
    let mut clause: Vec<Lit> = Vec::new();
    let mut firsts: Vec<Bits> = Vec::new();
    for (class, demand) in classes {
        let mut texts: Vec<Bits> = Vec::new();
        for index in demand.positive.iter().chain(&demand.negative) {
            let Some((like, holds)) = class.likes.get(*index) else { continue };
            clause.push(like.lit.negated_if(*holds));
            if !texts.contains(&like.text) {
                texts.push(like.text.clone());
            }
        }
        let Some((first, rest)) = texts.split_first() else { continue };
        for other in rest {
            clause.push(!encoder.circuit.equal(first, other));
        }
        for text in language {
            let known = encoder.spaces.get(&SpaceKey::Strings).is_some_and(|space| space.number(text).is_some());
            if known {
                let constant = encoder.spaces.constant(&SpaceKey::Strings, text);
                clause.push(encoder.circuit.equal(first, &constant));
            }
        }
        for earlier in &firsts {
            clause.push(encoder.circuit.equal(earlier, first));
        }
        firsts.push(first.clone());
    }
    encoder.circuit.clause(&clause);
}
