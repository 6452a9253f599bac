//! The strings that match some patterns and do not match others.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashSet};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::symbolic::encode::{Pattern, PatternAutomaton, Position};

/// How many states of the product of several patterns are looked at.
pub(in crate::symbolic) const STATES: usize = 20_000;

/// So many texts are made up for one pattern.
const SPOKEN: usize = 4;

/// Of so many patterns each is put in the place of the others' wildcards.
const TOGETHER: usize = 6;

/// The product of the patterns has more than [`STATES`] states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::symbolic) struct TooManyStates;

/// The strings that match all of some patterns and none of others.
pub(super) struct Language<'a> {
    positive: &'a [&'a Pattern],
    negative: &'a [&'a Pattern],
}

impl<'a> Language<'a> {
    pub(super) fn new(positive: &'a [&'a Pattern], negative: &'a [&'a Pattern]) -> Self {
        Self { positive, negative }
    }

    fn contains(&self, text: &str) -> bool {
        self.positive.iter().all(|pattern| pattern.matches(text))
            && !self.negative.iter().any(|pattern| pattern.matches(text))
    }

    /// Some strings of the language that are not `refused`, shortest first: at least one, unless there is none. The
    /// second result says that there are no others, refused ones included.
    ///
    /// Source: the product of the patterns' automata, searched from the start with the distance to acceptance as
    /// estimate.
    pub(super) fn strings(&self, refused: &dyn Fn(&str) -> bool) -> Result<(Vec<String>, bool), TooManyStates> {
        if let Some(text) = self.guesses().find(|text| !refused(text) && self.contains(text)) {
            return Ok((vec![text], false));
        }
        self.search(refused)
    }

    /// Texts that a person might write, of which one mostly does: each pattern's own, and those in which others stand
    /// in the place of its wildcards.
    fn guesses(&self) -> impl Iterator<Item = String> {
        let own = (0..SPOKEN).flat_map(|number| self.positive.iter().map(move |pattern| pattern.spoken(number)));
        let few = self.positive.iter().filter(|pattern| pattern.wildcards() <= 2).take(TOGETHER);
        let together = few.clone().flat_map(move |pattern| {
            let others = few.clone().filter(move |other| *other != pattern).map(|other| other.spoken(0));
            others.map(|other| pattern.filled(|_, _| other.clone()))
        });
        let short =
            self.positive.iter().flat_map(|pattern| ["x", "any", ""].map(|word| pattern.filled(|_, _| word.into())));
        let plain = ["some-value", "another-value", "other-value"].into_iter().filter(|_| self.positive.is_empty());
        own.chain(together).chain(short).chain(plain.map(str::to_owned))
    }

    fn search(&self, refused: &dyn Fn(&str) -> bool) -> Result<(Vec<String>, bool), TooManyStates> {
        self.automaton()?.shortest(refused)
    }

    /// The product of the patterns' automata, as far as it is reached from the start and may still accept.
    fn automaton(&self) -> Result<Automaton, TooManyStates> {
        let every = || self.positive.iter().chain(self.negative);
        let mut alphabet: BTreeSet<char> = every().flat_map(|pattern| pattern.characters()).collect();
        // One character stands for all that no pattern names: where it is possible once, it is possible any number of
        // times.
        let other = ('a'..='z').chain('\u{100}'..).find(|c| !alphabet.contains(c));
        alphabet.extend(other);

        let patterns: Vec<PatternAutomaton<'_>> = every().map(|pattern| pattern.automaton()).collect();
        let start: Rc<[Position]> = patterns.iter().map(|pattern| pattern.start()).collect();
        let mut numbers: FxHashMap<Rc<[Position]>, usize> = std::iter::once((Rc::clone(&start), 0)).collect();
        let mut states = vec![start];
        let mut edges: Vec<Vec<(char, usize)>> = Vec::new();
        let mut next: Vec<Position> = Vec::new();
        while let Some(state) = states.get(edges.len()).cloned() {
            let mut out = Vec::new();
            for c in &alphabet {
                next.clear();
                next.extend(patterns.iter().zip(state.iter()).map(|(pattern, at)| pattern.after(*at, *c)));
                // A required pattern that can no longer match ends the way.
                if next.iter().take(self.positive.len()).any(Option::is_none) {
                    continue;
                }
                let number = match numbers.get(next.as_slice()) {
                    Some(number) => *number,
                    None => {
                        let new: Rc<[Position]> = next.as_slice().into();
                        numbers.insert(Rc::clone(&new), states.len());
                        states.push(new);
                        states.len() - 1
                    }
                };
                out.push((*c, number));
            }
            edges.push(out);
            if states.len() > STATES {
                return Err(TooManyStates);
            }
        }
        let accepts = |state: &Rc<[Position]>| {
            let mut each = patterns.iter().zip(state.iter()).map(|(pattern, at)| pattern.accepts(*at));
            each.by_ref().take(self.positive.len()).all(|yes| yes) && !each.any(|yes| yes)
        };
        let accepting = states.iter().map(accepts).collect();
        Ok(Automaton { edges, accepting })
    }

    /// Every string of the language, if there are at most `most`.
    pub(super) fn all(&self, most: usize) -> Result<Option<Vec<String>>, TooManyStates> {
        let mut known: HashSet<String> = HashSet::new();
        let mut list = Vec::new();
        while list.len() <= most {
            let (found, _) = self.search(&|text| known.contains(text))?;
            let Some(text) = found.into_iter().next() else { return Ok(Some(list)) };
            known.insert(text.clone());
            list.push(text);
        }
        Ok(None)
    }
}

/// An automaton whose first state is the start.
struct Automaton {
    /// The characters that lead on from each state, and where.
    edges: Vec<Vec<(char, usize)>>,
    accepting: Vec<bool>,
}

impl Automaton {
    /// The first string that it accepts and that is not `refused`, shortest first; the second result says that there
    /// is none, refused ones included.
    fn shortest(&self, refused: &dyn Fn(&str) -> bool) -> Result<(Vec<String>, bool), TooManyStates> {
        let distance = self.distances();
        let mut queue = BinaryHeap::new();
        let mut serial = 0_usize;
        if let Some(ahead) = distance.first().copied().flatten() {
            queue.push(Reverse((ahead, serial, 0_usize, String::new())));
        }
        while let Some(Reverse((_, _, state, text))) = queue.pop() {
            if self.accepting.get(state) == Some(&true) && !refused(&text) {
                return Ok((vec![text], false));
            }
            if serial > STATES * 4 {
                return Err(TooManyStates);
            }
            for (c, next) in self.edges.get(state).into_iter().flatten() {
                if let Some(ahead) = distance.get(*next).copied().flatten() {
                    serial += 1;
                    let mut longer = text.clone();
                    longer.push(*c);
                    queue.push(Reverse((longer.chars().count() + ahead, serial, *next, longer)));
                }
            }
        }
        Ok((Vec::new(), true))
    }

    /// The least number of characters from each state to an accepting one.
    fn distances(&self) -> Vec<Option<usize>> {
        let mut back: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (from, out) in self.edges.iter().enumerate() {
            for (_, to) in out {
                back.entry(*to).or_default().push(from);
            }
        }
        let mut distance: Vec<Option<usize>> = self.accepting.iter().map(|yes| yes.then_some(0)).collect();
        let mut frontier: Vec<usize> =
            self.accepting.iter().enumerate().filter(|(_, yes)| **yes).map(|(state, _)| state).collect();
        let mut steps = 0;
        while !frontier.is_empty() {
            steps += 1;
            let mut next = Vec::new();
            for state in frontier {
                for from in back.get(&state).into_iter().flatten() {
                    if let Some(slot @ None) = distance.get_mut(*from) {
                        *slot = Some(steps);
                        next.push(*from);
                    }
                }
            }
            frontier = next;
        }
        distance
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text.chars().map(|c| (c != '*').then_some(c)).collect())
    }

    #[test]
    fn a_pattern_matches_as_globs_do() {
        for (glob, yes, no) in [
            ("a*", vec!["a", "ab", "aa"], vec!["", "ba"]),
            ("*a*b", vec!["ab", "xaxxb"], vec!["ba", "abx"]),
            ("", vec![""], vec!["a"]),
            ("a*a", vec!["aa", "aba"], vec!["a"]),
            ("*", vec!["", "a"], vec![]),
            ("*ab*b", vec!["abb", "aabab", "abab"], vec!["ab", "abba"]),
        ] {
            for text in yes {
                assert!(pattern(glob).matches(text), "{glob} should match {text:?}");
            }
            for text in no {
                assert!(!pattern(glob).matches(text), "{glob} should not match {text:?}");
            }
        }
    }

    /// Every short string over two characters: matching against stepping from position to position.
    #[test]
    fn matching_agrees_with_stepping() {
        let texts = |alphabet: &str, longest: usize| -> Vec<String> {
            let mut all = vec![String::new()];
            let mut last = all.clone();
            for _ in 0..longest {
                last = last.iter().flat_map(|text| alphabet.chars().map(move |c| format!("{text}{c}"))).collect();
                all.extend(last.iter().cloned());
            }
            all
        };
        let strings = texts("ab", 8);
        for pattern in texts("ab*", 6).iter().map(|text| pattern(text)) {
            let automaton = pattern.automaton();
            for text in &strings {
                let end = text.chars().fold(automaton.start(), |state, c| automaton.after(state, c));
                assert_eq!(pattern.matches(text), automaton.accepts(end), "{pattern:?} {text:?}");
            }
        }
    }

    #[test]
    fn a_finite_language_is_listed_whole() {
        let (a, b, c) = (pattern("a*"), pattern("*a"), pattern("a*a"));
        assert_eq!(Language::new(&[&a, &b], &[&c]).all(5).unwrap(), Some(vec!["a".to_owned()]));
        assert_eq!(Language::new(&[&a, &b], &[]).all(5).unwrap(), None);
        let d = pattern("b*");
        assert_eq!(Language::new(&[&a, &d], &[]).all(5).unwrap(), Some(vec![]));
    }

    #[test]
    fn a_string_is_found_between_patterns() {
        let (a, b, c) = (pattern("*foo*"), pattern("*bar*"), pattern("foo*"));
        let (found, _) = Language::new(&[&a, &b], &[&c]).strings(&|_| false).unwrap();
        let text = found.first().unwrap();
        assert!(text.contains("foo") && text.contains("bar") && !text.starts_with("foo"));
    }
}
