//! Quotes, comments and characters that Cedar does not have.

use super::scan::Kind;
use super::slip::{Look, Slip};
use crate::text::{Span, inline};

pub(super) fn detect(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    match token.kind {
        Kind::Quoted => quoted(token.text, token.span),
        Kind::Comment => Some(comment(token.text, token.span)),
        Kind::Unclosed => Some(unclosed(token.span)),
        Kind::Sign => sign(token.text, token.span),
        Kind::Word | Kind::Number | Kind::Text => None,
    }
}

fn quoted(text: &str, span: Span) -> Option<Slip> {
    let mut inner = text.chars();
    let open = inner.next()?;
    inner.next_back()?;
    let inner = inner.as_str();
    let right = format!("\"{}\"", inner.replace('\\', "\\\\").replace('"', "\\\""));
    let what = match open {
        '\'' => "single quotes",
        '`' => "backquotes",
        _ => "typographic quotes",
    };
    let message = format!("text stands between double quotes in Cedar, and `{}` between {what}", inline(inner));
    let help = if open.is_ascii() {
        format!("write {}", inline(&right))
    } else {
        format!("write {}, with the quotes of the keyboard", inline(&right))
    };
    Some(Slip::new(span, right, message, help))
}

fn comment(text: &str, span: Span) -> Slip {
    let blank: String = text.chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
    let (message, help) = if text.starts_with('#') {
        ("a comment begins with `//` in Cedar, and this one with `#`", "write `//` instead of `#`")
    } else {
        ("Cedar has no comments between `/*` and `*/`", "begin each line of the comment with `//`")
    };
    // The place is the line where it begins.
    let first = span.start + text.find('\n').unwrap_or(text.len());
    Slip::new(Span::new(span.start, first), "", message, help).edited(span, blank)
}

fn unclosed(span: Span) -> Slip {
    Slip::new(span, "", "this string is never closed", "write a `\"` where it ends").edited(Span::at(span.end), "\"")
}

/// Characters that stand for an operator or a bracket elsewhere.
const CHARACTERS: [(&str, &str); 16] = [
    ("≠", "!="),
    ("≤", "<="),
    ("≥", ">="),
    ("∧", "&&"),
    ("∨", "||"),
    ("¬", "!"),
    ("∈", "in"),
    ("–", "-"),
    ("—", "-"),
    ("−", "-"),
    ("×", "*"),
    ("，", ","),
    ("；", ";"),
    ("：", ":"),
    ("（", "("),
    ("）", ")"),
];

fn sign(text: &str, span: Span) -> Option<Slip> {
    let c = text.chars().next()?;
    if let Some((_, right)) = CHARACTERS.iter().find(|(wrong, _)| *wrong == text) {
        let message = format!("`{text}` is not an operator or sign of Cedar");
        return Some(Slip::new(span, *right, message, format!("write `{right}`")));
    }
    if matches!(c, '\u{201c}' | '\u{201d}' | '\u{201e}') {
        let message = "a typographic quote stands here, and text stands between double quotes in Cedar";
        return Some(Slip::new(span, "\"", message, "write `\"`, the quote of the keyboard"));
    }
    if c == '\'' {
        let message = "text stands between double quotes in Cedar, and a single quote stands here";
        return Some(Slip::new(span, " ", message, "write `\"` on both sides of the text"));
    }
    if !c.is_ascii() {
        let message = format!("the character `{}` has no meaning in Cedar outside of text and comments", inline(text));
        return Some(Slip::new(
            span,
            " ",
            message,
            "remove it, or put the text that it belongs to between double quotes",
        ));
    }
    let blank = |what: &str| {
        let message = format!("`{text}` has no meaning in Cedar outside of text and comments");
        Some(Slip::new(span, " ", message, what))
    };
    match c {
        '\\' => blank("remove it; a condition may run over several lines as it is"),
        '$' | '~' | '^' => blank("remove it"),
        _ => None,
    }
}
