//! Classes: what stands for entities and strings.
//!
//! Entities and strings are numbers of *classes*: each constant has a number of its own, and every other number below
//! the space's bound is some other entity or string. Two are equal exactly when the numbers are, so that equality needs
//! no axioms. A space is as wide as the constants and unknowns in it need; when there turn out to be more, the spaces
//! say so ([`Spaces::too_narrow`]) and the encoding starts again with more width, so that no question is answered in
//! too small a world. The first guess is by the number of policies.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use cedar_policy::EntityTypeName;
use rustc_hash::FxHashMap;

use crate::symbolic::circuit::{Bits, Circuit, Lit};
use crate::symbolic::compile::SchemaModel;

/// What numbers of classes count: strings, or the entities of one type.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) enum SpaceKey {
    /// Strings.
    Strings,
    /// Entities of a type.
    Entities(EntityTypeName),
}

/// Bits of the numbers of each space.
pub(in crate::symbolic) type Widths = BTreeMap<SpaceKey, usize>;

/// The classes of one kind.
#[derive(Debug, Default)]
pub(in crate::symbolic) struct Space {
    /// Text (or entity id) of each constant; its number is its index.
    constants: Vec<String>,
    numbers: FxHashMap<String, usize>,
    /// The ids that each side allows, if it enumerates them.
    choices: [Option<Vec<String>>; 2],
    width: usize,
    unknowns: usize,
}

impl Space {
    /// The space that `key` names under `schemas`, `width` bits wide or as wide as it takes, `least` if it is open.
    fn new(schemas: &[&SchemaModel], key: &SpaceKey, width: Option<usize>, least: usize) -> Self {
        let choices = |schema: &&SchemaModel| match key {
            SpaceKey::Strings => None,
            SpaceKey::Entities(ty) => schema.types.get(ty).and_then(|model| model.choices.clone()),
        };
        let choices = [schemas.first().and_then(choices), schemas.get(1).and_then(choices)];
        let listed: usize = choices.iter().flatten().map(Vec::len).sum();
        let fits = (listed + 1).next_power_of_two().trailing_zeros() as usize;
        // Where every side lists the ids, nothing else can occur.
        let closed = schemas.iter().all(|schema| match key {
            SpaceKey::Strings => false,
            SpaceKey::Entities(ty) => schema.types.get(ty).is_none_or(|model| model.choices.is_some()),
        });
        let usual = if closed { fits } else { least.max(fits + 1) };
        let mut space = Space { choices, width: width.unwrap_or(usual), ..Space::default() };
        // What nothing was asked of is the first: one that every side lists, if there is one.
        let (common, others): (Vec<String>, Vec<String>) = space
            .choices
            .iter()
            .flatten()
            .flatten()
            .cloned()
            .partition(|id| space.choices.iter().flatten().all(|choices| choices.contains(id)));
        for id in common.into_iter().chain(others) {
            space.number_of(&id);
        }
        space
    }

    /// The number of a constant, a new one if need be.
    fn number_of(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = self.constants.len();
        self.constants.push(text.to_owned());
        self.numbers.insert(text.to_owned(), number);
        number
    }

    /// The constants; the number of each is its index.
    pub(in crate::symbolic) fn constants(&self) -> &[String] {
        &self.constants
    }

    /// The number of a constant, if it is one.
    pub(in crate::symbolic) fn number(&self, text: &str) -> Option<usize> {
        self.numbers.get(text).copied()
    }

    /// Whether there may be more classes than numbers.
    fn is_full(&self) -> bool {
        let bound = 1_usize.checked_shl(u32::try_from(self.width).unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
        self.constants.len() + self.unknowns > bound
    }
}

/// The spaces of an encoding.
#[derive(Debug)]
pub(in crate::symbolic) struct Spaces<'a> {
    schemas: Vec<&'a SchemaModel>,
    spaces: BTreeMap<SpaceKey, Space>,
    /// The constants of [`SpaceKey::Strings`].
    strings: Rc<HashSet<String>>,
    widths: Widths,
    least_width: usize,
    narrow: bool,
}

impl<'a> Spaces<'a> {
    /// None yet. `widths` are those of earlier spaces that were too narrow, `least_width` is that of a new one.
    pub(super) fn new(schemas: Vec<&'a SchemaModel>, widths: Widths, least_width: usize) -> Self {
        Self { schemas, spaces: BTreeMap::new(), strings: Rc::default(), widths, least_width, narrow: false }
    }

    /// When some space was too narrow for what it had to hold: the widths to start again with.
    pub(in crate::symbolic) fn too_narrow(&self) -> Option<Widths> {
        self.narrow.then(|| {
            let width = |space: &Space| {
                let needed = 2 * (space.constants.len() + space.unknowns + 1);
                space.width.max(needed.next_power_of_two().trailing_zeros() as usize)
            };
            self.spaces.iter().map(|(key, space)| (key.clone(), width(space))).collect()
        })
    }

    /// The space, if anything was asked of it.
    pub(in crate::symbolic) fn get(&self, key: &SpaceKey) -> Option<&Space> {
        self.spaces.get(key)
    }

    fn open(&mut self, key: &SpaceKey) -> &mut Space {
        if !self.spaces.contains_key(key) {
            let space = Space::new(&self.schemas, key, self.widths.get(key).copied(), self.least_width);
            self.spaces.insert(key.clone(), space);
        }
        self.spaces.entry(key.clone()).or_default()
    }

    /// The class of a constant.
    pub(in crate::symbolic) fn constant(&mut self, key: &SpaceKey, text: &str) -> Bits {
        let space = self.open(key);
        let (number, width, full) = (space.number_of(text), space.width, space.is_full());
        self.narrow |= full;
        Bits::constant(number as u128, width)
    }

    /// Every string that is a constant.
    pub(in crate::symbolic) fn string_constants(&mut self) -> Rc<HashSet<String>> {
        let constants = self.spaces.get(&SpaceKey::Strings).map_or(&[][..], Space::constants);
        let known = self.strings.len();
        if known < constants.len() {
            Rc::make_mut(&mut self.strings).extend(constants.iter().skip(known).cloned());
        }
        Rc::clone(&self.strings)
    }

    /// An unknown class; `sides` says who declares it.
    pub(super) fn unknown(&mut self, circuit: &mut Circuit, key: &SpaceKey, sides: [bool; 2]) -> Bits {
        let space = self.open(key);
        let listed = space.choices.iter().zip(sides).any(|(choices, declares)| declares && choices.is_some());
        space.unknowns += usize::from(!listed);
        let width = space.width;
        // Each unknown would rather be something of its own: the highest numbers are no constants.
        let last = 1_usize.checked_shl(u32::try_from(width).unwrap_or(u32::MAX)).map_or(usize::MAX, |bound| bound - 1);
        let preferred = if listed { 0 } else { last.saturating_sub(space.unknowns - 1) };
        let choices: Vec<Vec<String>> =
            space.choices.iter().zip(sides).filter_map(|(ids, declares)| ids.clone().filter(|_| declares)).collect();
        let full = space.is_full();
        self.narrow |= full;
        let bits = Bits::preferring(circuit, width, preferred);
        for ids in choices {
            let is = |id: &String| {
                let constant = self.constant(key, id);
                circuit.equal(&bits, &constant)
            };
            let one_of: Vec<Lit> = ids.iter().map(is).collect();
            circuit.clause_with(bits.iter(), &one_of);
        }
        bits
    }
}
