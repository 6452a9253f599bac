//! From when until when a policy is meant to be used, as far as its text says so plainly.
//!
//! # Why
//!
//! What counts is a bound that has to hold whenever the policy matches: a comparison of an attribute of the context
//! with an instant that is written out, joined to the rest of a `when` by `&&` or to the rest of an `unless` by `||`.
//! Where several attributes are compared so, which of them is the clock is for the configuration to say. `@expires`
//! ends a window as well.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::outcome::replay::Window;
use crate::repo::cedar::Body;

/// The window of `body`; `clock` is the attribute of the context that tells the time, where several are compared.
pub(super) fn window(body: &Body, clock: &str) -> Window {
    let json = match body {
        Body::Static(policy) => policy.to_json(),
        Body::Template(template) => template.to_json(),
    };
    let mut bounds: BTreeMap<String, Window> = BTreeMap::new();
    let conditions = json.as_ref().ok().and_then(|json| json.get("conditions")).and_then(Value::as_array);
    for condition in conditions.into_iter().flatten() {
        let Some(body) = condition.get("body") else { continue };
        let holds = condition.get("kind").and_then(Value::as_str) == Some("when");
        compared(body, holds, &mut bounds);
    }
    let mut window = match bounds.len() {
        1 => bounds.into_values().next(),
        _ => bounds.remove(clock),
    }
    .unwrap_or_default();
    if let Some(end) = body.annotation("expires").and_then(instant) {
        narrow(&mut window, Window { from: None, until: Some(end) });
    }
    window
}

fn narrow(window: &mut Window, other: Window) {
    window.from = window.from.max(other.from);
    window.until = match (window.until, other.until) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
}

/// Adds what has to hold of attributes of the context wherever `json` comes to `holds`.
fn compared(json: &Value, holds: bool, bounds: &mut BTreeMap<String, Window>) {
    let sides = |name: &str| {
        let of = json.get(name)?;
        Some((of.get("left")?, of.get("right")?))
    };
    if let Some((left, right)) = sides(if holds { "&&" } else { "||" }) {
        compared(left, holds, bounds);
        compared(right, holds, bounds);
        return;
    }
    if let Some(of) = json.get("!").and_then(|not| not.get("arg")) {
        return compared(of, !holds, bounds);
    }
    for operator in ["<", "<=", ">", ">="] {
        let Some((left, right)) = sides(operator) else { continue };
        let (path, at, turned) = match (path(left), literal(right), literal(left), path(right)) {
            (Some(path), Some(at), ..) => (path, at, false),
            (_, _, Some(at), Some(path)) => (path, at, true),
            _ => return,
        };
        let below = operator.starts_with('<') == (turned != holds);
        let strict = (operator.len() == 1) == holds;
        let after = |at: i64| at.saturating_add(1);
        let bound = match (below, strict) {
            (true, true) => Window { from: None, until: Some(at) },
            (true, false) => Window { from: None, until: Some(after(at)) },
            (false, true) => Window { from: Some(after(at)), until: None },
            (false, false) => Window { from: Some(at), until: None },
        };
        narrow(bounds.entry(path).or_default(), bound);
    }
}

/// `context.a.b`, where `json` reads it.
fn path(json: &Value) -> Option<String> {
    if let Some(Value::String(root)) = json.get("Var") {
        return (root == "context").then(|| root.clone());
    }
    let access = json.get(".")?;
    Some(format!("{}.{}", path(access.get("left")?)?, access.get("attr")?.as_str()?))
}

/// The instant that `json` writes out, in milliseconds since 1970.
fn literal(json: &Value) -> Option<i64> {
    match json.get("datetime")?.as_array()?.as_slice() {
        [only] => instant(only.get("Value")?.as_str()?),
        _ => None,
    }
}

/// An instant as Cedar reads it: <https://docs.cedarpolicy.com/policies/syntax-datatypes.html#datatype-datetime>.
fn instant(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_millisecond());
    }
    let day = (text.len() == "2026-12-31".len()).then(|| text.parse::<jiff::civil::Date>().ok()).flatten()?;
    Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(condition: &str) -> (Option<i64>, Option<i64>) {
        let text = format!("permit (principal, action, resource) {condition};");
        let (head, text) = match text.split_once('@') {
            Some((before, after)) => (format!("@{after}"), before.to_owned() + ";"),
            None => (String::new(), text),
        };
        let policy = cedar_policy::Policy::parse(None, format!("{head}{text}").replace(";;", ";")).unwrap();
        let Window { from, until } = window(&policy.into(), "context.now");
        (from, until)
    }

    #[test]
    fn bounds_that_always_hold_make_the_window() {
        let day = |number: i64| Some(number * 86_400_000);
        let second = r#"datetime("1970-01-02")"#;
        let third = r#"datetime("1970-01-03")"#;
        assert_eq!(of(&format!("when {{ context.now >= {second} && context.now < {third} }}")), (day(1), day(2)));
        assert_eq!(of(&format!("when {{ {second} <= context.now && {third} > context.now }}")), (day(1), day(2)));
        assert_eq!(
            of(&format!("when {{ context.x }} unless {{ context.now >= {third} || context.y }}")),
            (None, day(2))
        );
        let one_more = |at: Option<i64>| at.map(|at| at + 1);
        assert_eq!(of(&format!("when {{ context.now <= {second} }}")), (None, one_more(day(1))));
        assert_eq!(of(&format!("when {{ !(context.now <= {second}) }}")), (one_more(day(1)), None));
        assert_eq!(of(&format!("when {{ !({second} > context.now) }}")), (day(1), None));
    }

    #[test]
    fn what_need_not_hold_bounds_nothing() {
        let second = r#"datetime("1970-01-02")"#;
        assert_eq!(of(&format!("when {{ context.now < {second} || context.x }}")), (None, None));
        assert_eq!(of(&format!("when {{ principal.until < {second} }}")), (None, None));
        assert_eq!(of("when { context.now < context.end }"), (None, None));
        // Of two that are compared, the configured clock counts.
        let both = format!("when {{ context.granted > {second} && context.now < datetime(\"1970-01-03\") }}");
        assert_eq!(of(&both), (None, Some(2 * 86_400_000)));
        assert_eq!(of(&both.replace("now", "later")), (None, None));
    }
}
