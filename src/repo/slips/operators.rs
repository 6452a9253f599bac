//! Operators of other languages, operands with no operator between them, and numbers that are something else.

use super::scan::{Kind, Part};
use super::slip::{Look, Slip};
use super::vocabulary::{PATTERN, PRESENCE, is_operator};
use crate::text::Span;

/// What others write: what to read in its place, and what to say.
const OPERATORS: [(&str, &str, &str); 21] = [
    ("===", "==", "write `==`"),
    ("!==", "!=", "write `!=`"),
    ("=", "==", "write `==`"),
    ("<>", "!=", "write `!=`"),
    (":=", "==", "write `==`"),
    ("=<", "<=", "write `<=`"),
    ("=>", ">=", "write `>=`"),
    ("<=>", "==", "write `==`, `<` or `>`"),
    ("&", "&&", "write `&&`"),
    ("|", "||", "write `||`"),
    ("&&&", "&&", "write `&&`"),
    ("|||", "||", "write `||`"),
    ("=~", "==", PATTERN),
    ("~=", "==", PATTERN),
    ("!~", "!=", PATTERN),
    ("**", "*", "write the multiplication out"),
    ("/", "*", "Cedar adds, subtracts and multiplies; multiply the other side instead"),
    ("%", "*", "Cedar adds, subtracts and multiplies"),
    ("+=", "+", "a condition changes nothing; write `+`"),
    ("-=", "-", "a condition changes nothing; write `-`"),
    ("->", ".", "write `.`"),
];

pub(super) fn detect(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    if token.part != Part::Body {
        return None;
    }
    match token.kind {
        Kind::Sign => {
            sign(look, at).or_else(|| operator(look, at)).or_else(|| separator(look, at)).or_else(|| dangling(look, at))
        }
        Kind::Number => number(look, at),
        _ => None,
    }
    .or_else(|| missing(look, at))
}

fn operator(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let (_, right, help) = OPERATORS.iter().find(|(wrong, ..)| token.is(wrong))?;
    let message = match token.text {
        "=" => "`=` is not an operator of Cedar, which compares with `==`".to_owned(),
        wrong => format!("`{wrong}` is not an operator of Cedar"),
    };
    Some(Slip::new(token.span, *right, message, *help))
}

/// Signs that take more than themselves with them.
fn sign(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    match token.text {
        "?." => {
            let help = format!("write `.`, after asking whether the attribute is there: {PRESENCE}");
            Some(Slip::new(token.span, ".", "`?.` is not an operator of Cedar", help))
        }
        "??" => {
            let end = look.operand_end(at + 1);
            let help = format!("write `if resource has owner then resource.owner else ..`; {PRESENCE}");
            let slip = Slip::new(token.span, "", "`??` is not an operator of Cedar", help);
            Some(slip.edited(look.span(at, end)?, " "))
        }
        "?" => {
            let end = look.closing(at)?;
            let message = "Cedar has no `? :`";
            let help = "write `if CONDITION then VALUE else VALUE`";
            Some(Slip::new(token.span, "", message, help).edited(Span::new(token.span.start, end), " "))
        }
        _ => None,
    }
}

/// A comma or semicolon between conditions.
fn separator(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    let open = look.at(token.within?)?;
    let outer = open.is("{") && open.part != Part::Body && open.within.is_none();
    if token.is(";") && open.other.is_some() {
        let last = look.at(at + 1).is_some_and(|next| next.is("}"));
        let instead = if last { " " } else { " && " };
        let help = if last { "remove it" } else { "write `&&` between conditions that must all hold" };
        return Some(Slip::new(token.span, instead, "a `;` stands inside of a condition, and ends a policy", help));
    }
    if !token.is(",") || !outer {
        return None;
    }
    let help = "write `&&` where both must hold, `||` where one of them is enough";
    let instead = if look.at(at + 1).is_some_and(|next| next.is("}")) { " " } else { " && " };
    Some(Slip::new(token.span, instead, "conditions are joined with `&&` or `||`, and not with a comma", help))
}

/// `&&` or `||` with nothing on one of its sides.
fn dangling(look: &Look<'_>, at: usize) -> Option<Slip> {
    let token = look.at(at)?;
    if !matches!(token.text, "&&" | "||" | "==" | "!=" | "<" | "<=" | ">" | ">=") {
        return None;
    }
    let left = look.before(at, 1).is_some_and(|before| before.ends_operand());
    let right = look.at(at + 1).is_some_and(|next| next.begins_operand());
    if left && right {
        return None;
    }
    let doubled = look.before(at, 1).is_some_and(|before| before.kind == Kind::Sign && before.text == token.text);
    let (message, help) = if doubled {
        (format!("`{}` stands here twice", token.text), "write it once".to_owned())
    } else {
        let side = if left { "after" } else { "before" };
        (format!("nothing stands {side} this `{}`", token.text), format!("write what stands {side} it, or remove it"))
    };
    let instead = match (doubled, token.text) {
        (true, _) | (_, "&&" | "||") => " ".to_owned(),
        (_, text) if left => format!("{text} 1"),
        (_, text) => format!("1 {text}"),
    };
    Some(Slip::new(token.span, instead, message, help))
}

/// Numbers that Cedar writes otherwise.
fn number(look: &Look<'_>, at: usize) -> Option<Slip> {
    let first = look.at(at)?;
    let mut end = at;
    while let (Some(this), Some(next)) = (look.at(end), look.at(end + 1)) {
        let joins = this.span.end == next.span.start;
        let part = matches!(next.kind, Kind::Number | Kind::Word) || matches!(next.text, "." | "_" | "/" | ":" | "-");
        if !joins || !part {
            break;
        }
        end += 1;
    }
    while end > at && look.at(end).is_some_and(|token| token.kind == Kind::Sign) {
        end -= 1;
    }
    if end == at || look.follows(at, &["."]) {
        return None;
    }
    let span = look.span(at, end)?;
    let text = look.text.get(span.start..span.end)?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let parts: Vec<&str> = text.split('.').collect();
    let (message, right) = if parts.len() == 4 {
        (format!("`{text}` is an address, which Cedar writes as text in `ip(..)`"), format!("ip(\"{text}\")"))
    } else if parts.len() == 2 && parts.iter().all(|part| digits(part)) {
        (format!("`{text}` is not a whole number, and Cedar's numbers are"), format!("decimal(\"{text}\")"))
    } else if text.split('-').count() == 3 {
        (format!("`{text}` is a date, which Cedar writes as text in `datetime(..)`"), format!("datetime(\"{text}\")"))
    } else if let Some((_, short)) = UNITS.iter().find(|(unit, _)| text.strip_prefix(first.text) == Some(unit)) {
        let message = format!("`{text}` is a time span, which Cedar writes as text in `duration(..)`");
        (message, format!("duration(\"{}{short}\")", first.text))
    } else {
        let plain: String = text.chars().filter(|c| *c != '_').collect();
        let right = if digits(&plain) { plain } else { format!("\"{text}\"") };
        (format!("`{text}` is not a number of Cedar"), right)
    };
    let help = format!("write `{right}`");
    Some(Slip::new(span, right, message, help))
}

/// Units of time spans as people write them, and as Cedar does.
const UNITS: [(&str, &str); 9] = [
    ("ms", "ms"),
    ("s", "s"),
    ("sec", "s"),
    ("m", "m"),
    ("min", "m"),
    ("h", "h"),
    ("hours", "h"),
    ("d", "d"),
    ("days", "d"),
];

/// Two operands with no operator between them.
fn missing(look: &Look<'_>, at: usize) -> Option<Slip> {
    let (before, token) = (look.before(at, 1)?, look.at(at)?);
    let operand = token.begins_operand() && !matches!(token.text, "(" | "[" | "-" | "if");
    if !before.ends_operand() || !operand || before.part != Part::Body || before.is(")") && token.is("{") {
        return None;
    }
    if [before.text, token.text].iter().any(|word| is_operator(word)) {
        return None;
    }
    let shown = crate::text::inline(look.short(at, look.operand_end(at)).unwrap_or(token.text)).into_owned();
    let listed = token.within.and_then(|open| look.at(open)).is_some_and(|open| open.is("["));
    let place = Span::at(token.span.start);
    if listed {
        let message = format!("a comma is missing before `{shown}`");
        return Some(Slip::new(token.span, "", message, "write `,` between the members of a list").edited(place, ", "));
    }
    let message = format!("an operator is missing before `{shown}`");
    let help = "write `&&` where both must hold, `||` where one of them is enough";
    Some(Slip::new(token.span, "", message, help).edited(place, "&& "))
}
