//! The one line that says how a run ended and what it read: the only owner of that wording.

use crate::outcome::changes::{self, Comparison, Direction, Relation, Ruling};
use crate::outcome::{Outcome, Status, Verdict};
use crate::report::counted::counted;
use crate::report::{access, coverage, explained, guardrails, mutation, replay};
use crate::text::inline;

/// Longer names of revisions are cut, in characters.
const LONGEST_LABEL: usize = 100;

/// The verdict of `outcome` and what was read, on one line, without a newline: `polcheck check: 2 errors; 58 of 61 rows
/// passed, 3 failed (2 stores, 34 policies, 61 rows)`; of a comparison `polcheck diff: kinds of request: 2 gained, 1
/// lost, 31 same, 1 not decided (old main -> new the worktree; 1 store, 34 policies)`, in request environments. The
/// names of the sides are untrusted, and made harmless for a terminal and a CI log.
#[must_use]
pub fn verdict_line(outcome: &Outcome) -> String {
    with_hidden_notes(outcome, 0)
}

/// The same, saying that `hidden` of the notes are not shown.
pub(super) fn with_hidden_notes(outcome: &Outcome, hidden: usize) -> String {
    let sides = outcome.comparison.as_ref().map(sides).unwrap_or_default();
    format!("polcheck {}: {} ({sides}{})", outcome.command, ending(outcome, hidden, by_kind), what_was_read(outcome))
}

/// The verdict alone: a heading, for what says below what was compared and read.
pub(super) fn heading(outcome: &Outcome, hidden: usize) -> String {
    format!("polcheck {}: {}", outcome.command, ending(outcome, hidden, moved))
}

/// How a run ended; `moved` says what a comparison found.
fn ending(outcome: &Outcome, hidden: usize, moved: fn(&Comparison) -> Option<String>) -> String {
    let mut parts = Vec::new();
    if let Some(explained) = &outcome.explained {
        parts.push(explained::decided(explained.got.decision).to_owned());
        parts.extend(explained::challenge(explained));
    }
    if !outcome.cacheable.is_empty() {
        let asked = counted(outcome.cacheable.len(), "action", "actions");
        parts.push(format!("what decisions hang on, of {asked}"));
    }
    // That rows are suggested is not that any passed.
    let suggested = outcome.mutation.as_ref().map_or(0, |mutation| mutation.suggested.len());
    if outcome.checked_something && outcome.rows() == 0 && suggested > 0 {
        parts.push(format!("no row ran, {} suggested", counted(suggested, "row is", "rows are")));
    }
    let found = found(outcome, hidden);
    let shown = outcome.findings.iter().filter(|finding| outcome.counts(finding)).count();
    match outcome.verdict() {
        Verdict::Error => parts.push("the configuration is wrong".to_owned()),
        Verdict::NothingChecked => parts.push("nothing was checked".to_owned()),
        Verdict::Clean
            if shown == hidden
                && outcome.comparison.is_none()
                && outcome.who_can.is_none()
                && outcome.replayed.is_none()
                && parts.is_empty() =>
        {
            parts.push("clean".to_owned())
        }
        Verdict::Clean | Verdict::Findings | Verdict::Failed | Verdict::Changes | Verdict::Inconclusive => {}
    }
    match (outcome.verdict(), found) {
        (_, None) => {}
        (Verdict::Clean, Some(found)) if parts.is_empty() => parts.push(format!("passes with {found}")),
        (_, Some(found)) => parts.push(found),
    }
    let older = outcome.findings.len() - shown;
    if older > 0 {
        parts.push(counted(older, "older finding", "older findings"));
    }
    if let (Some(last), Some(what)) = (parts.last_mut(), not_validated(outcome)) {
        *last = format!("{last}, {what}");
    }
    parts.extend(rows(outcome));
    parts.extend(guardrails::counts(&outcome.guardrails));
    parts.extend(outcome.coverage.as_ref().and_then(coverage::missed_floor));
    parts.extend(outcome.mutation.as_ref().and_then(mutation::missed_floor));
    parts.extend(outcome.comparison.iter().flat_map(|comparison| compared(comparison, moved)));
    parts.extend(outcome.who_can.as_ref().map(access::counts));
    parts.extend(outcome.replayed.as_ref().map(replay::counts));
    parts.extend(outcome.replayed.as_ref().and_then(replay::refused));
    if outcome.inconclusive().next().is_some() {
        let count = counted(outcome.inconclusive().count(), "question", "questions");
        parts.push(format!("inconclusive: {count} could not be decided"));
    }
    parts.join("; ")
}

/// How many stores are named in one line.
const NAMED: usize = 3;

/// Of a clean run that could not validate everything: `not validated`, and which stores, where others were.
pub(super) fn not_validated(outcome: &Outcome) -> Option<String> {
    let bare = &outcome.not_validated;
    if bare.is_empty() || outcome.verdict() != Verdict::Clean {
        return None;
    }
    if bare.len() >= outcome.summary.stores {
        return Some("not validated".to_owned());
    }
    let names: Vec<_> = bare.iter().take(NAMED).map(|name| inline(name)).collect();
    let more = match bare.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {}", counted(more, "other store", "other stores")),
    };
    Some(format!("not validated: {}{more}", names.join(", ")))
}

/// How many kinds of request the comparison finds what of: `kinds of request: 2 gained, 31 same`.
fn by_kind(comparison: &Comparison) -> Option<String> {
    let mut counts = Vec::new();
    let may = if may_only(comparison) { "may be " } else { "" };
    for (relation, what) in [
        (Relation::Gained, "gained"),
        (Relation::Lost, "lost"),
        (Relation::Both, "gained and lost"),
        (Relation::Same, "same"),
        (Relation::Unknown, "not decided"),
    ] {
        let count: usize = comparison.stores.iter().map(|store| store.count(relation)).sum();
        if count > 0 {
            let moves = matches!(relation, Relation::Gained | Relation::Lost | Relation::Both);
            counts.push(format!("{count} {}{what}", if moves { may } else { "" }));
        }
    }
    (!counts.is_empty()).then(|| format!("kinds of request: {}", counts.join(", ")))
}

/// Whether all that changes hangs on how data is carried over.
fn may_only(comparison: &Comparison) -> bool {
    comparison.groups().all(|(_, group)| !group.migrated().is_empty())
}

/// Which way access changes, if it does: `access gained and lost`.
fn moved(comparison: &Comparison) -> Option<String> {
    let towards = |direction| comparison.groups().any(|(_, group)| group.direction == direction);
    let found = match (towards(Direction::Gained), towards(Direction::Lost)) {
        (true, true) => Some("gained and lost"),
        (true, false) => Some("gained"),
        (false, true) => Some("lost"),
        (false, false) => None,
    };
    let may = if may_only(comparison) { "may be " } else { "" };
    let unknown = |status: &changes::Status| matches!(status, changes::Status::Unknown(_));
    let mut environments = comparison.stores.iter().flat_map(|store| &store.environments);
    let open = environments.any(|one| unknown(&one.gained) || unknown(&one.lost));
    match (found, open) {
        (Some(found), false) => Some(format!("access {may}{found}")),
        (Some(found), true) => Some(format!("access {may}{found}, and not everything is decided")),
        (None, true) => Some("not everything is decided".to_owned()),
        (None, false) => None,
    }
}

/// What gates refuse, then what `moved` says, then what became weaker.
fn compared(comparison: &Comparison, moved: fn(&Comparison) -> Option<String>) -> Vec<String> {
    let refused = |of: &[crate::outcome::changes::Effect]| of.iter().any(|effect| effect.ruling == Ruling::Refused);
    let refused = comparison.groups().filter(|(_, group)| refused(&group.effects)).count();
    let mut parts = Vec::new();
    if refused > 0 {
        parts.push(format!("{} refused by the gate", counted(refused, "change", "changes")));
    }
    parts.extend(moved(comparison));
    let undecided: usize = comparison.stores.iter().map(|store| store.undecided.len()).sum();
    if undecided > 0 {
        parts.push(format!("{} not decided", counted(undecided, "changed policy", "changed policies")));
    }
    if parts.is_empty() && comparison.stores.iter().any(|store| store.unusable.is_some()) {
        parts.push("not decided".to_owned());
    } else if parts.is_empty() && !comparison.stores.is_empty() {
        let entities: usize = comparison.stores.iter().map(|store| store.entities.len()).sum();
        parts.push(match entities {
            0 => "no change".to_owned(),
            some => format!("no change by policies, {} changed", counted(some, "entity", "entities")),
        });
    }
    if !comparison.weakened.is_empty() {
        let refused = comparison.weakened.iter().filter(|one| one.ruling == Ruling::Refused).count();
        let all = comparison.weakened.len();
        let ruled = match refused {
            0 => String::new(),
            refused if refused == all => ", refused".to_owned(),
            refused => format!(", {refused} of them refused"),
        };
        parts.push(format!("{} weakened{ruled}", counted(all, "rule", "rules")));
    }
    parts
}

/// `old main -> new the worktree; `.
fn sides(comparison: &Comparison) -> String {
    let label = |text: &str| {
        let mut shown: String = text.chars().take(LONGEST_LABEL).collect();
        shown.push_str(if shown.len() < text.len() { " ..." } else { "" });
        inline(&shown).replace("##[", "##\\u{5b}")
    };
    format!("old {} -> new {}; ", label(&comparison.old.label), label(&comparison.new.label))
}

fn found(outcome: &Outcome, hidden: usize) -> Option<String> {
    let [errors, warnings, notes] = outcome.count_of(&|finding| outcome.counts(finding)).findings;
    let mut parts = Vec::new();
    for (count, one, many) in
        [(errors, "error", "errors"), (warnings, "warning", "warnings"), (notes - hidden, "note", "notes")]
    {
        if count > 0 {
            parts.push(counted(count, one, many));
        }
    }
    if hidden > 0 {
        parts.push(format!("{} hidden (-v shows them)", counted(hidden, "note", "notes")));
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn rows(outcome: &Outcome) -> Option<String> {
    let count = outcome.count();
    if outcome.rows() == 0 {
        return None;
    }
    let mut text = format!("{} of {} passed", count.pass, counted(outcome.rows(), "row", "rows"));
    let older = |status: Status| {
        let rows = outcome.tests.iter();
        rows.filter(|row| row.status == status && row.is_bad() && !outcome.counts_row(row)).count()
    };
    let (failed, broken) = (older(Status::Fail), older(Status::Error));
    for (count, what) in [
        (count.fail - failed, "failed"),
        (count.error - broken, "could not run"),
        (failed + broken, "failed before"),
        (count.skip, "skipped"),
    ] {
        if count > 0 {
            text.push_str(&format!(", {count} {what}"));
        }
    }
    Some(text)
}

/// What was read and what was left out: `2 stores, 34 policies, 61 rows`.
pub(super) fn what_was_read(outcome: &Outcome) -> String {
    let summary = &outcome.summary;
    let mut parts = vec![counted(summary.stores, "store", "stores")];
    if summary.schemaless > 0 {
        parts.push(format!("{} without a schema", summary.schemaless));
    }
    parts.push(counted(summary.policies, "policy", "policies"));
    for (count, one, many) in [
        (summary.templates, "template", "templates"),
        (summary.links, "template link", "template links"),
        (summary.entities, "entity", "entities"),
        (outcome.rows(), "row", "rows"),
        (outcome.suppressed.len(), "suppressed finding", "suppressed findings"),
        (outcome.left_out.len(), "file left out", "files left out"),
    ] {
        if count > 0 {
            parts.push(counted(count, one, many));
        }
    }
    parts.join(", ")
}
