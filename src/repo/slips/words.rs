//! Words of other languages in conditions.

use super::scan::{Kind, Token};
use super::slip::{Look, Slip};
use super::vocabulary::{JOINED, PRESENCE};
use crate::text::{Span, inline};

pub(super) fn detect(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let attribute =
        look.follows(at, &[".", "::", "@", "?."]) || look.before(at, 1).is_some_and(|word| word.is_word("has"));
    if token.kind != Kind::Word || !look.in_body(at) || attribute || look.sign(at + 1, ":") || look.sign(at + 1, "::") {
        return None;
    }
    negated(look, at)
        .or_else(|| joined(look, at, token))
        .or_else(|| nothing(look, at, token))
        .or_else(|| truth(look, at, token))
        .or_else(|| choice(look, at, token))
        .or_else(|| variable(look, at, token))
}

/// `not`, alone and before an operator.
fn negated(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let not = token.text.eq_ignore_ascii_case("not");
    let next = look.at(at + 1)?;
    if token.is_word("is") && next.text.eq_ignore_ascii_case("not") && !is_nothing(look.at(at + 2)?.text) {
        let help = "put `!( )` around the whole: `!(resource is Photo)`";
        return Some(Slip::new(look.span(at, at + 1)?, "is", "Cedar has no `is not`", help));
    }
    if !not || is_nothing(next.text) {
        return None;
    }
    if matches!(next.text, "in" | "like" | "has" | "is") {
        let start = look.operand_start(at.checked_sub(1)?);
        let written = look.short(start, look.operand_end(at + 2));
        let example = written.map(|text| text.replacen(token.text, "", 1).replace("  ", " "));
        let example = example.unwrap_or_else(|| format!("resource {} ..", next.text));
        let help = format!("put `!( )` around the whole: `!({})`", inline(&example));
        return Some(Slip::new(token.span, "", format!("Cedar has no `not {}`", next.text), help));
    }
    let help = "write `!` before what must not hold, in brackets where that is more than a name: `!(a == b)`";
    next.begins_operand().then(|| {
        Slip::new(token.span, "!", format!("`{}` is not an operator of Cedar, which writes `!`", token.text), help)
    })
}

fn joined(look: &Look<'_>, at: usize, token: &Token<'_>) -> Option<Slip> {
    let lower = token.text.to_ascii_lowercase();
    let (_, right, help) = JOINED.iter().find(|(word, ..)| *word == lower)?;
    let (before, next) = (look.before(at, 1)?, look.at(at + 1)?);
    let between = before.ends_operand() && (next.begins_operand() || next.text == "/");
    between.then(|| Slip::new(token.span, *right, format!("`{}` is not an operator of Cedar", token.text), *help))
}

fn is_nothing(word: &str) -> bool {
    matches!(word.to_ascii_lowercase().as_str(), "null" | "nil" | "none" | "undefined")
}

fn nothing(look: &Look<'_>, at: usize, token: &Token<'_>) -> Option<Slip> {
    if !is_nothing(token.text) || look.sign(at + 1, ".") {
        return None;
    }
    let message = format!("Cedar has no `{}`: an attribute is there or is not", token.text);
    let help = PRESENCE;
    let slip = Slip::new(token.span, "\"\"", message, help);
    let is = |by: usize| look.before(at, by).filter(|word| word.is_word("is")).map(|word| word.span);
    let not = look.before(at, 1).is_some_and(|word| word.text.eq_ignore_ascii_case("not"));
    Some(match if not { is(2) } else { is(1) } {
        Some(from) => slip.edited(Span::new(from.start, token.span.end), "== \"\""),
        None => slip,
    })
}

fn truth(look: &Look<'_>, at: usize, token: &Token<'_>) -> Option<Slip> {
    let lower = token.text.to_ascii_lowercase();
    let wrong = lower != token.text && matches!(lower.as_str(), "true" | "false") && !look.sign(at + 1, "(");
    wrong.then(|| {
        let message = format!("`{}` is written in lower case in Cedar", token.text);
        Slip::new(token.span, lower.clone(), message, format!("write `{lower}`"))
    })
}

/// `if` without `then` or `else`, and loops.
fn choice(look: &Look<'_>, at: usize, token: &Token<'_>) -> Option<Slip> {
    let form = "write `if CONDITION then VALUE else VALUE`";
    let end = look.closing(at)?;
    if matches!(token.text, "return" | "let" | "var" | "const") && look.at(at + 1)?.begins_operand() {
        let message = format!("`{}` is not a word of Cedar: a condition is one expression", token.text);
        let slip =
            Slip::new(token.span, "", message, "write the expression alone, with every value where it is needed");
        return Some(slip.edited(Span::new(token.span.start, end), "true "));
    }
    if matches!(token.text, "elif" | "elsif" | "elseif") {
        return Some(Slip::new(
            token.span,
            "else if",
            format!("`{}` is not a word of Cedar", token.text),
            "write `else if`",
        ));
    }
    if matches!(token.text, "for" | "forall" | "foreach" | "exists" | "some" | "every")
        && look.at(at + 1)?.kind == Kind::Word
    {
        let help = "ask a set with `.contains(..)`, `.containsAll(..)` or `.containsAny(..)`";
        let slip = Slip::new(token.span, "", "Cedar has no loops", help);
        return Some(slip.edited(Span::new(token.span.start, end), "true "));
    }
    if token.text != "if" {
        return None;
    }
    let mut thens = 0_usize;
    let mut elses = 0_usize;
    let within = look.tokens.iter().skip(at).take_while(|next| next.span.start < end);
    for word in within.filter(|word| word.within == token.within) {
        thens += usize::from(word.is_word("then"));
        elses += usize::from(word.is_word("else"));
    }
    let message = match (thens, elses) {
        (0, _) => "this `if` has no `then`",
        (thens, elses) if elses < thens => "this `if` has no `else`, and a value is needed in either case",
        _ => return None,
    };
    let slip = Slip::new(token.span, "", message, form);
    Some(if thens == 0 {
        slip.edited(Span::new(token.span.start, end), "true ")
    } else {
        slip.edited(Span::at(end), " else false ")
    })
}

/// What others call the four variables.
const VARIABLES: [(&str, &str); 19] = [
    ("subject", "principal"),
    ("user", "principal"),
    ("actor", "principal"),
    ("caller", "principal"),
    ("identity", "principal"),
    ("me", "principal"),
    ("principals", "principal"),
    ("object", "resource"),
    ("obj", "resource"),
    ("target", "resource"),
    ("resources", "resource"),
    ("verb", "action"),
    ("operation", "action"),
    ("actions", "action"),
    ("ctx", "context"),
    ("env", "context"),
    ("environment", "context"),
    ("request", "context"),
    ("input", "context"),
];

/// The variables of a condition.
pub(super) const KNOWN: [&str; 4] = ["principal", "action", "resource", "context"];

fn variable(look: &Look<'_>, at: usize, token: &Token<'_>) -> Option<Slip> {
    // Of slots, Cedar says where they belong.
    let known = KNOWN.contains(&token.text) || matches!(token.text, "true" | "false") || token.text.starts_with('?');
    let before = look.before(at, 1)?;
    let first = before.is_word("is") || before.ends_operand();
    if known || !token.begins_operand() || look.sign(at + 1, "(") || first {
        return None;
    }
    let lower = token.text.to_ascii_lowercase();
    let meant = VARIABLES.iter().find(|(word, _)| *word == lower).map(|(_, meant)| *meant);
    let meant = meant.or_else(|| crate::text::nearest(token.text, KNOWN));
    let message =
        format!("a condition reads `principal`, `action`, `resource` and `context`, and not `{}`", inline(token.text));
    let help = match meant {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("for the text, write \"{0}\"; for an attribute, say whose: `resource.{0}`", inline(token.text)),
    };
    Some(Slip::new(token.span, meant.unwrap_or("resource"), message, help))
}
