//! Strings of finite languages, shared out among classes that each need one of their own.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::class::{Class, Demand};
use super::language::TooManyStates;
use super::refutation::refute;
use crate::symbolic::encode::Encoder;

/// What the theory found.
pub(in crate::symbolic) enum Checked {
    /// A string for every class that patterns speak of.
    Strings(BTreeMap<usize, String>),
    /// Clauses were added.
    Refuted,
}

/// The strings that a class may have.
pub(super) struct Options {
    pub(super) demand: Demand,
    /// All of them, constants included, or `None` when there are more than classes.
    pub(super) strings: Option<Vec<String>>,
}

/// Shares the strings of finite languages out, so that each class has one of its own (augmenting paths). `waiting` are
/// the classes that found everything taken; `options` holds theirs.
pub(super) fn share_out(
    encoder: &mut Encoder<'_>,
    classes: &BTreeMap<usize, Class>,
    waiting: Vec<usize>,
    mut options: BTreeMap<usize, Options>,
    assigned: BTreeMap<usize, String>,
    refused: &HashSet<String>,
) -> Result<Checked, TooManyStates> {
    // As many strings as there are classes are enough for each.
    let enough = classes.len() + refused.len();
    for class in classes.values().filter(|class| assigned.contains_key(&class.number)) {
        let demand = class.whole();
        let strings = demand.language().all(enough)?;
        options.insert(class.number, Options { demand, strings });
    }
    let mut sharing = Sharing {
        classes,
        options: &options,
        refused,
        owner: assigned.iter().map(|(class, text)| (text.clone(), *class)).collect(),
    };
    for number in waiting {
        let mut visited = Vec::new();
        if sharing.place(number, &mut visited)? {
            continue;
        }
        let mut language: Vec<String> =
            visited.iter().filter_map(|number| options.get(number)?.strings.clone()).flatten().collect();
        language.sort();
        language.dedup();
        let rivals: Vec<(&Class, &Demand)> =
            visited.iter().filter_map(|number| Some((classes.get(number)?, &options.get(number)?.demand))).collect();
        refute(encoder, &rivals, &language);
        return Ok(Checked::Refuted);
    }
    Ok(Checked::Strings(sharing.owner.into_iter().map(|(text, class)| (class, text)).collect()))
}

struct Sharing<'s> {
    classes: &'s BTreeMap<usize, Class>,
    options: &'s BTreeMap<usize, Options>,
    refused: &'s HashSet<String>,
    owner: HashMap<String, usize>,
}

impl Sharing<'_> {
    /// Gives class `number` a string, moving others where that makes room. `visited` are the classes in each other's
    /// way.
    fn place(&mut self, number: usize, visited: &mut Vec<usize>) -> Result<bool, TooManyStates> {
        visited.push(number);
        let (Some(options), Some(class)) = (self.options.get(&number), self.classes.get(&number)) else {
            return Ok(false);
        };
        let Some(strings) = &options.strings else {
            // There are more strings than classes: one of them is free.
            let (_, found) = class.demand(&|text| self.refused.contains(text) || self.owner.contains_key(text))?;
            let Some(text) = found else { return Err(TooManyStates) };
            self.give(number, text);
            return Ok(true);
        };
        for text in strings.iter().filter(|text| !self.refused.contains(*text)) {
            let free = match self.owner.get(text).copied() {
                None => true,
                Some(other) if visited.contains(&other) => false,
                Some(other) => self.place(other, visited)?,
            };
            if free {
                self.give(number, text.clone());
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn give(&mut self, number: usize, text: String) {
        self.owner.retain(|_, class| *class != number);
        self.owner.insert(text, number);
    }
}
