//! Patterns of `like`, taken apart at their wildcards.

use cedar_policy_core::ast::{Pattern, PatternElem};

/// The texts between the wildcards of a pattern.
#[derive(Debug)]
pub(super) struct Glob(Vec<String>);

impl Glob {
    pub(super) fn new(pattern: &Pattern) -> Self {
        let mut texts = vec![String::new()];
        for element in pattern.iter() {
            match (element, texts.last_mut()) {
                (PatternElem::Char(letter), Some(last)) => last.push(*letter),
                _ => texts.push(String::new()),
            }
        }
        Self(texts)
    }

    /// Whether the whole of `text` is as the pattern has it.
    pub(super) fn matches(&self, text: &str) -> bool {
        let Some((first, others)) = self.0.split_first() else { return text.is_empty() };
        let Some((last, between)) = others.split_last() else { return text == first };
        let rest = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str()));
        let Some(mut rest) = rest else { return false };
        // The leftmost place leaves the most for those that follow.
        for part in between {
            match rest.split_once(part.as_str()) {
                Some((_, after)) => rest = after,
                None if part.is_empty() => {}
                None => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_matches_what_cedars_pattern_matches() {
        let letters = ['a', 'b', 'ä'];
        let all = |length: usize, from: &[char]| -> Vec<String> {
            (0..length).fold(vec![String::new()], |texts, _| {
                let longer =
                    |text: &String| from.iter().map(move |letter| format!("{text}{letter}")).collect::<Vec<_>>();
                texts.iter().flat_map(longer).collect()
            })
        };
        let texts: Vec<String> = (0..5).flat_map(|length| all(length, &letters)).collect();
        for pattern in (0..5).flat_map(|length| all(length, &['a', 'b', '*'])) {
            let element = |letter| if letter == '*' { PatternElem::Wildcard } else { PatternElem::Char(letter) };
            let cedar: Pattern = pattern.chars().map(element).collect();
            let glob = Glob::new(&cedar);
            for text in &texts {
                assert_eq!(glob.matches(text), cedar.wildcard_match(text), "{text} like {pattern}");
            }
        }
    }
}
