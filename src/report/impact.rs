//! Whom a change touches, in sentences that the reports share.

use super::access::short;
use crate::outcome::changes::Direction;
use crate::outcome::{ImpactLine, StoreImpact};

/// So many are said, unless everything is asked for.
const SAID: usize = 3;

/// Sentences such as ``12 users gain `export` on 3,400 reports``, the largest first. Names in them are untrusted.
pub(super) fn sentences(impact: &[StoreImpact], verbose: bool) -> Vec<String> {
    let several = impact.len() > 1;
    let mut all = Vec::new();
    for store in impact {
        let lines = store.lines();
        let most = if verbose { lines.len() } else { SAID };
        for line in lines.iter().take(most) {
            let place = if several { format!(" (store `{}`)", store.store) } else { String::new() };
            all.push(format!("{}{place}", sentence(line)));
        }
        if let Some(rest) = lines.get(most..).filter(|rest| !rest.is_empty()) {
            let requests: usize = rest.iter().map(|line| line.count.requests).sum();
            let actions = if rest.len() == 1 { "1 more action" } else { "more actions" };
            let number = if rest.len() == 1 { String::new() } else { format!("{} ", rest.len()) };
            all.push(format!("{number}{actions} in {}", said(requests, "request", "requests")));
        }
    }
    all
}

fn sentence(line: &ImpactLine) -> String {
    let does = match (line.direction, line.count.principals) {
        (Direction::Gained, 1) => "gains",
        (Direction::Gained, _) => "gain",
        (Direction::Lost, 1) => "loses",
        (Direction::Lost, _) => "lose",
    };
    let action = short(&line.action);
    let who = things(line.count.principals, line.principal_type.as_deref(), ("principal", "principals"));
    let what = things(line.count.resources, line.resource_type.as_deref(), ("resource", "resources"));
    let hangs = match line.conditional {
        0 => String::new(),
        all if all == line.count.requests => ", in some contexts".to_owned(),
        some => {
            format!(", in some contexts for {} of {}", number(some), said(line.count.requests, "request", "requests"))
        }
    };
    format!("{who} {does} `{action}` on {what}{hangs}")
}

/// `1 user`, `3,400 audit logs`: the words of a type's name where these are words.
fn things(count: usize, ty: Option<&str>, (one, many): (&str, &str)) -> String {
    match ty.and_then(words) {
        Some(word) => said(count, &word, &plural(&word)),
        None => said(count, one, many),
    }
}

fn words(ty: &str) -> Option<String> {
    let base = ty.rsplit("::").next()?;
    if !base.chars().all(|letter| letter.is_ascii_alphabetic()) || base.len() > 40 {
        return None;
    }
    let mut out = String::new();
    let mut before = None;
    for letter in base.chars() {
        if letter.is_ascii_uppercase() && before.is_some_and(|before: char| before.is_ascii_lowercase()) {
            out.push(' ');
        }
        out.push(letter.to_ascii_lowercase());
        before = Some(letter);
    }
    Some(out)
}

fn plural(word: &str) -> String {
    let vowel = |letter: Option<char>| letter.is_some_and(|letter| "aeiou".contains(letter));
    if ["s", "x", "ch", "sh"].iter().any(|end| word.ends_with(end)) {
        return format!("{word}es");
    }
    match word.strip_suffix('y') {
        Some(stem) if !vowel(stem.chars().next_back()) => format!("{stem}ies"),
        _ => format!("{word}s"),
    }
}

fn said(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(count), if count == 1 { one } else { many })
}

/// `3,400`.
fn number(count: usize) -> String {
    let digits = count.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_become_words_and_numbers_are_grouped() {
        assert_eq!(things(3400, Some("App::Report"), ("", "")), "3,400 reports");
        assert_eq!(things(1, Some("AuditLog"), ("", "")), "1 audit log");
        assert_eq!(things(2, Some("Policy"), ("", "")), "2 policies");
        assert_eq!(things(2, Some("Box"), ("", "")), "2 boxes");
        assert_eq!(things(2, Some("User_2"), ("principal", "principals")), "2 principals");
        assert_eq!(number(1_234_567), "1,234,567");
    }
}
