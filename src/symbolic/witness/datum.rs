//! Values as Cedar has them: expressions and JSON.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{EntityUid, RestrictedExpression};
use serde_json::{Value as Json, json};

use crate::symbolic::compile::called;

/// A value to be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Datum {
    Bool(bool),
    Long(i64),
    String(String),
    Entity(EntityUid),
    Decimal(i64),
    Datetime(i64),
    Duration(i64),
    Ip(String),
    Record(BTreeMap<String, Datum>),
    Set(BTreeSet<Datum>),
}

/// A kind of value that is a number inside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberKind {
    /// A `Long`.
    Long,
    /// A `decimal`, in ten-thousandths.
    Decimal,
    /// A `datetime`, in milliseconds since 1970.
    Datetime,
    /// A `duration`, in milliseconds.
    Duration,
}

impl NumberKind {
    /// The value of this kind that is `number` inside, in Cedar's JSON.
    #[must_use]
    pub fn json(self, number: i64) -> Json {
        match self {
            Self::Long => Datum::Long(number),
            Self::Decimal => Datum::Decimal(number),
            Self::Datetime => Datum::Datetime(number),
            Self::Duration => Datum::Duration(number),
        }
        .json()
    }
}

const MILLISECONDS_PER_DAY: i64 = 86_400_000;

impl Datum {
    /// As Cedar takes it.
    pub(super) fn expression(&self) -> Result<RestrictedExpression, String> {
        Ok(match self {
            Self::Bool(value) => RestrictedExpression::new_bool(*value),
            Self::Long(value) => RestrictedExpression::new_long(*value),
            Self::String(text) => RestrictedExpression::new_string(text.clone()),
            Self::Entity(uid) => RestrictedExpression::new_entity_uid(uid.clone()),
            Self::Decimal(value) => called("decimal", [text(decimal(*value))])?,
            Self::Duration(value) => called("duration", [text(duration(*value))])?,
            Self::Ip(address) => called("ip", [text(address.clone())])?,
            Self::Datetime(value) => match datetime(*value) {
                Some(time) => called("datetime", [text(time)])?,
                // Beyond the years that can be written.
                None => {
                    let epoch = called("datetime", [text("1970-01-01".to_owned())])?;
                    called("offset", [epoch, called("duration", [text(format!("{value}ms"))])?])?
                }
            },
            Self::Record(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, field)| Ok((name.clone(), field.expression()?)))
                    .collect::<Result<Vec<_>, String>>()?;
                RestrictedExpression::new_record(fields).map_err(|error| error.to_string())?
            }
            Self::Set(elements) => RestrictedExpression::new_set(
                elements.iter().map(Datum::expression).collect::<Result<Vec<_>, String>>()?,
            ),
        })
    }

    /// As Cedar's JSON.
    pub(super) fn json(&self) -> Json {
        let extension = |function: &str, argument: String| json!({"__extn": {"fn": function, "arg": argument}});
        match self {
            Self::Bool(value) => json!(value),
            Self::Long(value) => json!(value),
            Self::String(text) => json!(text),
            Self::Entity(uid) => uid_value(uid),
            Self::Decimal(value) => extension("decimal", decimal(*value)),
            Self::Duration(value) => extension("duration", duration(*value)),
            Self::Ip(address) => extension("ip", address.clone()),
            Self::Datetime(value) => match datetime(*value) {
                Some(text) => extension("datetime", text),
                None => json!({"__extn": {"fn": "offset", "args": [
                    extension("datetime", "1970-01-01".to_owned()),
                    extension("duration", format!("{value}ms")),
                ]}}),
            },
            Self::Record(fields) => {
                Json::Object(fields.iter().map(|(name, field)| (name.clone(), field.json())).collect())
            }
            Self::Set(elements) => Json::Array(elements.iter().map(Datum::json).collect()),
        }
    }
}

fn text(text: String) -> RestrictedExpression {
    RestrictedExpression::new_string(text)
}

/// As Cedar reads it, in as few digits as say it.
fn decimal(value: i64) -> String {
    let magnitude = value.unsigned_abs();
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:04}", magnitude % 10_000);
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        digits => digits,
    };
    format!("{sign}{}.{digits}", magnitude / 10_000)
}

/// As Cedar reads it, in as few units as say it: `1h`, `5m1ms`.
fn duration(milliseconds: i64) -> String {
    let Some(mut left) = milliseconds.checked_abs().filter(|left| *left > 0) else {
        return format!("{milliseconds}ms");
    };
    let mut text = if milliseconds < 0 { "-".to_owned() } else { String::new() };
    for (unit, length) in [("d", MILLISECONDS_PER_DAY), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if left >= length {
            text.push_str(&format!("{}{unit}", left / length));
            left %= length;
        }
    }
    text
}

/// ISO 8601 as Cedar reads it, for the years that it reads.
fn datetime(milliseconds: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(milliseconds).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    if !(0..=9999).contains(&time.year()) {
        return None;
    }
    let date = format!("{:04}-{:02}-{:02}", time.year(), time.month(), time.day());
    if milliseconds.rem_euclid(MILLISECONDS_PER_DAY) == 0 {
        return Some(date);
    }
    let fraction = match time.millisecond() {
        0 => String::new(),
        some => format!(".{some:03}"),
    };
    Some(format!("{date}T{:02}:{:02}:{:02}{fraction}Z", time.hour(), time.minute(), time.second()))
}

/// An entity as Cedar's JSON names it: its type and its id.
#[must_use]
pub fn uid_json(uid: &EntityUid) -> Json {
    json!({"type": uid.type_name().to_string(), "id": AsRef::<str>::as_ref(uid.id())})
}

/// An entity as Cedar's JSON has it as a value.
#[must_use]
pub fn uid_value(uid: &EntityUid) -> Json {
    json!({"__entity": uid_json(uid)})
}

/// Adds every entity that `value`, in Cedar's JSON, names; what is no entity there is passed over.
pub fn uids(value: &Json, found: &mut Vec<EntityUid>) {
    match value {
        Json::Array(all) => all.iter().for_each(|one| uids(one, found)),
        Json::Object(fields) => match fields.get("__entity") {
            Some(entity) => found.extend(EntityUid::from_json(entity.clone()).ok()),
            None => fields.values().for_each(|one| uids(one, found)),
        },
        _ => {}
    }
}

/// The fields of a record as Cedar takes them.
pub(super) fn expressions(fields: &BTreeMap<String, Datum>) -> Result<Vec<(String, RestrictedExpression)>, String> {
    fields.iter().map(|(name, value)| Ok((name.clone(), value.expression()?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_what_cedar_reads_back() {
        for (milliseconds, text) in [
            (0, "0ms"),
            (1, "1ms"),
            (3_600_000, "1h"),
            (300_001, "5m1ms"),
            (90_061_001, "1d1h1m1s1ms"),
            (-86_400_000, "-1d"),
            (i64::MAX, "106751991167d7h12m55s807ms"),
            (i64::MIN, "-9223372036854775808ms"),
        ] {
            assert_eq!(duration(milliseconds), text);
            // Cedar has no literal for the least number.
            let number =
                if milliseconds == i64::MIN { "-9223372036854775807 - 1".into() } else { milliseconds.to_string() };
            let policy = format!(
                "permit (principal, action, resource) when {{ duration(\"{text}\").toMilliseconds() == {number} }};"
            );
            let uid = || "A::\"a\"".parse().unwrap();
            let request =
                cedar_policy::Request::new(uid(), uid(), uid(), cedar_policy::Context::empty(), None).unwrap();
            let response = cedar_policy::Authorizer::new().is_authorized(
                &request,
                &policy.parse().unwrap(),
                &cedar_policy::Entities::empty(),
            );
            assert_eq!(response.decision(), cedar_policy::Decision::Allow, "{text}");
        }
    }
}
