//! Patterns of `like`.

use std::collections::BTreeSet;

/// A pattern: characters, and `None` for any characters. No two wildcards stand side by side.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) struct Pattern(Vec<Option<char>>);

/// Positions in a pattern: a state of its automaton.
pub(in crate::symbolic) type Positions = BTreeSet<usize>;

impl Pattern {
    /// The pattern with these elements.
    pub(in crate::symbolic) fn new(mut elements: Vec<Option<char>>) -> Self {
        elements.dedup_by(|a, b| a.is_none() && b.is_none());
        Self(elements)
    }

    /// Whether it is `*`.
    pub(super) fn matches_everything(&self) -> bool {
        self.0.as_slice() == [None]
    }

    /// The one string that it matches, if it has no wildcard.
    pub(super) fn literal(&self) -> Option<String> {
        self.0.iter().copied().collect()
    }

    /// The characters that it names.
    pub(in crate::symbolic) fn characters(&self) -> impl Iterator<Item = char> {
        self.0.iter().flatten().copied()
    }

    /// Whether `text` matches.
    pub(in crate::symbolic) fn matches(&self, text: &str) -> bool {
        let mut rest = text.chars();
        let mut position = 0;
        // The last wildcard: the position after it, and the text from where it is tried to end. Those before it may
        // stay as they are.
        let mut wildcard: Option<(usize, std::str::Chars<'_>)> = None;
        loop {
            let before = rest.clone();
            match (self.0.get(position), rest.next()) {
                (Some(None), _) => {
                    position += 1;
                    rest = before.clone();
                    wildcard = Some((position, before));
                }
                (Some(Some(expected)), Some(c)) if *expected == c => position += 1,
                (None, None) => return true,
                (_, None) => return false,
                (_, Some(_)) => {
                    let Some((after, from)) = &mut wildcard else { return false };
                    from.next();
                    (position, rest) = (*after, from.clone());
                }
            }
        }
    }

    /// The pattern with `filling` in the place of each wildcard.
    pub(in crate::symbolic) fn filled(&self, filling: &str) -> String {
        let mut text = String::new();
        for element in &self.0 {
            match element {
                Some(c) => text.push(*c),
                None => text.push_str(filling),
            }
        }
        text
    }

    /// The positions before any character: the first, and the one after a leading wildcard.
    pub(in crate::symbolic) fn start(&self) -> Positions {
        self.closed([0])
    }

    /// With each position before a wildcard goes the one after it.
    fn closed(&self, positions: impl IntoIterator<Item = usize>) -> Positions {
        let mut all = Positions::new();
        for position in positions {
            all.insert(position);
            if self.0.get(position) == Some(&None) {
                all.insert(position + 1);
            }
        }
        all
    }

    /// The positions after `c`.
    pub(in crate::symbolic) fn after(&self, state: &Positions, c: char) -> Positions {
        self.closed(state.iter().filter_map(|position| match self.0.get(*position) {
            Some(None) => Some(*position),
            Some(Some(expected)) if *expected == c => Some(*position + 1),
            _ => None,
        }))
    }

    /// Whether the pattern may end there.
    pub(in crate::symbolic) fn accepts(&self, state: &Positions) -> bool {
        state.contains(&self.0.len())
    }
}
