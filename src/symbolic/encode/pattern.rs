//! Patterns of `like`.

/// A pattern: characters, and `None` for any characters. No two wildcards stand side by side.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::symbolic) struct Pattern(Vec<Option<char>>);

/// How many elements of a pattern a text has passed, as many as can be: a state of its automaton. `None` where no text
/// that goes on so matches.
pub(in crate::symbolic) type Position = Option<usize>;

/// A pattern's automaton. The furthest position is all that counts of a text: what matches from an earlier wildcard on
/// matches from a later one too, and between two wildcards the furthest position says which nearer ones there are.
///
/// Source: the search of Knuth, Morris and Pratt for one part of the pattern after the other.
#[derive(Debug)]
pub(in crate::symbolic) struct Automaton<'p> {
    elements: &'p [Option<char>],
    /// Where the part begins that each position is in: after the last wildcard passed. `None` before the first.
    begins: Vec<Option<usize>>,
    /// How long the longest beginning of a position's part is that what was passed of it ends with, itself aside.
    borders: Vec<usize>,
}

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

    /// How many wildcards it has.
    pub(in crate::symbolic) fn wildcards(&self) -> usize {
        self.0.iter().filter(|element| element.is_none()).count()
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

    /// A text that a person might write for it: `oidc:alice` for `oidc:*`, `prod-1` for `prod-*`. `number` tells such
    /// texts apart.
    pub(in crate::symbolic) fn spoken(&self, number: usize) -> String {
        self.filled(|before, after| match (before.chars().next_back(), after) {
            (_, Some('@')) => person(number),
            (Some('@'), _) => format!("{}.example", ["corp", "mail", "other"].get(number).unwrap_or(&"another")),
            (Some(':'), _) if before.contains('/') => (number + 1).to_string(),
            (Some('/'), None) if before.ends_with("://") => format!("host-{}.example", number + 1),
            (Some('/'), _) => format!("item-{}", number + 1),
            (Some('.'), _) if before.trim_end_matches('.').ends_with(|c: char| c.is_ascii_digit()) => {
                (number + 1).to_string()
            }
            (Some('.'), _) => format!("part-{}", number + 1),
            (Some('-' | '_'), _) => (number + 1).to_string(),
            (Some(c), Some(next)) if c.is_alphanumeric() && next.is_alphanumeric() => format!("-{}-", number + 1),
            (Some(c), _) if c.is_alphanumeric() => format!("-{}", number + 1),
            (None, Some(next)) if next.is_alphanumeric() => {
                format!("{}-", ["my", "your"].get(number).unwrap_or(&"our"))
            }
            (None, Some('.' | '/' | '-' | '_')) => format!("name-{}", number + 1),
            _ => person(number),
        })
    }

    /// Whether it says how a text begins or how it ends.
    pub(in crate::symbolic) fn is_anchored(&self) -> bool {
        [self.0.first(), self.0.last()].into_iter().flatten().any(Option::is_some)
    }

    /// The pattern with what `filling` gives in the place of each wildcard, for the text before it and the character
    /// after it.
    pub(in crate::symbolic) fn filled(&self, filling: impl Fn(&str, Option<char>) -> String) -> String {
        let mut text = String::new();
        for (at, element) in self.0.iter().enumerate() {
            match element {
                Some(c) => text.push(*c),
                None => {
                    let filling = filling(&text, self.0.get(at + 1).copied().flatten());
                    text.push_str(&filling);
                }
            }
        }
        text
    }

    /// The automaton that accepts what matches.
    pub(in crate::symbolic) fn automaton(&self) -> Automaton<'_> {
        let mut automaton = Automaton { elements: &self.0, begins: vec![None], borders: vec![0] };
        for (passed, element) in self.0.iter().enumerate() {
            let begin = match element {
                None => Some(passed + 1),
                Some(_) => automaton.begins.last().copied().flatten(),
            };
            let border = match (element, begin) {
                (Some(c), Some(begin)) if passed > begin => automaton.longest(begin, passed - begin, *c),
                _ => 0,
            };
            automaton.begins.push(begin);
            automaton.borders.push(border);
        }
        automaton
    }
}

impl Automaton<'_> {
    /// Before any character.
    pub(in crate::symbolic) fn start(&self) -> Position {
        Some(self.beyond(0))
    }

    /// After one more character.
    pub(in crate::symbolic) fn after(&self, position: Position, c: char) -> Position {
        let position = position?;
        if self.elements.get(position) == Some(&Some(c)) {
            return Some(self.beyond(position + 1));
        }
        let begin = self.begins.get(position).copied().flatten()?;
        Some(begin + self.longest(begin, position - begin, c))
    }

    /// Whether a text may end there.
    pub(in crate::symbolic) fn accepts(&self, position: Position) -> bool {
        position == Some(self.elements.len())
    }

    /// A wildcard is passed at once.
    fn beyond(&self, position: usize) -> usize {
        position + usize::from(self.elements.get(position) == Some(&None))
    }

    /// How long the longest beginning of the part at `begin` is that its first `passed` elements and then `c` end with,
    /// shorter than all of these.
    fn longest(&self, begin: usize, passed: usize, c: char) -> usize {
        let mut passed = passed;
        while passed > 0 {
            passed = self.borders.get(begin + passed).copied().unwrap_or_default();
            if self.elements.get(begin + passed) == Some(&Some(c)) {
                return passed + 1;
            }
        }
        0
    }
}

/// Somebody's name.
fn person(number: usize) -> String {
    match ["alice", "bob", "carol"].get(number) {
        Some(name) => (*name).to_owned(),
        None => format!("user-{number}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_for_patterns_read_as_somebody_wrote_them() {
        for (glob, texts) in [
            ("oidc:*", ["oidc:alice", "oidc:bob"]),
            ("*@corp.example", ["alice@corp.example", "bob@corp.example"]),
            ("alice@*", ["alice@corp.example", "alice@mail.example"]),
            ("*@*", ["alice@corp.example", "bob@mail.example"]),
            ("registry.example/app:*", ["registry.example/app:1", "registry.example/app:2"]),
            ("prod-*", ["prod-1", "prod-2"]),
            ("prod-*-eu", ["prod-1-eu", "prod-2-eu"]),
            ("10.0.*", ["10.0.1", "10.0.2"]),
            ("https://*", ["https://host-1.example", "https://host-2.example"]),
            ("/docs/*", ["/docs/item-1", "/docs/item-2"]),
            ("*.pdf", ["name-1.pdf", "name-2.pdf"]),
            ("*admin*", ["my-admin-1", "your-admin-2"]),
            ("a*b", ["a-1-b", "a-2-b"]),
        ] {
            let pattern = Pattern::new(glob.chars().map(|c| (c != '*').then_some(c)).collect());
            let spoken = [0, 1].map(|number| pattern.spoken(number));
            assert_eq!(spoken, texts, "{glob}");
            assert!(spoken.iter().all(|text| pattern.matches(text)));
        }
    }
}
