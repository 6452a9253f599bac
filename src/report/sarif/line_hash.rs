//! GitHub's `primaryLocationLineHash`, which tells code scanning that an alert of two runs is the same one.
//!
//! Code scanning looks at no other fingerprint. The upload action computes it from the file and warns of each result
//! that brings another value, so ours is the same: a polynomial hash of the first 100 UTF-16 units from a line's start
//! on, spaces and tabs left out, then a running number among lines with the same hash. Line breaks count as `\n`, and
//! the file's end as a unit. The finding's own fingerprint stands beside it as `polcheck/v1`.

use std::collections::HashMap;

const WINDOW: usize = 100;
const BASE: u64 = 37;
const END_OF_FILE: u16 = u16::MAX;

/// The hash of each line of `text`. A line break is `\n`, `\r\n` or `\r` here, whatever it is elsewhere.
pub(super) fn of_lines(text: &str) -> Vec<String> {
    let mut units: Vec<u16> = Vec::with_capacity(text.len() + 1);
    let mut starts = Vec::new();
    let (mut at_start, mut after_return) = (true, false);
    for unit in text.encode_utf16().chain([END_OF_FILE]) {
        let newline = unit == u16::from(b'\n');
        if unit == u16::from(b' ') || unit == u16::from(b'\t') || (newline && after_return) {
            after_return = false;
            continue;
        }
        after_return = unit == u16::from(b'\r');
        if std::mem::take(&mut at_start) {
            starts.push(units.len());
        }
        at_start = newline || after_return;
        units.push(if after_return { u16::from(b'\n') } else { unit });
    }
    let mut seen = HashMap::<u64, usize>::new();
    let hash = |start| {
        let padded = units.iter().skip(start).copied().chain(std::iter::repeat(0)).take(WINDOW);
        padded.fold(0_u64, |hash, unit| hash.wrapping_mul(BASE).wrapping_add(u64::from(unit)))
    };
    let number = |hash| {
        let count = seen.entry(hash).or_default();
        *count += 1;
        format!("{hash:x}:{count}")
    };
    starts.into_iter().map(hash).map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hashes_are_those_of_the_upload_action() {
        assert_eq!(of_lines(""), ["c129715d7a2bc9a3:1"]);
        let few = ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"];
        for newline in ["\n", "\r\n", "\r"] {
            assert_eq!(of_lines(&" a\nb\n \t\tc\n d".replace('\n', newline)), few);
        }
        let text = "permit (principal, action, resource);\r\n\r\nforbid (\n\tprincipal == User::\"\u{1F600}\", action, resource\n);\n"
            .to_owned()
            + &"permit (principal, action, resource);\n".repeat(5);
        let hashes = [
            "2d2bb605200d31ba:1",
            "e6514927b0f6c512:1",
            "519f6cb69489e99c:1",
            "f3afe7b72329fe76:1",
            "de4356488d7db3:1",
            "6215ad80ffa16fc7:1",
            "6215ad80ffa16fc7:2",
            "6215ad80ffa16fc7:3",
            "853488b14d26505d:1",
            "b08d0dddd44609aa:1",
            "c129715d7a2bc9a3:1",
        ];
        assert_eq!(of_lines(&text), hashes);
    }
}
