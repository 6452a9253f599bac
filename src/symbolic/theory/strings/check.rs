//! Strings match patterns as strings do.
//!
//! In a model, strings are numbers of classes and each `like` is a bit. This theory finds a string for every class such
//! that the bits are right: constants are themselves, and every other class gets a string that matches what it should
//! and nothing that it should not, different from every constant and from every other class. Where that cannot be, it
//! says why as a clause: the smallest part found of the bits, equalities and differences that cannot hold together.

use std::collections::{BTreeMap, HashSet};

use super::class::classes;
use super::language::TooManyStates;
use super::refutation::{refute, refute_constants};
use super::sharing::{Checked, Options, share_out};
use crate::symbolic::encode::{Encoder, SpaceKey};

/// Finds strings, or adds clauses.
pub(in crate::symbolic) fn check(encoder: &mut Encoder<'_>) -> Result<Checked, TooManyStates> {
    if !encoder.axioms.patterns || encoder.likes.is_empty() {
        return Ok(Checked::Strings(BTreeMap::new()));
    }
    let classes = classes(encoder);
    if refute_constants(encoder, &classes) {
        return Ok(Checked::Refuted);
    }
    let refused = encoder.spaces.string_constants();
    let mut assigned: BTreeMap<usize, String> = BTreeMap::new();
    // The strings of `assigned`.
    let mut given: HashSet<String> = HashSet::new();
    let mut waiting: Vec<usize> = Vec::new();
    let mut options: BTreeMap<usize, Options> = BTreeMap::new();
    for class in classes.values().filter(|class| !is_constant(encoder, class.number)) {
        let (mut demand, found) = class.demand(&|text| refused.contains(text) || given.contains(text))?;
        if let Some(text) = found {
            given.insert(text.clone());
            assigned.insert(class.number, text);
            continue;
        }
        // No string is left: either the language is empty but for constants, or others have taken what there is.
        let Some(mut all) = demand.language().all(refused.len() + given.len())? else { return Err(TooManyStates) };
        let unwanted = |text: &String| class.likes.iter().any(|(like, holds)| !holds && like.pattern.matches(text));
        let narrowed = all.iter().any(unwanted);
        if narrowed {
            all.retain(|text| !unwanted(text));
            demand = class.whole();
        }
        if all.iter().all(|text| refused.contains(text)) {
            demand.shrink(class, &|text| refused.contains(text))?;
            let language = demand.language().all(refused.len())?.unwrap_or_default();
            refute(encoder, &[(class, &demand)], &language);
            return Ok(Checked::Refuted);
        }
        waiting.push(class.number);
        options.insert(class.number, Options { demand, strings: Some(all) });
    }
    if waiting.is_empty() {
        return Ok(Checked::Strings(assigned));
    }
    share_out(encoder, &classes, waiting, options, assigned, &refused)
}

fn is_constant(encoder: &Encoder<'_>, number: usize) -> bool {
    encoder.spaces.get(&SpaceKey::Strings).is_some_and(|space| number < space.constants().len())
}
