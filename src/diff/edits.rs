//! What an edit did to a policy: which constraints of its scope and which conditions came, went or changed.
//!
//! # Why
//!
//! A condition that only moved is no edit. What is told apart is what Cedar's parser reads, so that layout and
//! comments are none either; the place is that of the piece in the file, not of the policy.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::compare::Body;
use crate::expression::{Section, not, pieces, plainly, text};
use crate::outcome::changes::{Edit, EditKind, EditPart};
use crate::repo::Policy;
use crate::text::{
    Location, Span,
    tokens::{tokens as tokens_of, words},
};

/// How alike the words of two pieces have to be for one to have become the other, of all words of both.
const ALIKE: f64 = 0.5;

/// How much of the pieces of the shorter of two policies the other has to have for one to have become the other: see
/// [`likeness`].
pub(super) const RELATED: f64 = 0.5;

/// Policies of more pieces are not taken apart: each is compared with each.
const PIECES: usize = 300;

/// Longer pieces are not compared word by word, in bytes.
const LONG: usize = 4_000;

/// How alike a piece is to one of which it is an operand.
const WITHIN: f64 = 0.6;

/// A piece of a policy with what it is known by.
pub(super) struct Said {
    section: Section,
    /// What a scope constrains.
    variable: Option<&'static str>,
    text: String,
    /// The same for two pieces that say the same in other words.
    key: String,
    place: Option<Location>,
}

/// The pieces of a policy, none where one of them has no text or there are too many. `source` is where it is written.
pub(super) fn said((body, source): (&Body, &Policy)) -> Option<Vec<Said>> {
    let json = match body {
        Body::Policy(policy) => policy.to_json(),
        Body::Template(template) => template.to_json(),
    };
    let mut all = Vec::new();
    for piece in pieces(&json.ok()?) {
        if piece.section == Section::Scope {
            let (variable, text) = (constrained(&piece.expression)?, text(&piece.expression)?);
            let place = scope_of(source, variable).map(|span| Location::new(&source.location.file, span));
            all.push(Said { section: piece.section, variable: Some(variable), key: text.clone(), text, place });
            continue;
        }
        for conjunct in piece.conjuncts() {
            let shown = if piece.section == Section::Unless { not(conjunct.clone()) } else { conjunct.clone() };
            let (text, key) = (text(&shown)?, text(&plainly(conjunct))?);
            all.push(Said { section: piece.section, variable: None, text, key, place: None });
        }
    }
    let places = source.syntax().conjunct_places();
    if all.len() > PIECES {
        return None;
    }
    let conditions: Vec<&mut Said> = all.iter_mut().filter(|one| one.section != Section::Scope).collect();
    // Where they do not stand for each other one by one, no place is better than a wrong one.
    if conditions.len() == places.len() {
        for (one, span) in conditions.into_iter().zip(places) {
            one.place = span.map(|span| Location::new(&source.location.file, span));
        }
    }
    Some(all)
}

/// The variable that a scope constraint is about.
fn constrained(expression: &Json) -> Option<&'static str> {
    let (_, of) = expression.as_object()?.iter().next()?;
    let name = of.get("left")?.get("Var")?.as_str()?;
    ["principal", "action", "resource"].into_iter().find(|variable| *variable == name)
}

/// Where the scope says something of `variable`: its name stands there alone, outside of strings and comments.
fn scope_of(source: &Policy, variable: &str) -> Option<Span> {
    let (start, text) = (source.location.span.start, source.location.text());
    let head = words(text).skip_while(|word| !matches!(*word, "permit" | "forbid"));
    let word = head.into_iter().find(|word| *word == variable)?;
    let at = start + (word.as_ptr() as usize).checked_sub(text.as_ptr() as usize)?;
    Some(Span::new(at, at + word.len()))
}

/// What the edit from `old` to `new` did; each with where it is written. None where that cannot be said.
pub(super) fn edits(old: (&Body, &Policy), new: (&Body, &Policy)) -> Vec<Edit> {
    let (Some(old), Some(new)) = (said(old), said(new)) else { return Vec::new() };
    let kept = in_common(&old, &new);
    let gone: Vec<&Said> = left(&old, kept.iter().map(|(at, _)| *at).collect());
    let come: Vec<&Said> = left(&new, kept.iter().map(|(_, at)| *at).collect());
    // What was only moved is an edit when nothing else is: the order decides what errors.
    let moved = |one: &&Said, others: &[&Said]| others.iter().any(|other| other.key == one.key);
    let only_moved = gone.iter().all(|one| moved(one, &come)) && come.iter().all(|one| moved(one, &gone));
    let (gone, come) = if only_moved {
        (gone, come)
    } else {
        let gone_left = gone.iter().filter(|one| !moved(one, &come)).copied().collect();
        (gone_left, come.iter().filter(|one| !moved(one, &gone)).copied().collect::<Vec<_>>())
    };
    put_together(&gone, &come)
}

/// How much two policies have in common, from 0 to 1: of the pieces of the shorter one, those that the other has as
/// well, and half of those that changed a little. Of what cannot be taken apart it is not known, and 1.
pub(super) fn likeness(old: Option<&[Said]>, new: Option<&[Said]>) -> f64 {
    let (Some(old), Some(new)) = (old, new) else { return 1.0 };
    let shorter = old.len().min(new.len());
    if shorter == 0 {
        return 1.0;
    }
    let known: BTreeSet<&str> = new.iter().map(|one| one.key.as_str()).collect();
    let same = old.iter().filter(|one| known.contains(one.key.as_str())).count();
    let rest_old: Vec<&Said> = old.iter().filter(|one| !known.contains(one.key.as_str())).collect();
    let before: BTreeSet<&str> = old.iter().map(|one| one.key.as_str()).collect();
    let rest_new: Vec<&Said> = new.iter().filter(|one| !before.contains(one.key.as_str())).collect();
    let changed = put_together(&rest_old, &rest_new).iter().filter(|edit| edit.kind == EditKind::Replaced).count();
    ((same as f64) + (changed as f64) / 2.0) / shorter as f64
}

/// The longest list of pieces that both have in the same order, as places in both.
fn in_common(old: &[Said], new: &[Said]) -> Vec<(usize, usize)> {
    let width = new.len() + 1;
    let mut best = vec![0_usize; (old.len() + 1) * width];
    let of = |best: &[usize], at: usize, to: usize| best.get(at * width + to).copied().unwrap_or(0);
    for (at, one) in old.iter().enumerate().rev() {
        for (to, other) in new.iter().enumerate().rev() {
            let longest = if one.key == other.key {
                of(&best, at + 1, to + 1) + 1
            } else {
                of(&best, at + 1, to).max(of(&best, at, to + 1))
            };
            if let Some(slot) = best.get_mut(at * width + to) {
                *slot = longest;
            }
        }
    }
    let (mut at, mut to, mut kept) = (0, 0, Vec::new());
    while let (Some(one), Some(other)) = (old.get(at), new.get(to)) {
        if one.key == other.key {
            kept.push((at, to));
            (at, to) = (at + 1, to + 1);
        } else if of(&best, at + 1, to) >= of(&best, at, to + 1) {
            at += 1;
        } else {
            to += 1;
        }
    }
    kept
}

fn left(all: &[Said], kept: BTreeSet<usize>) -> Vec<&Said> {
    all.iter().enumerate().filter(|(at, _)| !kept.contains(at)).map(|(_, one)| one).collect()
}

/// What went and what came, put together where one became the other: the most alike first.
fn put_together(gone: &[&Said], come: &[&Said]) -> Vec<Edit> {
    let mut scores: Vec<(f64, usize, usize)> = Vec::new();
    for (at, one) in gone.iter().enumerate() {
        for (to, other) in come.iter().enumerate() {
            let score = alike(one, other);
            if score >= ALIKE {
                scores.push((score, at, to));
            }
        }
    }
    scores.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
    let (mut from, mut into) = (vec![None; come.len()], BTreeSet::new());
    for (_, at, to) in scores {
        if let (Some(slot @ None), false) = (from.get_mut(to), into.contains(&at)) {
            *slot = Some(at);
            into.insert(at);
        }
    }
    let part = |said: &Said| match said.section {
        Section::Scope => EditPart::Scope,
        Section::When => EditPart::When,
        Section::Unless => EditPart::Unless,
    };
    let mut edits = Vec::new();
    for (to, other) in come.iter().enumerate() {
        let old = from.get(to).copied().flatten().and_then(|at| gone.get(at));
        edits.push(Edit {
            kind: if old.is_some() { EditKind::Replaced } else { EditKind::Added },
            part: part(other),
            old: old.map(|one| one.text.clone()),
            new: Some(other.text.clone()),
            location: other.place.clone(),
        });
    }
    for (_, one) in gone.iter().enumerate().filter(|(at, _)| !into.contains(at)) {
        edits.push(Edit {
            kind: EditKind::Removed,
            part: part(one),
            old: Some(one.text.clone()),
            new: None,
            location: one.place.clone(),
        });
    }
    edits
}

/// How alike two pieces are, from 0 to 1: the words and signs that both have, of those of both.
fn alike(one: &Said, other: &Said) -> f64 {
    if one.section != other.section {
        return 0.0;
    }
    if one.variable.is_some() || other.variable.is_some() {
        return if one.variable == other.variable { 1.0 } else { 0.0 };
    }
    if one.text.len().max(other.text.len()) > LONG {
        return 0.0;
    }
    let (first, mut second) = (tokens(&one.text), tokens(&other.text));
    let all = first.len() + second.len();
    let mut common = 0;
    for token in &first {
        if let Some(at) = second.iter().position(|other| other == token) {
            second.swap_remove(at);
            common += 2;
        }
    }
    let (shorter, longer) =
        if one.text.len() < other.text.len() { (&one.text, &other.text) } else { (&other.text, &one.text) };
    // What became one alternative of several, or one of several parts.
    let within = [" || ", " && "].iter().any(|joint| longer.split(joint).any(|part| part == shorter));
    match all {
        _ if within => WITHIN,
        0 => 1.0,
        all => f64::from(common) / all as f64,
    }
}

/// Words, texts and signs; a dot and brackets tell nothing.
fn tokens(text: &str) -> Vec<String> {
    let all = tokens_of(text);
    all.map(|token| format!("{token:?}"))
        .filter(|token| !matches!(token.as_str(), "Symbol(46)" | "Symbol(40)" | "Symbol(41)"))
        .collect()
}
