//! What of a schema's changes brings an effect about: kinds of request that came or went, or declarations that the
//! policies at hand read.

use std::collections::BTreeSet;

use super::places::label;
use super::subjects::Names;
use super::untrusted_text::Phrase;
use crate::outcome::changes::{Cause, CauseGroup, Change, Lifecycle, SchemaChange, Status, StoreChanges};

/// More declarations than this are not named.
const NAMED: usize = 6;

/// What the schema did, if it alone brings the group about.
pub(super) fn of_group(names: &Names<'_>, store: &StoreChanges, group: &CauseGroup) -> Option<Phrase> {
    if group.causes.is_empty() || group.causes.iter().any(|cause| cause.change != Change::Schema) {
        return None;
    }
    let here = || group.effects.iter().filter_map(|effect| store.environments.get(effect.environment));
    let lifecycles: BTreeSet<Lifecycle> = here().map(|change| change.lifecycle).collect();
    let only = |lifecycle: Lifecycle| lifecycles.len() == 1 && lifecycles.contains(&lifecycle);
    if only(Lifecycle::Added) {
        return Some(of_kinds(names, store, group, Lifecycle::Added));
    }
    if only(Lifecycle::Removed) {
        return Some(of_kinds(names, store, group, Lifecycle::Removed));
    }
    let actions: BTreeSet<&str> = here().map(|change| change.environment.action.as_str()).collect();
    let about = |what: &str| actions.contains(what) || reads(&group.causes, what);
    let read: Vec<Phrase> =
        store.schema_changes.iter().filter(|change| about(&change.what)).map(schema_change).collect();
    let lead = Phrase::of("the schema changed what policies mean");
    Some(if read.is_empty() || read.len() > NAMED { lead } else { lead.say(": ").then(Phrase::listed(read, "and")) })
}

/// Whether an attribute that changed changes no permission, where something else does: all is decided, nothing changes
/// by the schema alone but for kinds of request that come or go, and no policy that changes anything reads it.
pub(super) fn is_idle(store: &StoreChanges, change: &SchemaChange) -> bool {
    let open = |status: &Status| matches!(status, Status::Unknown(_));
    let decided = store.unusable.is_none()
        && store.set_aside.is_empty()
        && store.undecided.is_empty()
        && !store.environments.iter().any(|one| open(&one.gained) || open(&one.lost));
    let kept = |group: &CauseGroup| {
        let here = group.effects.iter().filter_map(|effect| store.environments.get(effect.environment));
        here.into_iter().any(|one| one.lifecycle == Lifecycle::Kept)
    };
    let by_schema = |group: &CauseGroup| {
        let causes = &group.causes;
        (causes.is_empty() || causes.iter().any(|cause| cause.change == Change::Schema)) && kept(group)
    };
    // Whatever the attribute is a part of may be read instead.
    let path: Vec<&str> = change.what.split('.').skip(1).filter(|name| *name != "context").collect();
    let texts = |group: &CauseGroup| {
        let places = group.causes.iter().flat_map(|cause| cause.old.iter().chain(&cause.new));
        places.into_iter().any(|place| path.iter().any(|name| names(place.text(), name)))
    };
    change.kind.starts_with("attribute_")
        && decided
        && !path.is_empty()
        && !store.groups.is_empty()
        && !store.groups.iter().any(|group| by_schema(group) || texts(group))
}

/// Whether `name` stands in `text` as a word.
fn names(text: &str, name: &str) -> bool {
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    text.split(|letter| !word(letter)).any(|known| known == name)
}

/// Whether a cause reads what `what` (such as `User.tenant`) names last.
fn reads(causes: &[Cause], what: &str) -> bool {
    let Some((_, name)) = what.rsplit_once('.') else { return false };
    let mut text =
        causes.iter().filter_map(|cause| cause.new.as_ref().or(cause.old.as_ref())).map(|place| place.text());
    text.any(|text| names(text, name))
}

/// The types and actions that have kinds of request of this lifecycle alone, and which other actions apply to them, or
/// no longer do, of those that the group is about.
fn of_kinds(names: &Names<'_>, store: &StoreChanges, group: &CauseGroup, lifecycle: Lifecycle) -> Phrase {
    let new = lifecycle == Lifecycle::Added;
    let (lead, word) = match new {
        true => ("new kinds of request", ", by the new"),
        false => ("kinds of request are gone", ", with the"),
    };
    let mut all = Vec::new();
    let alone = |of: fn(&crate::finding::Environment) -> &str| -> BTreeSet<&str> {
        let (those, others): (Vec<_>, Vec<_>) = store.environments.iter().partition(|one| one.lifecycle == lifecycle);
        let others: BTreeSet<&str> = others.iter().map(|one| of(&one.environment)).collect();
        those.iter().map(|one| of(&one.environment)).filter(|one| !others.contains(one)).collect()
    };
    let principals: BTreeSet<&str> = alone(|one| &one.principal);
    let resources: BTreeSet<&str> = alone(|one| &one.resource);
    let types: Vec<&str> = principals.union(&resources).copied().collect();
    let actions: Vec<&str> = alone(|one| &one.action).into_iter().collect();
    for (what, names) in [
        (if types.len() == 1 { "type" } else { "types" }, types.iter().map(|one| names.kind(one)).collect::<Vec<_>>()),
        (if actions.len() == 1 { "action" } else { "actions" }, actions.iter().map(|one| names.action(one)).collect()),
    ] {
        if !names.is_empty() && names.len() <= NAMED {
            let list = names.into_iter().map(|one| Phrase::default().name(one)).collect();
            all.push(Phrase::of(&format!("{what} ")).then(Phrase::listed(list, "and")));
        }
    }
    let place = store.schema_changes.iter().filter(|change| {
        (change.kind.starts_with("entity_type_") && types.contains(&change.what.as_str()))
            || (change.kind.starts_with("action_") && actions.contains(&change.what.as_str()))
    });
    let places: Vec<Phrase> = place.filter_map(at).collect();
    let lead = Phrase::of(lead);
    let bare = all.is_empty();
    let lead = if bare { lead } else { lead.say(word).say(" ").then(Phrase::listed(all, "and")) };
    let lead = match places.len() {
        1..=NAMED => lead.say(" (").then(Phrase::listed(places, "and")).say(")"),
        _ => lead,
    };
    let here = group.effects.iter().filter_map(|effect| store.environments.get(effect.environment));
    let others: BTreeSet<&str> = here.map(|one| one.environment.action.as_str()).collect();
    let others: Vec<Phrase> = others
        .into_iter()
        .filter(|action| !actions.contains(action))
        .map(|action| {
            let about = format!("{action} by ");
            let declared = |change: &&SchemaChange| {
                change.kind.starts_with("environment_") && change.what.starts_with(about.as_str())
            };
            let name = Phrase::default().name(names.action(action));
            match store.schema_changes.iter().find(declared).and_then(at) {
                Some(place) => name.say(" (").then(place).say(")"),
                None => name,
            }
        })
        .collect();
    if others.is_empty() || others.len() > NAMED {
        return lead;
    }
    let applies = match (new, others.len()) {
        (true, 1) => " now applies to ",
        (true, _) => " now apply to ",
        (false, 1) => " no longer applies to ",
        (false, _) => " no longer apply to ",
    };
    let to = match types.len() {
        0 => "these types",
        1 => "it",
        _ => "them",
    };
    let link = if bare { ": " } else { "; " };
    lead.say(link).then(Phrase::listed(others, "and")).say(applies).say(to)
}

/// Where it stands.
fn at(change: &SchemaChange) -> Option<Phrase> {
    let gone = if change.kind.ends_with("_removed") { "old, " } else { "" };
    change.location.as_ref().map(|place| Phrase::of(gone).word(&label(place)))
}

/// The change in words: `attribute changed: User.tenant, from Long to String (app.cedarschema:3:5)`.
pub(super) fn schema_change(change: &SchemaChange) -> Phrase {
    let phrase = Phrase::of(&change.kind.replace('_', " ")).say(": ").name(&change.what);
    let phrase = match (&change.old, &change.new) {
        (None, None) => phrase,
        (Some(old), Some(new)) => phrase.say(", from ").name(old).say(" to ").name(new),
        (Some(only), None) | (None, Some(only)) => phrase.say(", ").name(only),
    };
    match at(change) {
        Some(place) => phrase.say(" (").then(place).say(")"),
        None => phrase,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_changes_read_as_what_they_are() {
        let change = |old: Option<&str>, new: Option<&str>| SchemaChange {
            kind: "attribute_changed",
            what: "User.tenant".to_owned(),
            old: old.map(str::to_owned),
            new: new.map(str::to_owned),
            location: None,
            read: true,
        };
        let said = |old, new| schema_change(&change(old, new)).plain();
        assert_eq!(said(None, None), "attribute changed: `User.tenant`");
        assert_eq!(said(None, Some("Long")), "attribute changed: `User.tenant`, `Long`");
        assert_eq!(said(Some("Long"), Some("String")), "attribute changed: `User.tenant`, from `Long` to `String`");
    }
}
