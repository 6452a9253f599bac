//! Times in tables: `29m`, `1h30m`, `-5m`, or an instant.

use super::model::{Moment, Unit};

/// The time that `text` says; `None` when it says none.
pub(super) fn parse(text: &str) -> Option<Moment> {
    offset(text).map(Moment::After).or_else(|| instant(text).map(Moment::Instant))
}

/// Milliseconds since 1970 of an instant such as `2026-11-20T09:00:00Z`.
pub(super) fn instant(text: &str) -> Option<i64> {
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// Milliseconds: days, hours, minutes, seconds and milliseconds, in this order, parts left out at will.
fn offset(text: &str) -> Option<i64> {
    let (sign, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest.is_empty() {
        return None;
    }
    let mut total: i64 = 0;
    let mut units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)].as_slice();
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, after) = rest.split_at_checked(digits)?;
        let unit = after.len() - after.trim_start_matches(|c: char| c.is_ascii_lowercase()).len();
        let (unit, after) = after.split_at_checked(unit)?;
        parts.push((number.parse::<i64>().ok()?, unit));
        rest = after;
    }
    for (number, unit) in parts.into_iter().rev() {
        let at = units.iter().position(|(name, _)| *name == unit)?;
        let (_, worth) = units.get(at)?;
        total = total.checked_add(number.checked_mul(*worth)?)?;
        units = units.get(at + 1..)?;
    }
    Some(sign * total)
}

/// The JSON of the time `at` (milliseconds since 1970) in `unit`; `None` when it is beyond what that can say.
pub(super) fn json(at: i64, unit: Unit) -> Option<String> {
    match unit {
        Unit::Milliseconds => Some(at.to_string()),
        Unit::Seconds => Some(at.div_euclid(1000).to_string()),
        Unit::Datetime => {
            let at = jiff::Timestamp::from_millisecond(at).ok()?;
            let text = at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string();
            // Cedar writes years with four digits.
            (text.len() == 24 && !text.starts_with('-'))
                .then(|| format!("{{\"__extn\":{{\"fn\":\"datetime\",\"arg\":\"{text}\"}}}}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_and_instants() {
        for (text, wanted) in [
            ("0m", Some(Moment::After(0))),
            ("29m", Some(Moment::After(29 * 60_000))),
            ("1h30m", Some(Moment::After(90 * 60_000))),
            ("-5m", Some(Moment::After(-5 * 60_000))),
            ("2d", Some(Moment::After(172_800_000))),
            ("29m59s999ms", Some(Moment::After(30 * 60_000 - 1))),
            ("1970-01-01T00:00:01Z", Some(Moment::Instant(1000))),
            ("30", None),
            ("m", None),
            ("30m1h", None),
            ("1m1m", None),
            ("", None),
            ("-", None),
            ("5 m", None),
            ("99999999999999999d", None),
        ] {
            assert_eq!(parse(text), wanted, "{text}");
        }
    }

    #[test]
    fn times_are_written_as_cedar_reads_them() {
        let at = instant("2026-11-20T09:00:00.5Z").unwrap();
        assert_eq!(json(at, Unit::Seconds).unwrap(), "1795165200");
        let value = json(at, Unit::Datetime).unwrap();
        assert!(value.contains("2026-11-20T09:00:00.500Z"), "{value}");
        assert_eq!(json(i64::MAX, Unit::Datetime), None);
    }
}
