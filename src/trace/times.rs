//! Times as people write them: Cedar shows computed ones in milliseconds.

const DATETIME: &str = "datetime(\"1970-01-01\")).offset(duration(\"";
const DURATION: &str = "duration(\"";

/// `text`, a value in Cedar's syntax, with durations such as `1h30m` and times such as `2026-03-10T10:00:00Z`. What is
/// in strings stays, since quotes are escaped there.
pub(super) fn readable(text: &str) -> String {
    let text = replaced(text, &format!("({DATETIME}"), "ms\"))", datetime);
    replaced(&text, DURATION, "ms\")", |ms| Some(format!("duration(\"{}\")", duration(ms))))
}

/// `text` with each number between `start` and `end` put into words; start and end go with it.
fn replaced(text: &str, start: &str, end: &str, words: impl Fn(i64) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(start) {
        out.push_str(before);
        let number = after.split_once(end).and_then(|(number, after)| Some((words(number.parse().ok()?)?, after)));
        rest = match number {
            Some((in_words, after)) => {
                out.push_str(&in_words);
                after
            }
            None => {
                out.push_str(start);
                after
            }
        };
    }
    out.push_str(rest);
    out
}

fn datetime(ms: i64) -> Option<String> {
    let time = jiff::Timestamp::from_millisecond(ms).ok()?.to_zoned(jiff::tz::TimeZone::UTC);
    // Cedar's years have four digits.
    let year = (0..=9999).contains(&time.year());
    let fraction = if ms.rem_euclid(1000) == 0 { "" } else { "%.3f" };
    year.then(|| format!("datetime(\"{}\")", time.strftime(&format!("%Y-%m-%dT%H:%M:%S{fraction}Z"))))
}

fn duration(ms: i64) -> String {
    let mut rest = ms.unsigned_abs();
    let mut out = if ms < 0 { "-".to_owned() } else { String::new() };
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)] {
        if rest >= length {
            out.push_str(&format!("{}{unit}", rest / length));
            rest %= length;
        }
    }
    if ms == 0 { "0ms".to_owned() } else { out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_people_write_them() {
        assert_eq!(readable("duration(\"1800000ms\")"), "duration(\"30m\")");
        assert_eq!(
            readable("[duration(\"-90061001ms\"), duration(\"0ms\")]"),
            "[duration(\"-1d1h1m1s1ms\"), duration(\"0ms\")]"
        );
        let epoch = |ms: &str| format!("(datetime(\"1970-01-01\")).offset(duration(\"{ms}ms\"))");
        assert_eq!(readable(&epoch("1773136800000")), "datetime(\"2026-03-10T10:00:00Z\")");
        assert_eq!(readable(&epoch("1")), "datetime(\"1970-01-01T00:00:00.001Z\")");
        assert_eq!(readable("\"duration(\\\"5ms\\\")\""), "\"duration(\\\"5ms\\\")\"");
        let far = epoch("9223372036854775807");
        assert_eq!(readable(&far), far.replace("9223372036854775807ms", "106751991167d7h12m55s807ms"));
    }
}
