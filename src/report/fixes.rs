//! What became of findings that can be mended, in words.

use std::collections::BTreeMap;

use super::counted::counted;
use super::{Options, select};
use crate::outcome::{FixResult, FixStatus, Outcome};
use crate::text::inline;

/// So many are named of what was mended alike, unless everything is asked for.
const NAMED: usize = 10;

/// What is said of fixes of one kind.
pub(super) struct FixLine {
    /// What became of them.
    pub(super) lead: &'static str,
    /// Whether the files have them, or could.
    pub(super) good: bool,
    /// Which, and what they do.
    pub(super) text: String,
}

/// A line for what was mended alike, in the order in which it was: policies by name, all of them if `verbose`.
pub(super) fn lines(outcome: &Outcome, verbose: bool) -> Vec<FixLine> {
    let mut kinds: Vec<(&FixResult, Vec<String>)> = Vec::new();
    let mut places: BTreeMap<(&str, &str, String), usize> = BTreeMap::new();
    for fix in &outcome.fixes {
        let name = format!("`{}`", inline(fix.policy.as_deref().unwrap_or(&fix.path)));
        let key = (fix.rule, fix.what.as_str(), format!("{:?}", fix.status));
        let at = *places.entry(key).or_insert(kinds.len());
        match kinds.get_mut(at) {
            Some((_, names)) if names.contains(&name) => {}
            Some((_, names)) => names.push(name),
            None => kinds.push((fix, vec![name])),
        }
    }
    kinds.into_iter().map(|(fix, names)| line(fix, &names, if verbose { names.len() } else { NAMED })).collect()
}

fn line(fix: &FixResult, names: &[String], most: usize) -> FixLine {
    let mut text = names.iter().take(most).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > most {
        text.push_str(&format!(" and {} (-v lists them)", counted(names.len() - most, "other", "others")));
    }
    text.push_str(&format!(": {} ({})", fix.what, fix.rule));
    for more in fix.changes.iter().chain(match &fix.status {
        FixStatus::Refused(why) => Some(why),
        FixStatus::Applied | FixStatus::Shown => None,
    }) {
        text.push_str(&format!("; {more}"));
    }
    let (lead, good) = match fix.status {
        FixStatus::Applied => ("mended", true),
        FixStatus::Shown => ("can be mended", true),
        FixStatus::Refused(_) => ("not mended", false),
    };
    FixLine { lead, good, text }
}

/// The same, a line of text each.
#[must_use]
pub fn fix_lines(outcome: &Outcome, verbose: bool) -> Vec<String> {
    lines(outcome, verbose).into_iter().map(|line| format!("{}: {}", line.lead, line.text)).collect()
}

/// That some of what is shown can be mended, if that was not asked for.
pub(super) fn offer(outcome: &Outcome, options: &Options) -> Option<String> {
    if !outcome.fixes.is_empty() || options.quiet || !["lint", "check"].contains(&outcome.command) {
        return None;
    }
    let groups = select::findings(outcome, options).groups;
    let shown = groups.iter().flat_map(|group| std::iter::once(group.first).chain(group.others.iter().copied()));
    let count = shown.filter(|finding| finding.fix.is_some()).count();
    let notes = if options.verbose { " -v" } else { "" };
    let of_these = if count == 1 { "one of these" } else { "some of these" };
    (count > 0).then(|| format!("`polcheck lint --fix{notes}` can mend {of_these}; with `--diff` it only shows how"))
}
