//! The questions about one class of strings, and which of them matter.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::language::{Language, TooManyStates};
use crate::symbolic::circuit::Bits;
use crate::symbolic::encode::{Encoder, Like, Pattern};
use crate::symbolic::theory::model::Model;

/// The questions about one class.
pub(super) struct Class {
    pub(super) number: usize,
    /// Each with whether it holds.
    pub(super) likes: Vec<(Like, bool)>,
}

/// The classes that patterns speak of in the model.
pub(super) fn classes(encoder: &Encoder<'_>) -> BTreeMap<usize, Class> {
    let model = Model::new_shallow(encoder);
    let mut classes: BTreeMap<usize, Class> = BTreeMap::new();
    // Most patterns are asked of what the one before was asked of.
    let mut last: Option<(&Bits, usize)> = None;
    for like in &encoder.likes {
        let number = match last {
            Some((text, number)) if *text == like.text => number,
            _ => model.class(&like.text),
        };
        last = Some((&like.text, number));
        let class = classes.entry(number).or_insert_with(|| Class { number, likes: Vec::new() });
        class.likes.push((like.clone(), model.lit(like.lit)));
    }
    classes
}

/// Which of a class's questions matter: indices into [`Class::likes`].
pub(super) struct Demand {
    pub(super) positive: Vec<usize>,
    pub(super) negative: Vec<usize>,
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
    pub(super) fn whole(&self) -> Demand {
        let indices = |wanted: bool| {
            let chosen = self.likes.iter().enumerate().filter(|(_, (_, holds))| *holds == wanted);
            chosen.map(|(index, _)| index).collect()
        };
        self.select(indices(true), indices(false))
    }

    /// A string that is not `taken` and does what it should. Patterns that should not match are taken up only when one
    /// does.
    pub(super) fn demand(&self, taken: &dyn Fn(&str) -> bool) -> Result<(Demand, Option<String>), TooManyStates> {
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
    pub(super) fn language(&self) -> OwnedLanguage<'_> {
        OwnedLanguage {
            positive: self.patterns.0.iter().map(AsRef::as_ref).collect(),
            negative: self.patterns.1.iter().map(AsRef::as_ref).collect(),
        }
    }

    /// Leaves out what is not needed for every string to be `refused`.
    pub(super) fn shrink(&mut self, class: &Class, refused: &dyn Fn(&str) -> bool) -> Result<(), TooManyStates> {
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
pub(super) struct OwnedLanguage<'d> {
    positive: Vec<&'d Pattern>,
    negative: Vec<&'d Pattern>,
}

impl OwnedLanguage<'_> {
    /// As [`Language::strings`].
    pub(super) fn strings(&self, refused: &dyn Fn(&str) -> bool) -> Result<(Vec<String>, bool), TooManyStates> {
        Language::new(&self.positive, &self.negative).strings(refused)
    }

    /// As [`Language::all`].
    pub(super) fn all(&self, most: usize) -> Result<Option<Vec<String>>, TooManyStates> {
        Language::new(&self.positive, &self.negative).all(most)
    }
}
