//! Values of the wrong type: what they are in words, and how the right one is written.

use crate::text::inline;

/// What is said of two types that are not compatible in the expression `text`: message and help. `None` where Cedar's
/// words are as good.
pub(super) fn incompatible(message: &str, text: &str) -> Option<(String, String)> {
    let (one, two) = message.strip_prefix("the types ")?.strip_suffix(" are not compatible")?.split_once(" and ")?;
    // Records and several types are told as they are.
    if [one, two].iter().any(|ty| ty.contains([',', '{', '('])) {
        return None;
    }
    let help = repair(one, two, text).or_else(|| repair(two, one, text))?;
    let set = text.contains(".contains");
    let message = match set {
        true => format!("{} and {} can never be equal, so the set never contains it", noun(one), noun(two)),
        false => format!("{} and {} can never be equal", noun(one), noun(two)),
    };
    Some((inline(&message).into_owned(), inline(&help).into_owned()))
}

/// What is said of a value that has another type than its operator takes: message, and help where ours is better.
/// `text` is the value, `before` and `after` what stands around it.
pub(super) fn unexpected(message: &str, text: &str, [before, after]: &[String; 2]) -> Option<(String, Option<String>)> {
    let (expected, actual) = message.strip_prefix("unexpected type: expected ")?.split_once(" but saw ")?;
    let wanted = alternatives(expected);
    let plain = format!("{} is wanted here, and this is {}", wanted, noun(actual));
    let short = text.len() <= 60 && !text.contains('\n');
    let is_literal = text.starts_with('"') && text.ends_with('"');
    let entities = expected.split(", or ").all(is_entity);
    let negated = before.ends_with('!') && after.starts_with("has ");
    let help = if negated && short {
        let name: String =
            after.chars().skip(4).take_while(|c| c.is_alphanumeric() || matches!(c, '_' | '.')).collect();
        Some(format!("`!` takes only what stands right after it; write `!({text} has {name})`"))
    } else if expected.starts_with("Set") && after.starts_with(".contains") {
        let call = "SET.contains(VALUE)";
        Some(format!("what contains stands before the dot, and what it may contain between the brackets: `{call}`"))
    } else if entities && actual == "String" && is_literal {
        Some(format!(
            "write an entity, its type before the id: `Type::{text}`; a value in a list is asked for with `[..].contains(..)`"
        ))
    } else if entities && before.trim_end().ends_with(" in") || (after.starts_with("in ") && actual == "String") {
        Some("`in` asks whether an entity is in another; for a value in a list write `[..].contains(..)`".to_owned())
    } else if actual == "decimal" && expected.contains("Long") {
        Some("decimals are compared with `.lessThan(..)`, `.lessThanOrEqual(..)`, `.greaterThan(..)` and `.greaterThanOrEqual(..)`".to_owned())
    } else if actual == "String" && is_literal {
        expected.split(", or ").find_map(|ty| written(ty, text))
    } else if actual == "String" && expected.contains("Long") {
        Some("text has no order in Cedar; for a number or a time, declare the attribute as `Long` or `datetime` in the schema".to_owned())
    } else {
        None
    };
    Some((inline(&plain).into_owned(), help.map(|help| inline(&help).into_owned())))
}

/// The types of which one is wanted, in words.
fn alternatives(expected: &str) -> String {
    let mut all: Vec<String> = expected.split(", or ").map(noun).collect();
    all.dedup();
    all.join(" or ")
}

/// What to write where a value of type `ty` meets one of type `other` in `text`.
fn repair(ty: &str, other: &str, text: &str) -> Option<String> {
    let literal = literal(text);
    match (ty, other) {
        (_, "String") if !matches!(ty, "String") => match literal {
            Some(literal) => written(ty, literal),
            None => Some(format!(
                "declare both as {} in the schema",
                noun(ty).trim_start_matches("a ").trim_start_matches("an ")
            )),
        },
        (_, "Long") if matches!(ty, "datetime" | "duration" | "decimal") => {
            let example = match ty {
                "datetime" => "datetime(\"2027-01-01T00:00:00Z\")",
                "duration" => "duration(\"30m\")",
                _ => "decimal(\"1.0\")",
            };
            Some(format!("write the value as `{example}`"))
        }
        _ if ty.starts_with("Set<") && !other.starts_with("Set<") => {
            Some("a set is asked for a member with `.contains(..)`".to_owned())
        }
        _ if is_entity(ty) && is_entity(other) => {
            Some("two entities of different types are never the same; compare one of the right type".to_owned())
        }
        _ => None,
    }
}

/// How the text `literal`, quotes included, is written as a value of type `ty`.
fn written(ty: &str, literal: &str) -> Option<String> {
    let inner = literal.trim_matches('"');
    let right = match ty {
        "datetime" if begins_with_date(inner) => format!("datetime({literal})"),
        "datetime" => "datetime(\"2027-01-01T00:00:00Z\")".to_owned(),
        "ipaddr" if inner.contains('*') => {
            return Some("for a range of addresses write `.isInRange(ip(\"10.0.0.0/8\"))`".to_owned());
        }
        "ipaddr" if inner.contains('/') => {
            return Some(format!("for a range of addresses write `.isInRange(ip({literal}))`"));
        }
        "ipaddr" => format!("ip({literal})"),
        "decimal" => format!("decimal({literal})"),
        "duration" => format!("duration({literal})"),
        "Long" if inner.parse::<i64>().is_ok() => inner.to_owned(),
        "Long" => return None,
        "Bool" if matches!(inner, "true" | "false") => inner.to_owned(),
        "Bool" => return None,
        _ if ty.starts_with("Set<") => return Some("a set is asked for a member with `.contains(..)`".to_owned()),
        _ if is_entity(ty) => format!("{ty}::{literal}"),
        _ => return None,
    };
    Some(format!("write `{right}`"))
}

fn begins_with_date(text: &str) -> bool {
    let mut parts = text.split(['-', 'T']);
    let digits =
        |part: Option<&str>| part.is_some_and(|part| part.len() >= 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
    digits(parts.next()) && digits(parts.next()) && digits(parts.next())
}

/// The first text between double quotes in `text`, quotes included.
fn literal(text: &str) -> Option<&str> {
    let start = text.find('"')?;
    let rest = text.get(start + 1..)?;
    let end = rest.find('"')?;
    text.get(start..start + end + 2)
}

/// Whether `ty` is an entity type: what is no type of Cedar's own.
fn is_entity(ty: &str) -> bool {
    let own = ["String", "Long", "Bool", "datetime", "duration", "decimal", "ipaddr", "Set", "any value", "no value"];
    !ty.starts_with("Set<") && !ty.starts_with('{') && !ty.starts_with("Bool") && !own.contains(&ty)
}

/// A value of type `ty`, in words.
fn noun(ty: &str) -> String {
    match ty {
        "String" => "text".to_owned(),
        "Long" => "a whole number".to_owned(),
        "Bool" | "Bool (always true)" | "Bool (always false)" => "true or false".to_owned(),
        "datetime" => "a datetime".to_owned(),
        "duration" => "a duration".to_owned(),
        "decimal" => "a decimal".to_owned(),
        "ipaddr" => "an IP address".to_owned(),
        "Set" | "any entity" | "any value" | "no value" => match ty {
            "Set" => "a set".to_owned(),
            "any entity" => "an entity".to_owned(),
            other => other.to_owned(),
        },
        _ if ty.starts_with("Set<") => {
            let of = ty.strip_prefix("Set<").and_then(|rest| rest.strip_suffix('>')).unwrap_or(ty);
            format!("a set of `{of}`")
        }
        _ if ty.starts_with('{') => "a record".to_owned(),
        _ => format!("an entity of type `{ty}`"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(one: &str, two: &str, text: &str) -> String {
        incompatible(&format!("the types {one} and {two} are not compatible"), text).unwrap().1
    }

    #[test]
    fn the_right_value_is_written_out() {
        assert_eq!(help("String", "datetime", "context.now == \"2026-01-01\""), "write `datetime(\"2026-01-01\")`");
        assert_eq!(help("String", "ipaddr", "context.ip == \"10.0.0.1\""), "write `ip(\"10.0.0.1\")`");
        assert_eq!(help("String", "N::User", "principal == \"ann\""), "write `N::User::\"ann\"`");
        assert_eq!(help("Long", "String", "principal.age == \"18\""), "write `18`");
        assert!(help("String", "ipaddr", "context.ip == \"10.0.0.0/8\"").contains("isInRange"));
    }

    #[test]
    fn types_are_words() {
        let (message, help) = unexpected(
            "unexpected type: expected Long, or datetime but saw String",
            "\"2026-01-01\"",
            &Default::default(),
        )
        .unwrap();
        assert_eq!(message, "a whole number or a datetime is wanted here, and this is text");
        assert_eq!(help.unwrap(), "write `datetime(\"2026-01-01\")`");
    }
}
