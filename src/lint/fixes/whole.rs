//! A file without one of its policies or links.

use super::json;
use super::layout::Layout;
use crate::finding::{Edit, Fix, Left, Mend};
use crate::repo::Policy;
use crate::text::{Location, Span, cut};

const REMOVE_POLICY: &str = "remove this policy";
const REMOVE_LINK: &str = "remove this link";
/// Why a policy in JSON stays that is all that there is in its file.
const ALONE: &str = "it is all that its file holds, and an empty file is no JSON: delete the file";

/// What comments say that belong to the file and not to its first policy.
const OF_THE_FILE: [&str; 3] = ["copyright", "license", "spdx"];

/// Lines of these are rules, with which headings are drawn: they stand above all policies of a section.
const RULES: [char; 6] = ['-', '=', '*', '#', '~', '_'];

/// The file of the link at `place` without it.
pub(in crate::lint) fn remove_link(place: &Location) -> Mend {
    let edit = json::without_entry(&place.file, place.span, false)?;
    Some(Ok(Fix { removes_policy: true, ..Fix::new(REMOVE_LINK, vec![edit]) }))
}

/// The file of `policy` without it, its annotations, and its comments: those right above it and the one behind it.
pub(in crate::lint) fn remove_policy(policy: &Policy) -> Mend {
    if json::is_json(policy) {
        let edit = json::without_entry(&policy.location.file, policy.location.span, true);
        let fix = |edit| Fix { removes_policy: true, ..Fix::new(REMOVE_POLICY, vec![edit]) };
        return Some(edit.map(fix).ok_or_else(|| Left::new(REMOVE_POLICY, ALONE)));
    }
    Layout::of(policy)?;
    let file = &policy.location.file;
    let text = file.text();
    let mut span = policy.location.span;
    span.start = comments_above(text, span.start);
    let rest = text.get(span.end..).unwrap_or_default();
    let line = rest.split(['\n', '\r']).next().unwrap_or_default();
    if line.trim_start().starts_with("//") {
        span.end += line.len();
    }
    let span = without_gap(text, cut(text, span));
    let fix = Fix::new(REMOVE_POLICY, vec![Edit::new(Location::new(file, span), "")]);
    Some(Ok(Fix { removes_policy: true, ..fix }))
}

/// Where the comment lines begin that stand right above the policy at `start`; `start` where there are none, or they
/// are about the file.
fn comments_above(text: &str, start: usize) -> usize {
    let before = text.get(..start).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    // What stands on the same line before the policy is another's.
    if !before.get(line_start..).unwrap_or_default().trim().is_empty() {
        return start;
    }
    let mut from = line_start;
    while let Some(above) = from.checked_sub(1) {
        let begins = before.get(..above).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let line = before.get(begins..from).unwrap_or_default().trim_start_matches('\u{feff}').trim();
        if !line.starts_with("//") {
            break;
        }
        from = begins;
    }
    let comments = before.get(from..line_start).unwrap_or_default().to_lowercase();
    let own =
        from < line_start && !OF_THE_FILE.iter().any(|word| comments.contains(word)) && !comments.lines().any(is_rule);
    // A byte-order mark stays.
    let mark = if from == 0 && text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    if own { from + mark } else { start }
}

/// Whether a comment line draws a line, alone or around a heading.
fn is_rule(line: &str) -> bool {
    RULES.iter().any(|c| line.contains(&c.to_string().repeat(3)))
}

/// `span`, with the empty lines behind it where empty lines, or nothing, stand before it; at the end of the file those
/// before it.
fn without_gap(text: &str, mut span: Span) -> Span {
    let before = text.get(..span.start).unwrap_or_default();
    let after = text.get(span.end..).unwrap_or_default();
    let whole_lines = before.is_empty() || before.ends_with('\n');
    if !whole_lines {
        return span;
    }
    if after.trim().is_empty() {
        let kept = before.trim_end();
        let rest = before.get(kept.len()..).unwrap_or_default();
        span.start = kept.len() + rest.find('\n').map_or(0, |at| at + 1);
        span.end = text.len();
        return span;
    }
    let above = before.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    if above.is_none_or(|above| above.is_empty() || above.ends_with('\n')) {
        let code = after.trim_start_matches(['\r', '\n', ' ', '\t']);
        let blank = after.get(..after.len() - code.len()).unwrap_or_default();
        span.end += blank.rfind('\n').map_or(0, |at| at + 1);
    }
    span
}
