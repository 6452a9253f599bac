//! Who may do what, in words that the reports share. Names are untrusted: whoever shows them escapes them.

use super::counted::counted;
use crate::outcome::{Access, AccessCount, AccessGroup, Names, StoreAccess, WhoCan};

/// What is said before a group.
pub(super) fn word(group: &AccessGroup) -> &'static str {
    match (&group.before, &group.now) {
        (None, Access::Conditional(_)) => "if",
        (None, _) => "allow",
        (Some(before), now) if before == now => "same",
        (Some(_), _) => match (group.gains, group.loses) {
            (true, false) => "gained",
            (false, true) => "lost",
            _ => "changed",
        },
    }
}

/// The id of an action of the type `Action`; others as they are.
pub(super) fn short(action: &str) -> &str {
    let id = action.strip_prefix("Action::\"").and_then(|id| id.strip_suffix('"'));
    id.filter(|id| !id.contains(['"', '\\'])).unwrap_or(action)
}

/// Names between backticks, those beyond `most` counted; actions by their ids.
pub(super) fn listed(names: &Names, most: usize) -> String {
    let mut shown: Vec<String> = names.iter().take(most).map(|name| format!("`{}`", short(name))).collect();
    match names.len().saturating_sub(most) {
        0 => {}
        // One more name takes no more room than its number.
        1 => shown.extend(names.iter().nth(most).map(|name| format!("`{}`", short(name)))),
        more => return format!("{} and {more} more", shown.join(", ")),
    }
    match shown.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// What access hangs on: `where context.mfa, unless context.old`; nothing where it hangs on nothing. Lists of more than
/// `most` are cut between conditions.
pub(super) fn hangs_on(access: &Access, most: usize) -> Option<String> {
    let condition = access.condition()?;
    let joined = |all: &[String]| {
        let shown: Vec<String> = all.iter().take(most).map(|one| format!("`{one}`")).collect();
        match all.len().saturating_sub(most) {
            0 => shown.join(" or "),
            more => format!("{} or {}", shown.join(" or "), counted(more, "other condition", "other conditions")),
        }
    };
    let mut parts = Vec::new();
    if !condition.when.is_empty() {
        parts.push(format!("where {}", joined(&condition.when)));
    }
    if !condition.unless.is_empty() {
        parts.push(format!("unless {}", joined(&condition.unless)));
    }
    if !condition.shown {
        parts.push("which no context was shown to meet".to_owned());
    }
    Some(parts.join(", "))
}

/// How access came about, for a group that differs from before: `denied before`, `before where ..`.
pub(super) fn before(group: &AccessGroup, most: usize) -> Option<String> {
    let before = group.before.as_ref().filter(|_| group.differs())?;
    Some(match before {
        Access::Denied => "before: nobody".to_owned(),
        Access::Allowed => "before: allowed".to_owned(),
        Access::Conditional(_) => format!("before: {}", hangs_on(before, most).unwrap_or_default()),
    })
}

/// What it comes to now, in the same way.
pub(super) fn now(group: &AccessGroup, most: usize) -> Option<String> {
    match (&group.now, group.differs()) {
        (Access::Denied, _) => Some("now: nobody".to_owned()),
        (Access::Allowed, true) => Some("now: allowed".to_owned()),
        (Access::Conditional(_), true) => hangs_on(&group.now, most).map(|text| format!("now: {text}")),
        (_, false) => hangs_on(&group.now, most),
    }
}

/// How many there are, for the verdict: `12 requests allowed, 3 allowed under a condition, 4 principals and 2
/// resources`; of stores of which no entity is known, in kinds of request.
pub(super) fn counts(who_can: &WhoCan) -> String {
    // No answer is not that nobody may.
    if !who_can.stores.is_empty() && who_can.stores.iter().all(|store| !store.answered && store.groups.is_empty()) {
        return "not answered".to_owned();
    }
    let (by_type, by_name): (Vec<_>, Vec<_>) = who_can.stores.iter().partition(|store| store.by_type);
    let mut parts = Vec::new();
    if !by_name.is_empty() || by_type.is_empty() {
        parts.extend(counted_as(&by_name, ("request", "requests")));
        let all =
            AccessCount::of(by_name.iter().flat_map(|store| &store.groups).filter(|one| one.now != Access::Denied));
        if all.requests > 0 && by_name.len() == 1 {
            let principals = counted(all.principals, "principal", "principals");
            parts.push(format!("{principals} and {}", counted(all.resources, "resource", "resources")));
        }
    }
    if !by_type.is_empty() {
        parts.extend(counted_as(&by_type, ("kind of request", "kinds of request")));
    }
    if who_can.sides.is_some() {
        let groups = who_can.stores.iter().flat_map(|store| &store.groups);
        parts.push(match groups.filter(|group| group.differs()).map(AccessGroup::requests).sum() {
            0_usize => "none differs from before".to_owned(),
            1 => "1 differs from before".to_owned(),
            differ => format!("{differ} differ from before"),
        });
    }
    parts.join(", ")
}

fn counted_as(stores: &[&StoreAccess], (one, many): (&str, &str)) -> Vec<String> {
    let groups = || stores.iter().flat_map(|store| &store.groups);
    let count = |wanted: &dyn Fn(&AccessGroup) -> bool| -> usize {
        groups().filter(|group| wanted(group)).map(AccessGroup::requests).sum()
    };
    let allowed = count(&|group| group.now == Access::Allowed);
    let conditional = count(&|group| group.now.condition().is_some());
    let mut parts = Vec::new();
    if allowed > 0 || conditional == 0 {
        parts.push(format!("{} allowed", counted(allowed, one, many)));
    }
    if conditional > 0 {
        let what = if parts.is_empty() { counted(conditional, one, many) } else { conditional.to_string() };
        parts.push(format!("{what} allowed under a condition"));
    }
    parts
}

/// Calls `visit` with every request of every group, no more than `most`: store, principal, action, resource, group.
pub(super) fn each<'w>(
    who_can: &'w WhoCan,
    most: usize,
    visit: &mut dyn FnMut(&'w str, [&'w str; 3], &'w AccessGroup),
) {
    let mut left = most;
    for store in &who_can.stores {
        for group in &store.groups {
            for principal in group.principals.iter() {
                for action in group.actions.iter() {
                    for resource in group.resources.iter() {
                        if left == 0 {
                            return;
                        }
                        left -= 1;
                        visit(&store.store, [principal, action, resource], group);
                    }
                }
            }
        }
    }
}
