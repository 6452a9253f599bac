//! Whether one name is a slip of another. Names that are alike on purpose (numbered, lettered, endings that make
//! another word) are far more common than slips, so only edits that hardly ever make another name count.

/// Shorter names are too near to everything.
const MIN_LENGTH: usize = 5;
/// Below this length only case, separators and swapped letters count.
const MIN_EDITED: usize = 6;
/// The word around the edit has to be this long.
const MIN_WORD: usize = 4;

/// Whether `name` is one slip away from `known`, and not likely to be a name of its own.
pub(super) fn is_slip(name: &str, known: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (name.chars().collect(), known.chars().collect());
    let longest = a.len().max(b.len());
    if a.len().min(b.len()) < MIN_LENGTH || name == known {
        return false;
    }
    if name.to_lowercase() == known.to_lowercase() {
        return true;
    }
    if a.len().abs_diff(b.len()) > 1 || strsim::damerau_levenshtein(name, known) != 1 {
        return false;
    }
    let edit = Edit::between(&a, &b);
    if edit.changed().any(char::is_numeric) || edit.in_numbered_word() {
        return false;
    }
    if edit.changed().all(|c| !c.is_alphanumeric()) {
        return true;
    }
    if edit.start == 0 || edit.changed().any(|c| !c.is_alphabetic()) || edit.word().len() < MIN_WORD {
        return false;
    }
    edit.is_swap() || (longest >= MIN_EDITED && !edit.makes_another_word())
}

/// Where two texts differ: the part between what they have in common at the start and at the end.
struct Edit<'a> {
    /// The longer text.
    long: &'a [char],
    start: usize,
    /// The differing part of the longer text.
    from: &'a [char],
    /// The differing part of the other.
    to: &'a [char],
}

impl<'a> Edit<'a> {
    fn between(a: &'a [char], b: &'a [char]) -> Self {
        let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
        let start = long.iter().zip(short).take_while(|(a, b)| a == b).count();
        let tails = long.iter().rev().zip(short.iter().rev());
        let same = tails.take_while(|(a, b)| a == b).count().min(short.len() - start);
        let from = long.get(start..long.len() - same).unwrap_or_default();
        let to = short.get(start..short.len() - same).unwrap_or_default();
        Self { long, start, from, to }
    }

    fn changed(&self) -> impl Iterator<Item = char> {
        self.from.iter().chain(self.to).copied()
    }

    fn is_swap(&self) -> bool {
        matches!((self.from, self.to), ([a, b], [c, d]) if a == d && b == c)
    }

    fn end(&self) -> usize {
        self.start + self.from.len()
    }

    /// The letters around the edit, up to a separator or a change from small to capital.
    fn word(&self) -> &'a [char] {
        let pair = |at: usize| self.long.get(at.wrapping_sub(1)).zip(self.long.get(at));
        let breaks = |at: &usize| {
            pair(*at)
                .is_none_or(|(a, b)| !a.is_alphabetic() || !b.is_alphabetic() || (a.is_lowercase() && b.is_uppercase()))
        };
        let start = (0..=self.start).rev().find(breaks).unwrap_or(0);
        let end = (self.end()..=self.long.len()).find(breaks).unwrap_or(self.long.len());
        self.long.get(start..end).unwrap_or_default()
    }

    /// Whether a digit stands in the same run of letters and digits: such names come from machines or are numbered.
    fn in_numbered_word(&self) -> bool {
        let before = self.long.get(..self.start).unwrap_or_default().iter().rev();
        let after = self.long.get(self.end()..).unwrap_or_default().iter();
        before
            .take_while(|c| c.is_alphanumeric())
            .chain(after.take_while(|c| c.is_alphanumeric()))
            .any(|c| c.is_numeric())
    }

    /// Another last letter, or one more: `maria` and `mario`, `martin` and `martina`, `close` and `closed`. A plural
    /// `s` is a slip all the same, unless the caller knows better.
    fn makes_another_word(&self) -> bool {
        let at_end = self.long.get(self.end()).is_none_or(|c| !c.is_lowercase());
        let plural = matches!((self.from, self.to), (['s'], []));
        at_end && !plural
    }
}

/// Whether the two differ by a plural `s` at the end.
pub(super) fn is_plural(one: &str, other: &str) -> bool {
    one.strip_suffix('s') == Some(other) || other.strip_suffix('s') == Some(one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips() {
        for (name, known) in [
            ("suport", "support"),
            ("margarret", "margaret"),
            ("invoises", "invoices"),
            ("bliling", "billing"),
            ("Support", "support"),
            ("support_leads", "support-leads"),
            ("billing ", "billing"),
            ("admin", "admins"),
            ("readInvioce", "readInvoice"),
            ("viewPohto", "viewPhoto"),
        ] {
            assert!(is_slip(name, known), "{name} {known}");
        }
    }

    #[test]
    fn names_of_their_own() {
        for (name, known) in [
            ("team-2", "team-1"),
            ("user11", "user1"),
            ("v2:export", "v1:export"),
            ("teamA", "teamB"),
            ("group-a", "group-b"),
            ("us-east-a", "us-east-b"),
            ("maria", "mario"),
            ("martina", "martin"),
            ("closed", "close"),
            ("store", "score"),
            ("light", "night"),
            ("4f1c22d0a", "4f1c22d0b"),
            ("report-2026a", "report-2026b"),
            ("from", "form"),
        ] {
            assert!(!is_slip(name, known), "{name} {known}");
        }
    }
}
