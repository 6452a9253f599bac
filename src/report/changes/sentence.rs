//! One sentence for one cause: what changed, and who may do what since then.

use super::untrusted_text::Phrase;
use crate::outcome::changes::{Cause, CauseGroup, Change, Direction, Lifecycle, StoreChanges};

/// More policies than this are counted.
const LISTED: usize = 4;

/// The sentence about `group`; `who` says who may do what on what.
pub(super) fn of_group(store: &StoreChanges, group: &CauseGroup, who: Phrase) -> Phrase {
    match group.causes.as_slice() {
        [] => without_cause(store, group).then(who),
        [one] if one.change == Change::Schema => {
            Phrase::of(makes(group)).then(named(one)).say(verb(group, true)).then(who)
        }
        all if all.iter().all(|cause| cause.change == Change::Schema) => {
            Phrase::of(makes(group)).then(list(all)).say(verb(group, true)).then(who)
        }
        [one] => cause(one).say(verb(group, false)).then(who),
        all => Phrase::of("together, ").then(list(all)).say(verb(group, true)).then(who),
    }
}

/// "The schema change makes x newly allow"; what hangs on more than the schema only may.
fn makes(group: &CauseGroup) -> &'static str {
    if group.migrated().is_empty() { "the schema change makes " } else { "under the new schema, " }
}

fn verb(group: &CauseGroup, many: bool) -> &'static str {
    match (group.direction, many, group.migrated().is_empty()) {
        (Direction::Gained, _, false) => " may newly allow ",
        (Direction::Lost, _, false) => " may no longer allow ",
        (Direction::Gained, false, true) => " newly allows ",
        (Direction::Gained, true, true) => " newly allow ",
        (Direction::Lost, false, true) => " no longer allows ",
        (Direction::Lost, true, true) => " no longer allow ",
    }
}

/// The policy and what happened to it.
pub(super) fn cause(cause: &Cause) -> Phrase {
    let Cause { policy, effect, change, .. } = cause;
    Phrase::default().name(policy).say(&match change {
        Change::Schema => format!(" ({effect}, under the new schema)"),
        Change::Added | Change::Removed | Change::Edited => format!(" ({} {effect})", change.as_str()),
    })
}

fn named(cause: &Cause) -> Phrase {
    Phrase::default().name(&cause.policy).say(&format!(" ({})", cause.effect))
}

fn list(all: &[Cause]) -> Phrase {
    let schema = all.iter().all(|cause| cause.change == Change::Schema);
    let most = if all.len() > LISTED { LISTED - 1 } else { all.len() };
    let one = |of: &Cause| if schema { named(of) } else { cause(of) };
    let mut shown: Vec<Phrase> = all.iter().take(most).map(one).collect();
    if all.len() > most {
        shown.push(Phrase::of(&format!("{} more", all.len() - most)));
    }
    Phrase::listed(shown, "and")
}

/// Environments or whole stores that came or went have no policy to blame.
fn without_cause(store: &StoreChanges, group: &CauseGroup) -> Phrase {
    let all = |lifecycle| {
        let of = |index: usize| store.environments.get(index).map(|one| one.lifecycle);
        group.effects.iter().all(|effect| of(effect.environment) == Some(lifecycle))
    };
    let many = group.effects.len() > 1;
    match (group.direction, store.lifecycle) {
        (Direction::Gained, Lifecycle::Added) => Phrase::of("the new store ").name(&store.name).say(" allows "),
        (Direction::Lost, Lifecycle::Removed) => {
            Phrase::of("the store ").name(&store.name).say(" is gone; it allowed ")
        }
        (Direction::Gained, _) if all(Lifecycle::Added) => Phrase::of(if many {
            "new kinds of request, which some may make: "
        } else {
            "a new kind of request, which some may make: "
        }),
        (Direction::Lost, _) if all(Lifecycle::Removed) => Phrase::of(if many {
            "kinds of request that some could make are gone: "
        } else {
            "a kind of request that some could make is gone: "
        }),
        (Direction::Gained, _) => Phrase::of("the changes taken together newly allow "),
        (Direction::Lost, _) => Phrase::of("the changes taken together no longer allow "),
    }
}
