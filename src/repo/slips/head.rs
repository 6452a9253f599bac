//! Annotations and the effect.

use super::scan::{Kind, Part};
use super::slip::{Look, Slip};
use crate::text::{Span, inline, nearest};

/// What others call the effects.
const EFFECTS: [(&str, &str); 14] = [
    ("allow", "permit"),
    ("allows", "permit"),
    ("allowed", "permit"),
    ("grant", "permit"),
    ("accept", "permit"),
    ("enable", "permit"),
    ("permits", "permit"),
    ("deny", "forbid"),
    ("denies", "forbid"),
    ("reject", "forbid"),
    ("refuse", "forbid"),
    ("block", "forbid"),
    ("disallow", "forbid"),
    ("prohibit", "forbid"),
];

pub(super) fn detect(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    if token.part != Part::Head || token.within.is_some() {
        return None;
    }
    if token.is("@") {
        return annotation(look, at);
    }
    let first = !look
        .tokens
        .iter()
        .take(at)
        .enumerate()
        .any(|(at, token)| is_effect_place(look, at) && token.kind == Kind::Word);
    (token.kind == Kind::Word && is_effect_place(look, at)).then(|| effect(look, at, first)).flatten()
}

/// Whether an effect can stand at the token of number `at`: not as the key of an annotation, nor in its value.
fn is_effect_place(look: &Look<'_>, at: usize) -> bool {
    look.at(at).is_some_and(|token| token.within.is_none()) && !look.follows(at, &["@"])
}

fn effect(look: &Look<'_>, at: usize, first: bool) -> Option<Slip> {
    let token = look.at(at)?;
    let lower = token.text.to_ascii_lowercase();
    let known = matches!(token.text, "permit" | "forbid");
    if first && matches!(token.text, "when" | "unless") {
        let message = format!("this `{}` belongs to no policy: a `;` ends the one before it", token.text);
        let help = "remove the `;` before it; a policy ends with its last condition";
        return Some(Slip::new(token.span, "permit(principal, action, resource) when", message, help));
    }
    let next = look.at(at + 1)?;
    if !known && !next.is("(") {
        // Something before the effect, such as a name.
        let effect = look.tokens.iter().skip(at + 1).find(|token| matches!(token.text, "permit" | "forbid"));
        let outer = effect.filter(|effect| effect.part == Part::Head && effect.within.is_none());
        if !first {
            return None;
        }
        let Some(effect) = outer else {
            let message = format!("a policy begins with `permit` or `forbid`, and not with `{}`", inline(token.text));
            let help = "a file of policies holds nothing but `permit (..)` and `forbid (..)`, each with its conditions";
            let rest = Span::new(token.span.start, look.text.len());
            return Some(Slip::new(token.span, "", message, help).edited(rest, "permit(principal, action, resource);"));
        };
        let span = Span::new(token.span.start, effect.span.start);
        let message = format!("a policy begins with `permit` or `forbid`, and not with `{}`", inline(token.text));
        return Some(
            Slip::new(token.span, "", message, "a name stands in an annotation before it: @id(\"name\")")
                .edited(span, ""),
        );
    }
    if known {
        if next.kind == Kind::Word && next.text.eq_ignore_ascii_case("if") {
            return None;
        }
        let bare = matches!(next.text, "principal" | "action" | "resource");
        if !bare {
            return None;
        }
        let end =
            look.tokens.iter().position(|token| token.is_word("when") || token.is_word("unless") || token.is(";"))?;
        let span = look.span(at + 1, end.checked_sub(1)?)?;
        let message = "the scope stands between round brackets";
        let help = format!("write `{}(principal, action, resource)`", token.text);
        return Some(Slip::new(span, "", message, help).edited(Span::at(span.start), "(").and(Span::at(span.end), ")"));
    }
    let meant = EFFECTS.iter().find(|(word, _)| *word == lower).map(|(_, meant)| *meant);
    let meant = meant.or_else(|| nearest(token.text, ["permit", "forbid"]));
    let message = format!("a policy begins with `permit` or `forbid`, and not with `{}`", inline(token.text));
    let help = match meant {
        Some(meant) => format!("write `{meant}`"),
        None => "write `permit` for what is allowed, `forbid` for what never is".to_owned(),
    };
    Some(Slip::new(token.span, meant.unwrap_or("permit"), message, help))
}

/// An annotation that is not `@key("value")`.
fn annotation(look: &Look<'_>, at: usize) -> Option<Slip> {
    let (key, next) = (look.at(at + 1)?, look.at(at + 2)?);
    let shape = "an annotation is `@`, a word, and text between brackets";
    if key.kind != Kind::Word {
        let help = "write @id(\"name\")";
        return Some(Slip::new(look.at(at)?.span, "", shape, help));
    }
    let key_text = inline(key.text);
    let quoted = |value: &str| format!("(\"{}\")", value.trim_matches(['"', '\'']).replace('"', "\\\""));
    if matches!(next.text, "=" | ":") || next.kind == Kind::Text {
        let value = if next.kind == Kind::Text { at + 2 } else { at + 3 };
        let text = look.at(value)?.text;
        let help = format!("write @{key_text}{}", inline(&quoted(text)));
        return Some(Slip::new(look.span(at, value)?, "", shape, help).edited(look.span(at + 2, value)?, quoted(text)));
    }
    if next.is(";") {
        return ended(look, at, at + 2);
    }
    if !next.is("(") {
        return None;
    }
    let close = next.other?;
    let inside = look.text.get(next.span.end..look.at(close)?.span.start)?.trim();
    let one = close == at + 4 && look.at(at + 3).is_some_and(|value| value.kind == Kind::Text);
    if !one {
        let right = quoted(inside);
        let several = inside.contains('"') && !inside.starts_with('\'');
        let help = match several {
            true => format!("write one text: @{key_text}(\"..\")"),
            false => format!("write @{key_text}{}", inline(&right)),
        };
        let message = if inside.is_empty() { "an annotation with brackets has text between them" } else { shape };
        return Some(Slip::new(look.span(at, close)?, "", message, help).edited(look.span(at + 2, close)?, right));
    }
    look.sign(close + 1, ";").then(|| ended(look, at, close + 1)).flatten()
}

/// An annotation that a `;` cuts off from its policy.
fn ended(look: &Look<'_>, at: usize, semicolon: usize) -> Option<Slip> {
    let message = "this `;` cuts the annotation off from its policy";
    let alone = semicolon + 1 == look.tokens.len();
    let instead = if alone { " permit(principal, action, resource);" } else { " " };
    let _ = at;
    Some(Slip::new(
        look.at(semicolon)?.span,
        instead,
        message,
        "remove it; an annotation stands right before `permit` or `forbid`",
    ))
}
