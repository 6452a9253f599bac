//! What a comparison comes to, in one sentence. Holds no untrusted text.

use super::change::Entry;
use super::unfit::counts;
use crate::outcome::changes::{
    Cause, CauseGroup, Comparison, Direction, EnvironmentChange, Relation, Status, StoreChanges, TextChanges,
};
use crate::report::counted::counted;

/// `2 changes grant access and 1 takes access away, in 9 of 40 kinds of request`; of a comparison that found
/// nothing, how many policies changed as text. A change is one of `entries`, which is what is shown of it.
pub(in crate::report) fn headline(comparison: &Comparison, entries: &[Entry<'_>]) -> String {
    let environments = || comparison.stores.iter().flat_map(|store| &store.environments);
    let total = environments().count();
    let open = open_questions(comparison);
    let mut text = if comparison.changes_access() {
        let moved = |one: &&EnvironmentChange| !matches!(one.relation(), Relation::Same | Relation::Unknown);
        let count = environments().filter(moved).count();
        format!("{}, in {count} of {}", grants(entries), kinds_of_request(total))
    } else {
        if comparison.stores.is_empty() {
            return "there is nothing to compare: neither side holds policies".to_owned();
        }
        let found = match (open.is_empty(), total) {
            (false, _) => " was found".to_owned(),
            (true, 0) => String::new(),
            (true, 1) => " in the one kind of request".to_owned(),
            (true, total) => format!(" in any of {}", kinds_of_request(total)),
        };
        format!("no change in effective permissions{found} ({})", text_changes(comparison))
    };
    if let Some(unfit) = counts(comparison) {
        text = format!("{unfit}; {text}");
    }
    for (at, question) in open.iter().enumerate() {
        text.push_str(if at == 0 && !comparison.changes_access() { ", but " } else { "; " });
        text.push_str(question);
    }
    if !comparison.weakened.is_empty() {
        let rules = comparison.weakened.len();
        let became = if rules == 1 { "became" } else { "have become" };
        text.push_str(&format!(
            "; {} {became} weaker",
            counted(rules, "rule about the repository", "rules about the repository")
        ));
    }
    text
}

fn kinds_of_request(count: usize) -> String {
    counted(count, "kind of request", "kinds of request")
}

/// In which way changes grant access or take it away.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    Plainly,
    /// Only where a changed policy cannot be evaluated.
    ByError,
    /// Depending on how data is carried over.
    Migrated,
}

/// Whether a change gives, takes, or does both.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Grants,
    Takes,
    Both,
}

/// What `entry` does, and how.
fn of_entry(entry: &Entry<'_>) -> (Does, How) {
    let how = |group: &CauseGroup| match (group.migrated().is_empty(), group.by_error()) {
        (false, _) => How::Migrated,
        (true, true) => How::ByError,
        (true, false) => How::Plainly,
    };
    let of = |direction: Direction| -> Option<How> {
        let groups =
            entry.changes.iter().flat_map(|change| std::iter::once(change.group).chain(change.others.iter().copied()));
        groups.filter(|group| group.direction == direction).map(how).min()
    };
    match (of(Direction::Gained), of(Direction::Lost)) {
        (Some(gained), Some(lost)) if gained == lost => (Does::Both, gained),
        // What may be so is not said to be so.
        (Some(How::Migrated), Some(_)) | (Some(_), Some(How::Migrated)) => (Does::Both, How::Migrated),
        (Some(_), Some(_)) => (Does::Both, How::Plainly),
        (Some(gained), None) => (Does::Grants, gained),
        (None, lost) => (Does::Takes, lost.unwrap_or(How::Plainly)),
    }
}

fn grants(entries: &[Entry<'_>]) -> String {
    let all: Vec<(Does, How, bool)> = entries
        .iter()
        .map(|entry| {
            let (does, how) = of_entry(entry);
            (does, how, entry.refused())
        })
        .collect();
    let ruled = |all, refused| match refused {
        0 => String::new(),
        1 if all == 1 => " (refused by the gate)".to_owned(),
        _ if all == refused => " (all refused by the gate)".to_owned(),
        _ => format!(" ({refused} refused by the gate)"),
    };
    let mut parts: Vec<String> = Vec::new();
    for how in [How::Plainly, How::ByError, How::Migrated] {
        for does in [Does::Grants, Does::Takes, Does::Both] {
            let of: Vec<bool> = all.iter().filter(|one| (one.0, one.1) == (does, how)).map(|one| one.2).collect();
            let (count, refused) = (of.len(), of.iter().filter(|refused| **refused).count());
            if count == 0 {
                continue;
            }
            let first = parts.is_empty();
            let does = match (how == How::Migrated, count, does, first) {
                (true, _, Does::Grants, _) => "may grant access",
                (true, _, Does::Takes, _) => "may take access away",
                (true, _, Does::Both, _) => "may grant some access and take some away",
                (false, 1, Does::Grants, _) => "grants access",
                (false, _, Does::Grants, _) => "grant access",
                (false, 1, Does::Takes, _) => "takes access away",
                (false, _, Does::Takes, _) => "take access away",
                (false, 1, Does::Both, true) => "grants some access and takes some away",
                (false, _, Does::Both, true) => "grant some access and take some away",
                (false, 1, Does::Both, false) => "grants some and takes some away",
                (false, _, Does::Both, false) => "grant some and take some away",
            };
            let only = match (how, count) {
                (How::ByError, 1) => " only where the policy cannot be evaluated",
                (How::ByError, _) => " only where policies cannot be evaluated",
                (How::Plainly | How::Migrated, _) => "",
            };
            let what = if first { counted(count, "change", "changes") } else { count.to_string() };
            parts.push(format!("{what} {does}{only}{}", ruled(count, refused)));
        }
    }
    // Said once: what may be so hangs on it, what is so does not.
    let may = all.iter().any(|(_, how, _)| *how == How::Migrated);
    let last = parts.pop().unwrap_or_default();
    let all = if parts.is_empty() { last } else { format!("{} and {last}", parts.join(", ")) };
    all + if may { ", depending on how data is carried over" } else { "" }
}

fn open_questions(comparison: &Comparison) -> Vec<String> {
    let open =
        |one: &&EnvironmentChange| matches!(one.gained, Status::Unknown(_)) || matches!(one.lost, Status::Unknown(_));
    let environments = comparison.stores.iter().flat_map(|store| &store.environments).filter(open).count();
    let policies: Vec<&Cause> = comparison.stores.iter().flat_map(|store| &store.undecided).collect();
    let mut parts = Vec::new();
    if environments > 0 {
        let total: usize = comparison.stores.iter().map(|store| store.environments.len()).sum();
        parts.push(format!("not everything could be decided in {environments} of {}", kinds_of_request(total)));
    }
    let blind =
        |store: &&StoreChanges| store.unusable.is_some() && store.environments.is_empty() && store.undecided.is_empty();
    let blind = comparison.stores.iter().filter(blind).count();
    if blind > 0 {
        parts.push(format!("nothing is known of {}", counted(blind, "store", "stores")));
    }
    if !policies.is_empty() {
        let of = counted(policies.len(), "changed policy", "changed policies");
        parts.push(format!("what {of} of a store without a usable schema may do is not decided"));
    }
    parts
}

/// `12 policies edited, 1 template edited (2 links), 3 moved or reformatted`.
pub(in crate::report) fn text_changes(comparison: &Comparison) -> String {
    let sum = |of: fn(&TextChanges) -> usize| comparison.stores.iter().map(|store| of(&store.text)).sum::<usize>();
    let (templates, links) = (sum(|text| text.templates), sum(|text| text.links));
    let mut parts: Vec<String> = Vec::new();
    for (count, what) in [
        (sum(|text| text.added), "added"),
        (sum(|text| text.removed), "removed"),
        // A link whose template was edited says nothing else.
        (sum(|text| text.edited).saturating_sub(templates + links), "edited"),
        (sum(|text| text.moved), "moved or reformatted"),
    ] {
        match (count, parts.is_empty()) {
            (0, _) => {}
            (_, true) => parts.push(format!("{} {what}", counted(count, "policy", "policies"))),
            (_, false) => parts.push(format!("{count} {what}")),
        }
    }
    if templates > 0 {
        let links = if links == 0 { String::new() } else { format!(" ({})", counted(links, "link", "links")) };
        parts.push(format!("{} edited{links}", counted(templates, "template", "templates")));
    }
    let schema = comparison.stores.iter().any(|store| !store.schema_changes.is_empty());
    let entities = comparison.stores.iter().map(|store| store.entities.len()).sum::<usize>();
    let mut besides = Vec::new();
    if schema {
        besides.push("the schema".to_owned());
    }
    if entities > 0 {
        besides.push(counted(entities, "entity", "entities"));
    }
    match (parts.is_empty(), besides.is_empty()) {
        (false, true) => parts.join(", "),
        (false, false) => format!("{}; {} changed", parts.join(", "), besides.join(" and ")),
        (true, true) => "no policy changed".to_owned(),
        (true, false) => format!("no policy changed; {} did", besides.join(" and ")),
    }
}
