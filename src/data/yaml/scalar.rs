//! What an unquoted value is: the one thing that every reader of YAML takes it for, or something that is refused.

use crate::data::{Fault, Kind};
use crate::text::{Span, inline};

/// What the unquoted value `text` at `span` of the file `whole` is.
pub(super) fn plain(text: &str, span: Span, whole: &str) -> Kind {
    let wrong = |message: String, quoted: &str| {
        let help = format!("write '{}'", quoted.replace('\'', "''"));
        Kind::Wrong(Box::new(Fault::new(message).help(inline(&help)).at(span)))
    };
    let shown = inline(text);
    match text {
        "" | "~" | "null" => Kind::Null,
        "true" => Kind::Bool(true),
        "false" => Kind::Bool(false),
        _ if is_word_for_truth(text) => {
            wrong(format!("`{shown}` is a boolean to some readers of YAML and text to others"), text).or_bool(text)
        }
        "Null" | "NULL" => wrong(format!("`{shown}` is nothing to some readers of YAML and text to others"), text),
        _ if text.matches('"').count() % 2 == 1 => {
            let whole = cut(span, whole);
            wrong(format!("YAML cuts this value off after `{shown}`"), &whole)
        }
        _ if is_number(text) => match text.parse::<i64>() {
            Ok(number) => Kind::Long(number),
            Err(_) => wrong(format!("`{shown}` is beyond 64 bits"), text),
        },
        _ if is_numeric(text) => wrong(format!("`{shown}` is a number to some readers of YAML, each its own"), text),
        _ => Kind::Text(text.to_owned()),
    }
}

impl Kind {
    /// The help of a word for a truth value names the value too.
    fn or_bool(mut self, text: &str) -> Self {
        if let Self::Wrong(fault) = &mut self {
            let truth = matches!(text.to_ascii_lowercase().as_str(), "yes" | "on" | "true");
            fault.help = Some(format!("write {truth}, or '{text}' for the text"));
        }
        self
    }
}

fn is_word_for_truth(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    matches!(lower.as_str(), "yes" | "no" | "on" | "off" | "true" | "false")
}

/// A whole number as everybody writes it.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'))
}

/// What some YAML reads as a number: leading zeros, signs, underscores, fractions, exponents, other bases, minutes and
/// seconds.
fn is_numeric(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let body = lower.strip_prefix(['-', '+']).unwrap_or(&lower);
    if matches!(body, ".inf" | ".nan") {
        return true;
    }
    if let Some(digits) =
        body.strip_prefix("0x").or_else(|| body.strip_prefix("0o")).or_else(|| body.strip_prefix("0b"))
    {
        return !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'_');
    }
    let starts = body.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
        || body.strip_prefix('.').is_some_and(|rest| rest.bytes().next().is_some_and(|byte| byte.is_ascii_digit()));
    let (mantissa, exponent) = body.split_once('e').unwrap_or((body, "0"));
    let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    starts
        && !exponent.is_empty()
        && exponent.bytes().all(|byte| byte.is_ascii_digit())
        && mantissa.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b':'))
        && mantissa.matches('.').count() <= 1
}

/// What stands from `span` on its line up to the quote that closes a Cedar string.
fn cut(span: Span, whole: &str) -> String {
    let rest = whole.get(span.start..).and_then(|rest| rest.lines().next()).unwrap_or_default();
    let mut quotes = rest.char_indices().filter(|(_, c)| *c == '"');
    let end = quotes.nth(1).map_or(rest.trim_end().len(), |(at, _)| at + 1);
    rest.get(..end).unwrap_or(rest).to_owned()
}
