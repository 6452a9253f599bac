//! Which of the policies that only one side has became which of those that only the other has: by likeness.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use super::edits::{RELATED, Said, likeness, said};
use crate::compare::Body;
use crate::repo::Policy;

/// How alike two texts have to be to be called an edit: words in common, of all words of both.
const ALIKE: f64 = 0.5;

/// So many pairs of texts are compared.
const MOST: usize = 250_000;

/// A policy that nothing was paired with yet.
pub(super) struct Leftover<'i> {
    at: usize,
    kind: (bool, &'static str),
    path: &'i str,
    text: &'i str,
    written: (&'i Body, &'i Policy),
    /// What it says, once somebody asks.
    said: OnceCell<Option<Vec<Said>>>,
}

impl<'i> Leftover<'i> {
    /// The policy at place `at` of its side. Only two of one `kind` may be paired.
    pub(super) fn new(
        at: usize,
        kind: (bool, &'static str),
        path: &'i str,
        text: &'i str,
        written: (&'i Body, &'i Policy),
    ) -> Self {
        Self { at, kind, path, text, written, said: OnceCell::new() }
    }

    fn said(&self) -> Option<&[Said]> {
        self.said.get_or_init(|| said(self.written)).as_deref()
    }
}

/// Pairs of places, the most alike first: their words are alike, and so are their pieces.
pub(super) fn pair_alike(before: &[Leftover<'_>], after: &[Leftover<'_>]) -> Vec<(usize, usize)> {
    if before.len().saturating_mul(after.len()) > MOST {
        return Vec::new();
    }
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let [words_before, words_after] = [before, after]
        .map(|side| -> Vec<Vec<u32>> { side.iter().map(|leftover| words(leftover.text, &mut numbers)).collect() });
    let mut scores: Vec<(f64, bool, usize, usize)> = Vec::new();
    for (at, (one, own)) in before.iter().zip(&words_before).enumerate() {
        for (position, (other, theirs)) in after.iter().zip(&words_after).enumerate() {
            if one.kind != other.kind {
                continue;
            }
            let common = in_common(own, theirs) as f64;
            let all = (own.len() + theirs.len()) as f64 - common;
            let score = if all > 0.0 { common / all } else { 0.0 };
            if score >= ALIKE {
                scores.push((score, one.path == other.path, at, position));
            }
        }
    }
    scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then((a.2, a.3).cmp(&(b.2, b.3))));
    let (mut taken_before, mut taken_after) = (BTreeSet::new(), BTreeSet::new());
    let mut chosen = Vec::new();
    for (_, _, at, position) in scores {
        if taken_before.contains(&at) || taken_after.contains(&position) {
            continue;
        }
        let (Some(one), Some(other)) = (before.get(at), after.get(position)) else { continue };
        if likeness(one.said(), other.said()) >= RELATED {
            taken_before.insert(at);
            taken_after.insert(position);
            chosen.push((one.at, other.at));
        }
    }
    chosen
}

/// The numbers of the words of `text`, in order, each once; a word that is new has the next number.
fn words<'i>(text: &'i str, numbers: &mut HashMap<&'i str, u32>) -> Vec<u32> {
    let split = |c: char| !(c.is_alphanumeric() || c == '_');
    let mut words: Vec<u32> = Vec::new();
    for word in text.split(split).filter(|word| !word.is_empty()) {
        let fresh = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        words.push(*numbers.entry(word).or_insert(fresh));
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// How many numbers two lists have in common, each in order.
fn in_common(one: &[u32], other: &[u32]) -> usize {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut count = 0;
    while let (Some(left), Some(right)) = (one.peek(), other.peek()) {
        match left.cmp(right) {
            Ordering::Less => _ = one.next(),
            Ordering::Greater => _ = other.next(),
            Ordering::Equal => {
                count += 1;
                one.next();
                other.next();
            }
        }
    }
    count
}
