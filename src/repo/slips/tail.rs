//! Conditions, brackets and the end of a policy.

use super::scan::{Kind, Part};
use super::slip::{Look, Slip};
use crate::text::{Span, inline, nearest};

/// What others call the words before a condition.
const CONDITIONS: [(&str, &str); 15] = [
    ("if", "when"),
    ("where", "when"),
    ("with", "when"),
    ("condition", "when"),
    ("conditions", "when"),
    ("while", "when"),
    ("whenever", "when"),
    ("provided", "when"),
    ("given", "when"),
    ("and", "when"),
    ("only", "when"),
    ("except", "unless"),
    ("unlike", "unless"),
    ("else", "unless"),
    ("not", "unless"),
];

pub(super) fn detect(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    if let Some(slip) = bracket(look, at) {
        return Some(slip);
    }
    if token.part != Part::Tail {
        return None;
    }
    let after_scope = at > 0 && look.before(at, 1).is_some_and(|before| before.is(")") || before.is("}"));
    match token.kind {
        Kind::Word => condition(look, at),
        Kind::Sign
            if token.is(";") && look.at(at + 1).is_some_and(|next| next.is_word("when") || next.is_word("unless")) =>
        {
            let message = "this `;` ends the policy before its condition";
            Some(Slip::new(token.span, " ", message, "remove it; a policy ends after its last condition"))
        }
        Kind::Sign if token.is("{") && after_scope => {
            let message = "a condition begins with `when` or `unless`";
            Some(Slip::new(token.span, " when {", message, "write `when` before the `{`"))
        }
        Kind::Sign if matches!(token.text, "&&" | "||" | ",") && after_scope => {
            let message = format!("`{}` stands between two conditions", token.text);
            let help = "write one condition after the other where all must hold, or one `when { a || b }`";
            Some(Slip::new(token.span, " ", message, help))
        }
        _ => None,
    }
    .or_else(|| end(look, at))
}

fn condition(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let next = look.at(at + 1)?;
    let known = matches!(token.text, "when" | "unless");
    let lower = token.text.to_ascii_lowercase();
    let table = CONDITIONS.iter().find(|(word, _)| *word == lower).map(|(_, meant)| *meant);
    let meant = if known { token.text } else { table.or_else(|| nearest(token.text, ["when", "unless"]))? };
    // Two words for one, such as `except when`.
    let doubled = !known && (next.is_word("when") || next.is_word("unless"));
    let body = if doubled { at + 2 } else { at + 1 };
    let start = look.at(body)?;
    let slip = if known {
        None
    } else {
        let message = format!("a condition begins with `when` or `unless`, and not with `{}`", inline(token.text));
        let span = if doubled { look.span(at, at + 1)? } else { token.span };
        Some(Slip::new(span, format!("{meant} "), message, format!("write `{meant}`")))
    };
    if start.is("{") {
        return slip;
    }
    let stop = |token: &&super::scan::Token<'_>| {
        token.part == Part::Tail && matches!(token.text, ";" | "when" | "unless" | "@")
    };
    let last = match start.other.filter(|_| start.is("(")) {
        Some(other) if look.at(other + 1).is_none_or(|next| stop(&next)) => other,
        _ => {
            let count = look.tokens.iter().skip(body).take_while(|token| !stop(token)).count();
            (body + count).checked_sub(1)?
        }
    };
    let mut inside = look.span(body, last)?;
    let round = start.is("(") && start.other == Some(last);
    let colon = matches!(start.text, ":" | "=>" | "=") && start.kind == Kind::Sign;
    if colon && look.sign(body + 1, "{") {
        let message = format!("`{}` stands between `{meant}` and its braces", start.text);
        return Some(Slip::new(start.span, " ", message, "remove it"));
    }
    if colon {
        inside = Span::new(start.span.end, inside.end);
    }
    let what =
        if round { "round brackets stand around this condition" } else { "no braces stand around this condition" };
    let help = match look.short(body + usize::from(colon), last) {
        Some(text) => {
            let bare = if round { text.get(1..text.len() - 1).unwrap_or(text) } else { text };
            format!("write `{meant} {{ {} }}`", inline(bare.trim()))
        }
        None => format!("write `{meant} {{ .. }}`"),
    };
    let braces = Slip::new(inside, "", what, help);
    let edit = |slip: Slip| slip.and(Span::at(inside.start), "{").and(Span::at(inside.end), "}");
    Some(match slip {
        Some(slip) => edit(slip),
        None => edit(Slip { edits: Vec::new(), ..braces }),
    })
}

/// Brackets that are never closed, or close nothing.
fn bracket(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    if token.kind != Kind::Sign || token.other.is_some() {
        return None;
    }
    let close = match token.text {
        "(" => ")",
        "[" => "]",
        "{" => "}",
        ")" | "]" | "}" => {
            // A closing bracket of another kind where one is due.
            let due = token.within.and_then(|open| look.at(open)).map(|open| open.text);
            let message = match due {
                Some(open) => format!("this `{}` closes nothing: the bracket that is open is `{open}`", token.text),
                None => format!("this `{}` closes nothing", token.text),
            };
            return Some(Slip::new(token.span, " ", message, "remove it, or write the bracket that it should close"));
        }
        _ => return None,
    };
    let message = format!("this `{}` is never closed", token.text);
    let help = format!("write `{close}` where it ends");
    // Within what is around it, or before the policy's end.
    let around = token.within.and_then(|open| look.at(look.at(open)?.other?)).map(|token| token.span.start);
    let semicolon = look.tokens.last().filter(|last| last.is(";")).map(|last| last.span.start);
    let body = || {
        look.tokens
            .iter()
            .skip(at)
            .find(|later| later.is_word("when") || later.is_word("unless"))
            .map(|word| word.span.start)
    };
    let scope = if token.text == "(" && token.part != Part::Body { body() } else { None };
    let end = around.or(scope).or(semicolon).unwrap_or(look.text.len());
    Some(Slip::new(token.span, "", message, help).edited(Span::at(end), close))
}

/// A policy without its `;`.
fn end(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    if at + 1 != look.tokens.len() || token.is(";") || !(token.is("}") || token.is(")")) {
        return None;
    }
    let message = "this policy does not end with `;`";
    Some(Slip::new(token.span, "", message, "write `;` after it").edited(Span::at(token.span.end), ";"))
}
