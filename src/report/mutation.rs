//! What rows notice of changes of policies, in words: the only owner of its wording.

use super::counted::counted;
use crate::outcome::{Mutation, SuggestedRow, Survival, Survivor};

/// `78% (118 of 151 small changes of policies fail a row; 12 change no decision)`. Names of revisions are untrusted.
pub(super) fn figure(mutation: &Mutation) -> String {
    let since = mutation.since.as_ref().map(|since| format!(" of what changed since {since}")).unwrap_or_default();
    let (killed, all) = mutation.figure();
    let mut besides = Vec::new();
    if mutation.equivalent > 0 {
        let besides_them = if all == 0 { "" } else { " more" };
        besides.push(format!("{}{besides_them} proved to change no decision", mutation.equivalent));
    }
    match mutation.unknown() {
        0 => {}
        unknown => besides.push(format!("of {unknown} it is not known whether they change any")),
    }
    if mutation.untried > 0 {
        besides.push(format!("{} not tried, because there are too many", mutation.untried));
    }
    let besides = if besides.is_empty() { String::new() } else { format!("; {}", besides.join(", ")) };
    if all + mutation.equivalent + mutation.untried == 0 {
        return format!("there is no policy{since} to change");
    }
    if all == 0 {
        return format!("100%{since}: no small change of a policy would change a decision{besides}");
    }
    let fail = if killed == 1 { "fails" } else { "fail" };
    format!(
        "{}%{since} ({killed} of {} {fail} a row{besides})",
        mutation.percent(),
        counted(all, "small change of a policy", "small changes of policies")
    )
}

/// `rows notice 62% of small changes, below the floor of 80%`; none when the floor is reached or there is none.
pub(super) fn missed_floor(mutation: &Mutation) -> Option<String> {
    let floor = mutation.floor.filter(|_| mutation.below_floor())?;
    Some(format!("rows notice {}% of small changes of policies, below the floor of {floor}%", mutation.percent()))
}

/// What `survivor` changes: `context.amount <= 10000` became ... Texts of policies are untrusted.
pub(super) fn change(survivor: &Survivor) -> String {
    match (&survivor.was, &survivor.becomes) {
        (Some(was), Some(becomes)) => format!("`{was}` became `{becomes}`"),
        (Some(was), None) => format!("without `{was}`"),
        (None, _) => format!("without the {}", survivor.policy.effect),
    }
}

/// What a row says: who is allowed or denied what; with the context and the entities where it is `whole`.
pub(super) fn row(row: &SuggestedRow, whole: bool) -> String {
    let mut text = format!("{} is {} {} on {}", row.principal, row.expect.past(), row.action, row.resource);
    if !whole {
        return text;
    }
    let empty = row.context.as_object().is_none_or(serde_json::Map::is_empty);
    if !empty {
        text.push_str(&format!(", context {}", row.context));
    }
    for (uid, said) in &row.with {
        text.push_str(&format!(", {uid} {said}"));
    }
    text
}

/// The row that would notice `survivor`, which is `whole` or said briefly, or why there is none.
pub(super) fn remedy(mutation: &Mutation, survivor: &Survivor, whole: bool) -> String {
    match &survivor.survival {
        Survival::Unnoticed(Some(at)) => match mutation.suggested.get(*at) {
            Some(suggested) => format!("row {} of those suggested would: {}", at + 1, row(suggested, whole)),
            None => "some request is decided otherwise".to_owned(),
        },
        Survival::Unnoticed(None) => {
            "some request is decided otherwise, and a row for it could not be written over the store's entities"
                .to_owned()
        }
        Survival::Unknown(why) => format!("whether any decision changes is not known: {why}"),
    }
}

/// The survivors by policy, in the order of places.
pub(super) fn by_policy(mutation: &Mutation) -> Vec<(&Survivor, Vec<&Survivor>)> {
    let mut groups: Vec<(&Survivor, Vec<&Survivor>)> = Vec::new();
    for survivor in &mutation.survivors {
        match groups.iter_mut().find(|(first, _)| first.policy == survivor.policy && first.store == survivor.store) {
            Some((_, group)) => group.push(survivor),
            None => groups.push((survivor, vec![survivor])),
        }
    }
    groups
}
