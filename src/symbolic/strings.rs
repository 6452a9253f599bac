//! Strings match patterns as strings do.
//!
//! In a model, strings are numbers of classes and each `like` is a bit. This theory finds a string for every class such
//! that the bits are right: constants are themselves, and every other class gets a string that matches what it should
//! and nothing that it should not, different from every constant and from every other class. Where that cannot be, it
//! says why as a clause: the smallest part found of the bits, equalities and differences that cannot hold together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::bits::Bits;
use super::encoder::{Encoder, Like, SpaceKey};
use super::model::Model;
use super::pattern::{Language, Pattern, TooManyStates};
use super::sat::Lit;

/// What the theory found.
pub(super) enum Checked {
    /// A string for every class that patterns speak of.
    Strings(BTreeMap<usize, String>),
    /// Clauses were added.
    Refuted,
}

/// The questions about one class.
struct Class {
    number: usize,
    /// Each with whether it holds.
    likes: Vec<(Like, bool)>,
}

/// Finds strings, or adds clauses.
pub(super) fn check(encoder: &mut Encoder<'_>) -> Result<Checked, TooManyStates> {
    if !encoder.axioms.patterns || encoder.likes.is_empty() {
        return Ok(Checked::Strings(BTreeMap::new()));
    }
    let classes = classes(encoder);
    if refute_constants(encoder, &classes) {
        return Ok(Checked::Refuted);
    }
    let refused = encoder.string_constants();
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
    encoder.spaces.get(&SpaceKey::Strings).is_some_and(|space| number < space.constants.len())
}

fn classes(encoder: &Encoder<'_>) -> BTreeMap<usize, Class> {
    let model = Model::new_shallow(encoder);
    let mut classes: BTreeMap<usize, Class> = BTreeMap::new();
    for like in &encoder.likes {
        let number = model.class(&like.text);
        let class = classes.entry(number).or_insert_with(|| Class { number, likes: Vec::new() });
        class.likes.push((like.clone(), model.lit(like.lit)));
    }
    classes
}

/// A constant matches or it does not: says so where the model has it otherwise.
fn refute_constants(encoder: &mut Encoder<'_>, classes: &BTreeMap<usize, Class>) -> bool {
    let mut refuted = false;
    for class in classes.values() {
        let constants = encoder.spaces.get(&SpaceKey::Strings).map(|space| &space.constants);
        let Some(text) = constants.and_then(|constants| constants.get(class.number)).cloned() else { continue };
        for (like, holds) in &class.likes {
            let right = like.pattern.matches(&text);
            if right != *holds {
                let constant = encoder.constant(&SpaceKey::Strings, &text);
                let same = encoder.circuit.equal(&like.text, &constant);
                encoder.circuit.clause(&[!same, like.lit.negated_if(!right)]);
                refuted = true;
            }
        }
    }
    refuted
}

/// Which of a class's questions matter: indices into [`Class::likes`].
struct Demand {
    positive: Vec<usize>,
    negative: Vec<usize>,
    patterns: (Vec<Rc<Pattern>>, Vec<Rc<Pattern>>),
}

impl Class {
    fn pattern(&self, index: usize) -> Option<&Rc<Pattern>> {
        self.likes.get(index).map(|(like, _)| &like.pattern)
    }

    fn select(&self, positive: Vec<usize>, negative: Vec<usize>) -> Demand {
        let of = |indices: &[usize]| indices.iter().filter_map(|index| self.pattern(*index).cloned()).collect();
        Demand { patterns: (of(&positive), of(&negative)), positive, negative }
    }

    /// All of its questions.
    fn whole(&self) -> Demand {
        let indices = |wanted: bool| {
            let chosen = self.likes.iter().enumerate().filter(|(_, (_, holds))| *holds == wanted);
            chosen.map(|(index, _)| index).collect()
        };
        self.select(indices(true), indices(false))
    }

    /// A string that is not `taken` and does what it should. Patterns that should not match are taken up only when one
    /// does.
    fn demand(&self, taken: &dyn Fn(&str) -> bool) -> Result<(Demand, Option<String>), TooManyStates> {
        let indices = |wanted: bool| {
            self.likes.iter().enumerate().filter(move |(_, (_, holds))| *holds == wanted).map(|(i, _)| i)
        };
        let mut demand = self.select(indices(true).collect(), Vec::new());
        loop {
            let (found, _) = demand.language().strings(taken)?;
            let Some(text) = found.into_iter().next() else { return Ok((demand, None)) };
            let violated =
                indices(false).find(|index| self.pattern(*index).is_some_and(|pattern| pattern.matches(&text)));
            match violated {
                None => return Ok((demand, Some(text))),
                Some(index) => {
                    let mut negative = demand.negative;
                    negative.push(index);
                    demand = self.select(demand.positive, negative);
                }
            }
        }
    }
}

impl Demand {
    fn language(&self) -> OwnedLanguage<'_> {
        OwnedLanguage {
            positive: self.patterns.0.iter().map(AsRef::as_ref).collect(),
            negative: self.patterns.1.iter().map(AsRef::as_ref).collect(),
        }
    }

    /// Leaves out what is not needed for every string to be `refused`.
    fn shrink(&mut self, class: &Class, refused: &dyn Fn(&str) -> bool) -> Result<(), TooManyStates> {
        for positive in [true, false] {
            let mut index = 0;
            loop {
                let list = if positive { &self.positive } else { &self.negative };
                if index >= list.len() {
                    break;
                }
                let mut fewer = list.clone();
                fewer.remove(index);
                let smaller = match positive {
                    true => class.select(fewer, self.negative.clone()),
                    false => class.select(self.positive.clone(), fewer),
                };
                let (found, _) = smaller.language().strings(refused)?;
                if found.is_empty() {
                    *self = smaller;
                } else {
                    index += 1;
                }
            }
        }
        Ok(())
    }
}

/// A [`Language`] with the lists that it looks at.
struct OwnedLanguage<'d> {
    positive: Vec<&'d Pattern>,
    negative: Vec<&'d Pattern>,
}

impl OwnedLanguage<'_> {
    fn strings(&self, refused: &dyn Fn(&str) -> bool) -> Result<(Vec<String>, bool), TooManyStates> {
        Language::new(&self.positive, &self.negative).strings(refused)
    }

    fn all(&self, most: usize) -> Result<Option<Vec<String>>, TooManyStates> {
        Language::new(&self.positive, &self.negative).all(most)
    }
}

/// Says that these classes, as far as the demands go, cannot all be different from each other and from the constants
/// among `language`.
fn refute(encoder: &mut Encoder<'_>, classes: &[(&Class, &Demand)], language: &[String]) {
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
                let constant = encoder.constant(&SpaceKey::Strings, text);
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

/// The strings that a class may have.
struct Options {
    demand: Demand,
    /// All of them, constants included, or `None` when there are more than classes.
    strings: Option<Vec<String>>,
}

/// Shares the strings of finite languages out, so that each class has one of its own (augmenting paths). `waiting` are
/// the classes that found everything taken; `options` holds theirs.
fn share_out(
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
