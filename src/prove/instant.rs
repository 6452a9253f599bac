//! Clocks and instants.

use crate::config::Unit;
use crate::prove::guardrail::Place;
use crate::repo::cedar::attribute_at;
use crate::repo::shape::Shape;

/// How an attribute tells the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// As a `datetime`.
    Datetime,
    /// As a number of seconds or milliseconds since 1970.
    Long(Unit),
}

impl Clock {
    /// The condition that `path` is `end`, in milliseconds since 1970, or after it.
    pub(super) fn at_or_after(self, path: &str, end: i64) -> String {
        match self {
            Self::Datetime => format!("{path} >= {}", literal(end)),
            Self::Long(Unit::Milliseconds) => format!("{path} >= {end}"),
            Self::Long(Unit::Seconds) => format!("{path} >= {}", ceil_seconds(end)),
        }
    }
}

impl Clock {
    /// The condition that `path` is `end`, in milliseconds since 1970, or the first time after it.
    pub(super) fn first_at(self, path: &str, end: i64) -> String {
        self.at_or_after(path, end).replacen(" >= ", " == ", 1)
    }
}

fn ceil_seconds(milliseconds: i64) -> i64 {
    milliseconds.div_euclid(1000) + i64::from(milliseconds.rem_euclid(1000) != 0)
}

/// An instant in Cedar's syntax.
fn literal(milliseconds: i64) -> String {
    match jiff::Timestamp::from_millisecond(milliseconds) {
        Ok(at) => format!("datetime(\"{}\")", at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ")),
        Err(_) => format!("datetime(\"1970-01-01\").offset(duration(\"{milliseconds}ms\"))"),
    }
}

/// The instant that `text` is as Cedar reads it, in milliseconds since 1970: a day begins at midnight, UTC.
/// Source: <https://docs.cedarpolicy.com/policies/syntax-datatypes.html#datatype-datetime>.
pub(super) fn instant(text: &str) -> Option<i64> {
    if let Ok(at) = text.parse::<jiff::Timestamp>() {
        return Some(at.as_millisecond());
    }
    // A time without its zone is no instant, though it begins with a day.
    let day = (text.len() == "2026-12-31".len()).then(|| text.parse::<jiff::civil::Date>().ok()).flatten()?;
    Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// How the attribute at `path` tells the time in requests of `place`; `None` where it is no time or not there.
pub(super) fn clock_at(place: &Place<'_>, path: &str, unit: Unit) -> Option<Clock> {
    match attribute_at(place.schema, place.environment, path)?.0 {
        Shape::Long => Some(Clock::Long(unit)),
        Shape::Extension(name) if name == "datetime" => Some(Clock::Datetime),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_read_as_cedar_reads_them() {
        assert_eq!(instant("1970-01-02"), Some(86_400_000));
        assert_eq!(instant("1970-01-01T00:00:01Z"), Some(1000));
        assert_eq!(instant("1970-01-01T01:00:00+0100"), Some(0));
        assert_eq!(instant("soon"), None);
        assert_eq!(instant("2020-01-01T10:00:00"), None);
        assert_eq!(Clock::Long(Unit::Seconds).at_or_after("context.now", 1500), "context.now >= 2");
        let day = Clock::Datetime.at_or_after("context.now", 86_400_000);
        assert_eq!(day, "context.now >= datetime(\"1970-01-02T00:00:00.000Z\")");
    }
}
