//! Instants as they are mostly written, read without a search of patterns.
//!
//! # Why
//!
//! Logs tell the time in every line, once or twice. What is read here is what Cedar's `datetime` and RFC 3339 both
//! read, as the same instant: <https://docs.cedarpolicy.com/policies/syntax-datatypes.html#datatype-datetime>.

/// A number of as many digits as `text` is long.
fn number(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0_i64, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(*digit - b'0')))
}

/// The first day of `text`, as `2026-11-30`, in days since 1970, and what follows.
fn day(text: &[u8]) -> Option<(i64, &[u8])> {
    let (head, rest) = text.split_at_checked(10)?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *head else { return None };
    let (year, month, day) = (number(&[y0, y1, y2, y3])?, number(&[m0, m1])?, number(&[d0, d1])?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    // Days from the first of March of the year 0: https://howardhinnant.github.io/date_algorithms.html.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some((era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468, rest))
}

/// The instant that `text` is, written as `2026-11-30T12:00:00Z`, with three digits of the second or none, in
/// milliseconds since 1970. `None` is no more than that: another way to write it may be a right one.
#[must_use]
pub fn moment(text: &str) -> Option<i64> {
    let (days, rest) = day(text.as_bytes())?;
    let (head, rest) = rest.split_at_checked(9)?;
    let [b'T', h0, h1, b':', m0, m1, b':', s0, s1] = *head else { return None };
    let (hour, minute, second) = (number(&[h0, h1])?, number(&[m0, m1])?, number(&[s0, s1])?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let milliseconds = match *rest {
        [b'Z'] => 0,
        [b'.', a, b, c, b'Z'] => number(&[a, b, c])?,
        _ => return None,
    };
    Some(((days * 24 + hour) * 60 + minute) * 60_000 + second * 1_000 + milliseconds)
}

/// The beginning of the day that `text` is, written as `2026-11-30`, in the same way.
#[must_use]
pub fn midnight(text: &str) -> Option<i64> {
    day(text.as_bytes()).and_then(|(days, rest)| rest.is_empty().then(|| days * 86_400_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What Cedar says of `text`, in milliseconds since 1970.
    fn by_cedar(text: &str) -> Option<i64> {
        let condition = format!(
            "datetime({}).durationSince(datetime(\"1970-01-01\")).toMilliseconds()",
            serde_json::Value::from(text)
        );
        let expression: cedar_policy::Expression = condition.parse().ok()?;
        let (context, entities) = (cedar_policy::Context::empty(), cedar_policy::Entities::empty());
        let uid = |text: &str| text.parse::<cedar_policy::EntityUid>().unwrap();
        let (one, action) = (uid("U::\"u\""), uid("Action::\"a\""));
        let request = cedar_policy::Request::new(one.clone(), action, one, context, None).unwrap();
        match cedar_policy::eval_expression(&request, &entities, &expression).ok()? {
            cedar_policy::EvalResult::Long(at) => Some(at),
            other => panic!("{other:?}"),
        }
    }

    /// What is read here Cedar and RFC 3339 read as the same, and what either refuses is refused.
    #[test]
    fn instants_are_those_of_cedar_and_of_rfc_3339() {
        let mut texts = Vec::new();
        for year in ["0000", "0001", "1600", "1900", "1969", "1970", "2000", "2023", "2024", "2100", "9999", "202"] {
            for day in
                ["01-01", "02-28", "02-29", "02-30", "03-01", "04-31", "12-31", "13-01", "00-10", "06-00", "1-01"]
            {
                texts.push(format!("{year}-{day}"));
                for time in [
                    "T00:00:00Z",
                    "T23:59:59.999Z",
                    "T24:00:00Z",
                    "T12:60:00Z",
                    "T12:00:60Z",
                    "T01:02:03.4Z",
                    "T01:02Z",
                    "T01:02:03.456+0100",
                    "T01:02:03",
                    " 01:02:03Z",
                    "T01:02:03.4567Z",
                    "t01:02:03z",
                    "T01:02:03.12xZ",
                ] {
                    texts.push(format!("{year}-{day}{time}"));
                }
            }
        }
        texts.extend(
            ["", "é", "2026-01-01é", "２０２６-01-01", "-026-01-01", "+026-01-01T00:00:00Z"].map(str::to_owned),
        );
        let mut read = 0;
        for text in &texts {
            let (cedar, found) = (by_cedar(text), moment(text).or_else(|| midnight(text)));
            if let Some(found) = found {
                read += 1;
                assert_eq!(Some(found), cedar, "{text}");
            }
            if let Some(found) = moment(text) {
                let other = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond);
                // The last day of the year 9999 is beyond what the other library has.
                assert!(other.is_none_or(|other| other == found), "{text}");
            }
        }
        assert!(read > 100, "{read}");
    }
}
