//! What a comparison comes to, in one sentence. Holds no untrusted text.

use super::unfit::counts;
use crate::outcome::changes::{
    Cause, CauseGroup, Comparison, Direction, EnvironmentChange, Relation, Ruling, Status, StoreChanges, TextChanges,
};
use crate::report::counted::counted;

/// `2 changes grant access and 1 takes access away, in 9 of 40 kinds of request`; of a comparison that found
/// nothing, how many policies changed as text.
pub(in crate::report) fn headline(comparison: &Comparison) -> String {
    let environments = || comparison.stores.iter().flat_map(|store| &store.environments);
    let total = environments().count();
    let open = open_questions(comparison);
    let mut text = if comparison.changes_access() {
        let moved = |one: &&EnvironmentChange| !matches!(one.relation(), Relation::Same | Relation::Unknown);
        let count = environments().filter(moved).count();
        format!("{}, in {count} of {}", grants(comparison), kinds_of_request(total))
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
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    Plainly,
    /// Only where a changed policy cannot be evaluated.
    ByError,
    /// Depending on how data is carried over.
    Migrated,
}

fn grants(comparison: &Comparison) -> String {
    let how = |group: &CauseGroup| match (group.migrated().is_empty(), group.by_error()) {
        (false, _) => How::Migrated,
        (true, true) => How::ByError,
        (true, false) => How::Plainly,
    };
    let count = |direction, wanted| {
        let groups =
            || comparison.groups().filter(move |(_, group)| group.direction == direction && how(group) == wanted);
        let refused = groups().filter(|(_, group)| group.effects.iter().any(|of| of.ruling == Ruling::Refused)).count();
        (groups().count(), refused)
    };
    let ruled = |all, refused| match refused {
        0 => String::new(),
        1 if all == 1 => " (refused by the gate)".to_owned(),
        _ if all == refused => " (all refused by the gate)".to_owned(),
        _ => format!(" ({refused} refused by the gate)"),
    };
    let mut parts = Vec::new();
    let (may_grant, may_take) = ("may grant access", "may take access away");
    for (direction, wanted, one, many) in [
        (Direction::Gained, How::Plainly, "grants access", "grant access"),
        (Direction::Lost, How::Plainly, "takes access away", "take access away"),
        (Direction::Gained, How::ByError, "grants access", "grant access"),
        (Direction::Lost, How::ByError, "takes access away", "take access away"),
        (Direction::Gained, How::Migrated, may_grant, may_grant),
        (Direction::Lost, How::Migrated, may_take, may_take),
    ] {
        let (all, refused) = count(direction, wanted);
        let does = if all == 1 { one } else { many };
        let only = match (wanted, all) {
            (How::ByError, 1) => " only where the policy cannot be evaluated",
            (How::ByError, _) => " only where policies cannot be evaluated",
            (How::Plainly | How::Migrated, _) => "",
        };
        let what = if parts.is_empty() { counted(all, "change", "changes") } else { all.to_string() };
        if all > 0 {
            parts.push(format!("{what} {does}{only}{}", ruled(all, refused)));
        }
    }
    let may = comparison.groups().any(|(_, group)| !group.migrated().is_empty());
    // Said once: what may be so hangs on it, what is so does not.
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
    match (parts.is_empty(), schema) {
        (false, false) => parts.join(", "),
        (false, true) => format!("{}; the schema changed", parts.join(", ")),
        (true, false) => "no policy changed".to_owned(),
        (true, true) => "no policy changed; the schema did".to_owned(),
    }
}
