//! What else is said about a comparison: what is not decided, what was set aside, what changed in schemas.

use std::collections::BTreeMap;

use super::change::Entry;
use super::edits;
use super::policies::Policies;
use super::schema::{is_idle, schema_change};
use super::sentence;
use super::subjects::{Names, who};
use super::untrusted_text::Phrase;
use crate::finding::Environment;
use crate::outcome::changes::{
    Accepted, Cause, Change, Comparison, EnvironmentChange, Idle, Lifecycle, Relation, SchemaChange, SetAside, Side,
    Status, StoreChanges,
};

/// Of more policies that change no decision only the names are said.
const SPELLED_OUT: usize = 6;

/// Something that is not decided.
pub(in crate::report) struct Undecided<'a> {
    /// The store, where there are several.
    pub(in crate::report) store: Option<&'a str>,
    /// What, in a sentence.
    pub(in crate::report) sentence: Phrase,
    /// Why: untrusted text.
    pub(in crate::report) why: Vec<&'a str>,
    /// The request environments, when the sentence does not name them all.
    pub(in crate::report) environments: Vec<&'a Environment>,
}

/// Everything in `store` that is not decided, environments put together by what is asked and why it has no answer.
pub(super) fn undecided<'a>(store: &'a StoreChanges, names: &Names<'_>, several: bool) -> Vec<Undecided<'a>> {
    let mut by_reason: BTreeMap<(Option<&str>, Option<&str>), Vec<&Environment>> = BTreeMap::new();
    for change in &store.environments {
        let why = |status: &'a Status| match status {
            Status::Unknown(why) => Some(why.as_str()),
            Status::Yes | Status::No => None,
        };
        let (gained, lost) = (why(&change.gained), why(&change.lost));
        if gained.is_some() || lost.is_some() {
            by_reason.entry((gained, lost)).or_default().push(&change.environment);
        }
    }
    let mut by_reason: Vec<_> = by_reason.into_iter().collect();
    // What is open in both directions comes first.
    by_reason.sort_by_key(|((gained, lost), _)| (gained.is_none(), lost.is_none()));
    let name = several.then_some(store.name.as_str());
    let mut out = Vec::new();
    for ((gained, lost), environments) in by_reason {
        let question = match (gained, lost) {
            (Some(_), Some(_)) => "whether the changes newly allow or no longer allow ",
            (Some(_), None) => "whether the changes newly allow ",
            (None, _) => "whether the changes no longer allow ",
        };
        let (phrase, complete) = who(names, &environments);
        let mut why: Vec<&str> = [gained, lost].into_iter().flatten().collect();
        why.dedup();
        out.push(Undecided {
            store: name,
            sentence: Phrase::of(question).then(phrase),
            why,
            environments: if complete { Vec::new() } else { environments },
        });
    }
    for cause in &store.undecided {
        let may = match (cause.change, cause.effect) {
            (Change::Added, "permit") | (Change::Removed, "forbid") => " may grant access",
            (Change::Added, _) | (Change::Removed, _) => " may take access away",
            (Change::Edited | Change::Schema, _) => " may grant access or take it away",
        };
        out.push(Undecided {
            store: name,
            sentence: cause_of(cause).say(may),
            why: vec![
                store.unusable.as_deref().unwrap_or("its store has no schema, which says what requests there are"),
            ],
            environments: Vec::new(),
        });
    }
    if let (Some(why), true) = (&store.unusable, out.is_empty()) {
        let sentence = Phrase::of("whether anybody gains or loses access");
        out.push(Undecided { store: name, sentence, why: vec![why], environments: Vec::new() });
    }
    out
}

/// Policies that came, went or were edited without any effect: `a` and `b` were edited.
pub(in crate::report) fn without_effect(comparison: &Comparison) -> Vec<Phrase> {
    let several = comparison.stores.len() > 1;
    let policies = Policies::of(comparison);
    let mut out = Vec::new();
    for store in &comparison.stores {
        for change in [Change::Added, Change::Removed, Change::Edited] {
            let mut said: Vec<(&str, Vec<&Idle>)> = Vec::new();
            for idle in store.without_effect.iter().filter(|idle| idle.cause.change == change) {
                let does = does(idle);
                match said.iter_mut().find(|(known, _)| *known == does) {
                    Some((_, all)) => all.push(idle),
                    None => said.push((does, vec![idle])),
                }
            }
            for (does, all) in said {
                let one = |idle: &&Idle| {
                    let name = Phrase::default().name(policies.name(&idle.cause.policy));
                    let edits = edits::bare(&idle.cause);
                    if does == SAME || all.len() > SPELLED_OUT || edits.is_empty() {
                        return name;
                    }
                    name.say(" (").then(Phrase::listed(edits, "and")).say(")")
                };
                let names: Vec<Phrase> = all.iter().map(one).collect();
                let phrase = Phrase::of(&format!("{}, {does}: ", change.as_str())).then(sentence::listed(names));
                out.push(if several { phrase.say(" in store ").word(&store.name) } else { phrase });
            }
        }
    }
    out
}

/// What an edit does that leaves the policy's meaning as it was.
const SAME: &str = "with the same meaning as before";

/// What a policy does that changed and changes no decision.
fn does(idle: &Idle) -> &'static str {
    let keeps = (idle.keeps_allowed == Some(true), idle.keeps_refused == Some(true));
    match (idle.same, keeps) {
        (Some(true), _) if idle.cause.change == Change::Edited => SAME,
        (_, (true, false)) => "which only keeps other changes from taking more away",
        (_, (false, true)) => "which only keeps other changes from granting more",
        (_, (true, true)) => "which only keeps other changes from granting and taking away more",
        (Some(_), (false, false)) => "changing no decision",
        (None, (false, false)) => "together with the other changes changing no decision",
    }
}

/// The policy and what happened to it.
fn cause_of(cause: &Cause) -> Phrase {
    let what = match cause.change {
        Change::Schema => format!(" ({}, under the new schema)", cause.effect),
        Change::Added | Change::Removed | Change::Edited => format!(" ({} {})", cause.change.as_str(), cause.effect),
    };
    Phrase::default().name(&cause.policy).say(&what)
}

/// A policy that was not analysed, on which side, and why.
pub(in crate::report) fn set_aside(comparison: &Comparison, aside: &SetAside) -> Phrase {
    let phrase = Phrase::default().name(&aside.policy);
    let on = |phrase: Phrase, side: &Side| phrase.say(" in ").word(&side.label);
    let phrase = match aside.side {
        "old" => on(phrase, &comparison.old),
        "new" => on(phrase, &comparison.new),
        _ => on(on(phrase, &comparison.old).say(" and"), &comparison.new),
    };
    phrase.say(": ").word(&aside.why)
}

/// A policy that does not typecheck on a side, why, and what comes of it.
pub(in crate::report) fn ill_typed(comparison: &Comparison, aside: &SetAside) -> Phrase {
    set_aside(comparison, aside).say("; where it errors, Cedar skips it")
}

/// Stores and kinds of request that came or went, or have another name; without those that a change is about.
pub(super) fn came_and_went(store: &StoreChanges, names: &Names<'_>, several: bool) -> Vec<Phrase> {
    let mut out = Vec::new();
    match (store.lifecycle, &store.old_name) {
        (Lifecycle::Added, _) => out.push(Phrase::of("the store ").name(&store.name).say(" is new")),
        (Lifecycle::Removed, _) => out.push(Phrase::of("the store ").name(&store.name).say(" is gone")),
        (Lifecycle::Kept, Some(old)) => {
            out.push(Phrase::of("the store ").name(&store.name).say(" was called ").name(old));
        }
        (Lifecycle::Kept, None) => {}
    }
    if store.lifecycle != Lifecycle::Kept {
        return out;
    }
    for (lifecycle, what) in [
        (Lifecycle::Added, "new kinds of request, which nobody may make: "),
        (Lifecycle::Removed, "kinds of request that nobody could make are gone: "),
    ] {
        let dead = |of: &&EnvironmentChange| of.lifecycle == lifecycle && of.relation() == Relation::Same;
        let all: Vec<&Environment> = store.environments.iter().filter(dead).map(|of| &of.environment).collect();
        if !all.is_empty() {
            let phrase = Phrase::of(what).then(who(names, &all).0);
            out.push(if several { phrase.say(" in store ").word(&store.name) } else { phrase });
        }
    }
    out
}

/// Every difference of the schemas that no entry says: `attribute added: User.tenant, String`.
pub(in crate::report) fn schema_changes(comparison: &Comparison, entries: &[&Entry<'_>]) -> Vec<Phrase> {
    let said: Vec<String> =
        entries.iter().flat_map(|entry| entry.lead.iter().chain(&entry.edits)).map(Phrase::plain).collect();
    let several = comparison.stores.len() > 1;
    let mut out = Vec::new();
    for store in &comparison.stores {
        // What no longer fits comes before what is new.
        // Kinds of request that come or go are told as such.
        let told = |change: &&SchemaChange| !change.kind.starts_with("environment_");
        let mut all: Vec<&SchemaChange> = store.schema_changes.iter().filter(told).collect();
        all.sort_by_key(|change| (change.kind.ends_with("_added"), change.kind.ends_with("_changed")));
        let new = |change: &SchemaChange, entry: &str| {
            let named = change.kind == "entity_type_added" || change.kind == "action_added";
            named && entry.contains("by the new") && entry.contains(&Phrase::default().name(&change.what).plain())
        };
        let said = |change: &&SchemaChange| {
            let phrase = schema_change(change).plain();
            said.iter().any(|entry| entry.contains(&phrase) || new(change, entry))
        };
        for change in all.into_iter().filter(|change| !said(change)) {
            let phrase = schema_change(change);
            let phrase = match () {
                () if !change.read => phrase.say(", which no policy reads"),
                () if is_idle(store, change) => phrase.say(", which changes no permission"),
                () => phrase,
            };
            out.push(if several { phrase.say(" in store ").word(&store.name) } else { phrase });
        }
    }
    out
}

/// An acceptance that does nothing here, or no longer; none of one that is in force and used.
pub(in crate::report) fn accepted(accepted: &Accepted) -> Option<Phrase> {
    let Accepted { what, owner, until, .. } = accepted;
    let phrase = match (accepted.used, accepted.in_force) {
        (true, true) => return None,
        (true, false) => Phrase::of("accepted until ").word(until).say(", which has passed: "),
        (false, _) => Phrase::of("accepted, and not among the changes: "),
    };
    let phrase = phrase.word(what).say(" (").word(owner);
    Some(if accepted.used { phrase.say(")") } else { phrase.say(", until ").word(until).say(")") })
}
