//! What an edit did, in words: conditions that came and went, and what of a condition became something else.

use super::places::label;
use super::untrusted_text::Phrase;
use crate::outcome::changes::{Cause, Edit, EditKind, EditPart};

/// Pieces as long as this are shown whole when they changed, in characters; of longer ones what changed.
const SHORT: usize = 64;

/// One phrase for each step of the edit of `cause`.
pub(super) fn of_cause(cause: &Cause) -> Vec<Phrase> {
    cause.edits.iter().map(of_edit).collect()
}

/// The same without the places.
pub(super) fn bare(cause: &Cause) -> Vec<Phrase> {
    cause.edits.iter().map(words).collect()
}

fn words(edit: &Edit) -> Phrase {
    match (edit.kind, &edit.old, &edit.new) {
        (EditKind::Replaced, Some(old), Some(new)) => replaced(edit.part, old, new),
        (EditKind::Removed, Some(old), _) => came_or_went(edit.part, false, old),
        (_, _, Some(new)) => came_or_went(edit.part, true, new),
        _ => Phrase::default(),
    }
}

fn of_edit(edit: &Edit) -> Phrase {
    let phrase = words(edit);
    match &edit.location {
        Some(location) => phrase.say(" (").word(&label(location)).say(")"),
        None => phrase,
    }
}

fn came_or_went(part: EditPart, came: bool, text: &str) -> Phrase {
    // Not to be what is not is to be it.
    let (part, text) = match (part, negated(text)) {
        (EditPart::Unless, Some(inner)) => (EditPart::When, inner),
        _ => (part, text),
    };
    Phrase::of(match (part, came) {
        (EditPart::Unless, true) => "now excludes ",
        (EditPart::Unless, false) => "no longer excludes ",
        (EditPart::Scope | EditPart::When, true) => "now also demands ",
        (EditPart::Scope | EditPart::When, false) => "no longer demands ",
    })
    .name(text)
}

/// What `text` is the negation of, where all of it is one.
fn negated(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('!')?;
    let mut signs = signs(inner);
    // A sign or a space outside of brackets: the negation ends before it.
    if signs.any(|(_, letter, depth)| depth == 0 && letter == ' ') {
        return None;
    }
    let bare = inner.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).filter(|bare| is_balanced(bare));
    bare.or_else(|| is_balanced(inner).then_some(inner))
}

/// Whether every bracket outside of strings is opened before it is closed, and closed.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i64;
    for (_, letter, _) in signs(text) {
        depth += match letter {
            '(' | '[' | '{' => 1,
            ')' | ']' | '}' => -1,
            _ => 0,
        };
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

/// The characters outside of strings: where they stand, and in how many brackets.
fn signs(text: &str) -> impl Iterator<Item = (usize, char, usize)> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    text.char_indices().filter_map(move |(at, letter)| {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => {
                depth += 1;
                return Some((at, letter, depth));
            }
            ')' | ']' | '}' => {
                let inside = depth;
                depth = depth.saturating_sub(1);
                return Some((at, letter, inside));
            }
            _ => return Some((at, letter, depth)),
        }
        None
    })
}

fn replaced(part: EditPart, old: &str, new: &str) -> Phrase {
    if part == EditPart::Scope
        && let Some(phrase) = members(old, new)
    {
        return phrase;
    }
    let (lead, old, new) = match (part, negated(old), negated(new)) {
        (EditPart::Unless, Some(old), Some(new)) => ("", old, new),
        (EditPart::Unless, ..) => ("of what it excludes, ", old, new),
        _ => ("", old, new),
    };
    let (before, after) =
        if old.chars().count().max(new.chars().count()) <= SHORT { (old, new) } else { differing(old, new) };
    Phrase::of(lead).name(before).say(" became ").name(after)
}

/// Entities that a scope names now or no longer, where it names some on both sides.
fn members(old: &str, new: &str) -> Option<Phrase> {
    let (before, after) = (list(old)?, list(new)?);
    let only = |these: &[&str], those: &[&str]| -> Vec<Phrase> {
        let new = these.iter().filter(|one| !those.contains(*one));
        new.map(|one| Phrase::default().name(one)).collect()
    };
    let (come, gone) = (only(&after, &before), only(&before, &after));
    if before.len() == gone.len() {
        return None;
    }
    let mut all = Vec::new();
    if !come.is_empty() {
        all.push(Phrase::of("now also covers ").then(Phrase::listed(come, "and")));
    }
    if !gone.is_empty() {
        all.push(Phrase::of("no longer covers ").then(Phrase::listed(gone, "and")));
    }
    Some(Phrase::listed(all, "and"))
}

/// The entities of `action == A`, `action in A` or `action in [A, B]`.
fn list(constraint: &str) -> Option<Vec<&str>> {
    let rest = constraint.strip_prefix("action ")?;
    match rest.strip_prefix("in [") {
        Some(list) => Some(split(list.strip_suffix(']')?)),
        None => rest.strip_prefix("== ").or_else(|| rest.strip_prefix("in ")).map(|one| vec![one]),
    }
}

/// What commas outside of strings part.
fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, letter) in list.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(list.get(start..at).unwrap_or_default().trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list.get(start..).unwrap_or_default().trim());
    parts
}

/// What of two long texts differs, with what stands right before it; whole words and signs.
fn differing<'a>(old: &'a str, new: &'a str) -> (&'a str, &'a str) {
    let (first, second) = (pieces(old), pieces(new));
    let same = |one: &(usize, &str), other: &(usize, &str)| one.1 == other.1;
    let mut head = first.iter().zip(&second).take_while(|(one, other)| same(one, other)).count();
    let most = first.len().min(second.len()) - head.min(first.len().min(second.len()));
    let tail =
        first.iter().rev().zip(second.iter().rev()).take(most).take_while(|(one, other)| same(one, other)).count();
    // A sign alone says nothing, nor does a value alone: all of the operand that differs is shown.
    let joint = |piece: Option<&(usize, &str)>| piece.is_some_and(|(_, word)| matches!(*word, "&&" | "||"));
    let mut tail = tail;
    let part = |text: &'a str, all: &[(usize, &str)], head: usize, tail: usize| -> Option<&'a str> {
        let last = all.len().checked_sub(tail)?;
        let (start, _) = all.get(head)?;
        let (end, word) = all.get(last.checked_sub(1)?)?;
        text.get(*start..end + word.len())
    };
    loop {
        while head > 0 && !joint(first.get(head - 1)) {
            head -= 1;
        }
        while tail > 0 && !joint(first.get(first.len() - tail)) {
            tail -= 1;
        }
        match (part(old, &first, head, tail), part(new, &second, head, tail)) {
            (Some(before), Some(after)) if before == after => return (old, new),
            (Some(before), Some(after)) if is_balanced(before) && is_balanced(after) => return (before, after),
            _ if head == 0 && tail == 0 => return (old, new),
            // The joint before or after stands between brackets that are not all there.
            _ => (head, tail) = (head.saturating_sub(1), tail.saturating_sub(1)),
        }
    }
}

/// The words, strings and signs of a text, and where each begins.
fn pieces<'t>(text: &'t str) -> Vec<(usize, &'t str)> {
    let (mut out, mut start, mut quoted, mut escaped) = (Vec::new(), None::<usize>, false, false);
    let push = |from: usize, to: usize, out: &mut Vec<(usize, &'t str)>| {
        if let Some(piece) = text.get(from..to).filter(|piece| !piece.is_empty()) {
            out.push((from, piece));
        }
    };
    for (at, letter) in text.char_indices() {
        let ends = match letter {
            _ if escaped => {
                escaped = false;
                false
            }
            '\\' if quoted => {
                escaped = true;
                false
            }
            '"' => {
                quoted = !quoted;
                false
            }
            _ => !quoted && letter == ' ',
        };
        if ends {
            if let Some(from) = start.take() {
                push(from, at, &mut out);
            }
        } else if start.is_none() {
            start = Some(at);
        }
    }
    if let Some(from) = start {
        push(from, text.len(), &mut out);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(part: EditPart, old: Option<&str>, new: Option<&str>) -> String {
        let kind = match (old, new) {
            (Some(_), Some(_)) => EditKind::Replaced,
            (None, _) => EditKind::Added,
            (_, None) => EditKind::Removed,
        };
        let (old, new) = (old.map(str::to_owned), new.map(str::to_owned));
        of_edit(&Edit { kind, part, old, new, location: None }).plain()
    }

    #[test]
    fn edits_read_as_what_they_did() {
        use EditPart::{Scope, Unless, When};
        assert_eq!(said(When, None, Some("context.mfa")), "now also demands `context.mfa`");
        assert_eq!(said(When, Some("context.mfa"), None), "no longer demands `context.mfa`");
        assert_eq!(said(Unless, None, Some("principal.suspended")), "now excludes `principal.suspended`");
        assert_eq!(said(Unless, None, Some("!context.mfa")), "now also demands `context.mfa`");
        assert_eq!(said(Unless, Some("!(a && b)"), None), "no longer demands `a && b`");
        assert_eq!(said(Unless, Some("!a && b"), None), "no longer excludes `!a && b`");
        assert_eq!(said(Unless, Some("!(a) == (b)"), None), "no longer excludes `!(a) == (b)`");
        assert_eq!(said(Unless, Some("!context.a"), Some("!context.b")), "`context.a` became `context.b`");
        assert_eq!(
            said(When, Some("context.n < 500"), Some("context.n <= 500")),
            "`context.n < 500` became `context.n <= 500`"
        );
        assert_eq!(
            said(Scope, Some("action == Action::\"a\""), Some("action in [Action::\"a\", Action::\"b, c\"]")),
            "now also covers `Action::\"b, c\"`"
        );
        assert_eq!(
            said(
                Scope,
                Some("action in [Action::\"a\", Action::\"b\"]"),
                Some("action in [Action::\"a\", Action::\"c\"]")
            ),
            "now also covers `Action::\"c\"` and no longer covers `Action::\"b\"`"
        );
        assert_eq!(
            said(Scope, Some("action == Action::\"a\""), Some("action == Action::\"b\"")),
            "`action == Action::\"a\"` became `action == Action::\"b\"`"
        );
        let long = |limit: &str| format!("context.some.long.attribute.path.to.a.value.that.goes.on.and.on {limit} 500");
        assert_eq!(
            said(When, Some(&long("<")), Some(&long("<="))),
            "`context.some.long.attribute.path.to.a.value.that.goes.on.and.on < 500` became \
             `context.some.long.attribute.path.to.a.value.that.goes.on.and.on <= 500`"
        );
    }
    /// An expression in which parts that join are nested, of about `size` pieces.
    fn nested(random: &mut impl FnMut(usize) -> usize, size: usize) -> String {
        const LEAVES: [&str; 6] = [
            "context.amount.isSomeLongNameThatFillsTheLine",
            "context.network == \"a ) b\"",
            "context.now.toTime() < duration(\"7h\")",
            "[1, 2].contains(context.level)",
            "resource.owner == principal",
            "!(context has factor && context.factor.strong)",
        ];
        if size < 2 {
            return LEAVES[random(LEAVES.len())].to_owned();
        }
        let joint = ["&&", "||"][random(2)];
        let left = 1 + random(size - 1);
        let (left, right) = (nested(random, left), nested(random, size - left));
        match random(3) {
            0 => format!("({left} {joint} {right})"),
            1 => format!("!({left} {joint} {right})"),
            _ => format!("{left} {joint} {right}"),
        }
    }

    /// The kind: what is shown of a long condition ends within brackets.
    #[test]
    fn what_is_shown_of_an_edit_is_balanced_and_stands_in_the_text() {
        let mut state = 7_u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        let mut shorter = 0;
        for _ in 0..20_000 {
            let size = 1 + random(7);
            let old = nested(&mut random, size);
            let new = if random(2) == 0 {
                nested(&mut random, size)
            } else {
                let at = random(8);
                old.replacen(
                    ["&&", "||", "resource.owner", "7h", "context.", "factor", "1, 2", "!("][at],
                    "x",
                    1 + random(2),
                )
            };
            let (before, after) = differing(&old, &new);
            assert!(old.contains(before) && new.contains(after));
            assert!(is_balanced(before) == is_balanced(&old) || !is_balanced(&new), "{before} of {old} to {new}");
            if is_balanced(&old) && is_balanced(&new) {
                assert!(is_balanced(before) && is_balanced(after), "{before} -> {after} of {old} to {new}");
                shorter += usize::from(before.len() < old.len());
            }
        }
        assert!(shorter > 1_000, "{shorter}");
    }
}
