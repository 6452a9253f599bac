//! The validator complains once for each request environment; readers want one sentence for each cause.

use std::collections::HashMap;

use crate::finding::Finding;

/// How the validator goes on after saying what is wrong: phrase, and the same for several.
const WHERE: &[(&str, &str)] = &[(" in context for ", " in context for "), (" on entity type ", " on entity types ")];

/// How what is wrong may end, after what it is wrong with.
const ENDS: &[&str] = &[" not found"];

/// How many actions or entity types a folded message names.
const NAMED: usize = 4;

/// Merges findings that differ only in the action or the entity type at the end of their message. The validator meets
/// environments in no order, so what a message lists is sorted.
pub(super) fn fold(findings: Vec<Finding>) -> Vec<Finding> {
    let mut folded: Vec<(Finding, Vec<String>)> = Vec::new();
    let mut places = HashMap::new();
    for finding in findings {
        let (head, tail) = split(&finding.message);
        let key = (finding.rule, finding.policy.clone(), finding.location.span, finding.help.clone(), head);
        match (tail, places.get(&key).and_then(|at: &usize| folded.get_mut(*at))) {
            (Some(tail), Some((_, tails))) => {
                if !tails.contains(&tail) {
                    tails.push(tail);
                }
            }
            (tail, _) => {
                places.insert(key, folded.len());
                folded.push((finding, tail.into_iter().collect()));
            }
        }
    }
    folded.into_iter().map(|(finding, tails)| merge(finding, &tails)).collect()
}

/// What is wrong with its phrase, and where.
fn split(message: &str) -> ((String, usize), Option<String>) {
    for (at, (phrase, _)) in WHERE.iter().enumerate() {
        if let Some((head, tail)) = message.split_once(phrase) {
            return ((head.to_owned(), at), Some(tail.to_owned()));
        }
    }
    ((message.to_owned(), WHERE.len()), None)
}

fn merge(mut finding: Finding, tails: &[String]) -> Finding {
    let end =
        |tail: &str| ENDS.iter().find_map(|end| tail.strip_suffix(end)).unwrap_or(tail).trim_matches('`').to_owned();
    finding.names = tails.iter().map(|tail| end(tail)).collect();
    finding.names.sort_unstable();
    if tails.len() > 1 {
        let ((head, at), _) = split(&finding.message);
        let phrase = WHERE.get(at).map_or(" ", |(_, several)| several);
        let common = |end: &&&str| tails.iter().all(|tail| tail.ends_with(**end));
        let end = ENDS.iter().find(common).copied().unwrap_or_default();
        let mut bare: Vec<&str> = tails.iter().map(|tail| tail.strip_suffix(end).unwrap_or(tail)).collect();
        bare.sort_unstable();
        let named: Vec<_> = bare.iter().take(NAMED).copied().collect();
        let more = match tails.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        finding.message = format!("{head}{phrase}{}{more}{end}", named.join(", "));
    }
    finding
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Level;
    use crate::text::Location;

    fn finding(message: &str) -> Finding {
        Finding::new("r", Level::Error, Location::of_path("a"), message)
    }

    #[test]
    fn one_sentence_for_each_cause() {
        let all = fold(vec![
            finding("no `x` in context for Action::\"b\""),
            finding("no `x` in context for Action::\"a\""),
            finding("no `y` in context for Action::\"b\""),
            finding("no `x` on entity type `A`"),
            finding("something else"),
            finding("no `x` on entity type `B`"),
            finding("attribute `z` on entity type `B` not found"),
            finding("attribute `z` on entity type `A` not found"),
        ]);
        let messages: Vec<_> = all.iter().map(|finding| finding.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "no `x` in context for Action::\"a\", Action::\"b\"",
                "no `y` in context for Action::\"b\"",
                "no `x` on entity types `A`, `B`",
                "something else",
                "attribute `z` on entity types `A`, `B` not found",
            ]
        );
    }
}
