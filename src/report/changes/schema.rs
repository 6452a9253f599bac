//! What of a schema's changes brings an effect about: kinds of request that came or went, or declarations that the
//! policies at hand read.

use std::collections::BTreeSet;

use super::remarks::schema_change;
use super::subjects::Names;
use super::untrusted_text::Phrase;
use crate::outcome::changes::{Cause, CauseGroup, Change, Lifecycle, StoreChanges};

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
        return Some(of_kinds(names, store, Lifecycle::Added, "new kinds of request", ", by the new"));
    }
    if only(Lifecycle::Removed) {
        return Some(of_kinds(names, store, Lifecycle::Removed, "kinds of request are gone", ", with the"));
    }
    let actions: BTreeSet<&str> = here().map(|change| change.environment.action.as_str()).collect();
    let about = |what: &str| actions.contains(what) || reads(&group.causes, what);
    let read: Vec<Phrase> =
        store.schema_changes.iter().filter(|change| about(&change.what)).map(schema_change).collect();
    let lead = Phrase::of("the schema changed what policies mean");
    Some(if read.is_empty() || read.len() > NAMED { lead } else { lead.say(": ").then(Phrase::listed(read, "and")) })
}

/// Whether a cause reads what `what` (such as `User.tenant`) names last.
fn reads(causes: &[Cause], what: &str) -> bool {
    let Some((_, name)) = what.rsplit_once('.') else { return false };
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let text = causes.iter().filter_map(|cause| cause.new.as_ref().or(cause.old.as_ref())).map(|place| place.text());
    text.into_iter().any(|text| text.split(|letter| !word(letter)).any(|known| known == name))
}

/// The types and actions that have kinds of request of this lifecycle alone.
fn of_kinds(names: &Names<'_>, store: &StoreChanges, lifecycle: Lifecycle, lead: &str, word: &str) -> Phrase {
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
    let lead = Phrase::of(lead);
    if all.is_empty() { lead } else { lead.say(word).say(" ").then(Phrase::listed(all, "and")) }
}
