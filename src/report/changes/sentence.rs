//! One sentence for one cause: who gains or loses what, and because of what.

use std::collections::BTreeSet;

use super::policies::Policies;
use super::subjects::Subject;
use super::untrusted_text::Phrase;
use crate::outcome::changes::{Cause, CauseGroup, Change, Direction, Lifecycle, StoreChanges, TemplateOf};

/// Of more policies than this only the first are named.
const LISTED: usize = 12;

/// Of more types, and lists of types, it is not said in one sentence what each gains.
const TOLD_APART: usize = 3;

const COMBINED: &str = " (in combinations listed below)";

/// The sentence about `group`.
pub(super) fn of_group(store: &StoreChanges, policies: &Policies<'_>, group: &CauseGroup, subject: &Subject) -> Phrase {
    of_effect(group, subject).say(", ").then(because(store, policies, group))
}

/// Whether what is said is so, and where.
#[derive(Clone, Copy)]
pub(super) struct How {
    may: bool,
    only: &'static str,
}

impl How {
    /// How all of these gain or lose what they do.
    pub(super) fn of<'a>(groups: impl IntoIterator<Item = &'a CauseGroup>) -> Self {
        let groups: Vec<&CauseGroup> = groups.into_iter().collect();
        let policies: BTreeSet<&str> =
            groups.iter().flat_map(|group| &group.causes).map(|cause| cause.policy.as_str()).collect();
        let only = match groups.iter().all(|group| group.by_error()) {
            false => "",
            true if policies.len() == 1 => ONLY_ERRORS,
            true => ", only where a policy cannot be evaluated (a number overflows, for instance)",
        };
        Self { may: groups.iter().all(|group| !group.migrated().is_empty()), only }
    }
}

const ONLY_ERRORS: &str = ", only where the policy cannot be evaluated (a number overflows, for instance)";

/// Who gains or loses what by `group`.
pub(super) fn of_effect(group: &CauseGroup, subject: &Subject) -> Phrase {
    effect(group.direction, How::of([group]), subject)
}

/// Who gains or loses what, or may.
fn effect(direction: Direction, how: How, subject: &Subject) -> Phrase {
    let verb = match (direction, how.may, subject.several) {
        (Direction::Gained, true, _) => " may gain ",
        (Direction::Lost, true, _) => " may lose ",
        (Direction::Gained, false, false) => " gains ",
        (Direction::Gained, false, true) => " gain ",
        (Direction::Lost, false, false) => " loses ",
        (Direction::Lost, false, true) => " lose ",
    };
    let combined = if subject.combinations.is_empty() { "" } else { COMBINED };
    subject.principals.clone().say(verb).then(subject.what.clone()).say(combined).say(how.only)
}

/// The same, each type for itself where they are few and do not all gain or lose the same.
pub(super) fn each(direction: Direction, how: How, subject: &Subject) -> Phrase {
    if subject.each.is_empty() || subject.each.len() > TOLD_APART {
        return effect(direction, how, subject);
    }
    let each = subject.each.iter().map(|one| effect(direction, how, one));
    each.reduce(|all, one| all.say("; ").then(one)).unwrap_or_default()
}

/// Who gains and loses the same.
pub(super) fn both(how: How, subject: &Subject) -> Phrase {
    let verb = match (how.may, subject.several) {
        (true, _) => " may gain for some requests and lose for others ",
        (false, false) => " gains for some requests and loses for others ",
        (false, true) => " gain for some requests and lose for others ",
    };
    let combined = if subject.combinations.is_empty() { "" } else { COMBINED };
    subject.principals.clone().say(verb).then(subject.what.clone()).say(combined).say(how.only)
}

/// The same as [`effect`] where what is gained or lost was said right before.
pub(super) fn this(direction: Direction, how: How, subject: &Subject) -> Phrase {
    effect(
        direction,
        how,
        &Subject { what: Phrase::of("this"), combinations: Vec::new(), each: Vec::new(), ..subject.clone() },
    )
}

fn because(store: &StoreChanges, policies: &Policies<'_>, group: &CauseGroup) -> Phrase {
    match group.causes.as_slice() {
        [] => without_cause(store, group),
        all if all.iter().all(|cause| cause.change == Change::Schema) => {
            let list = all.iter().map(|cause| named(policies, cause)).collect();
            let (allow, block) = if all.len() > 1 { ("allow", "block") } else { ("allows", "blocks") };
            let does = if all.iter().any(|cause| cause.effect == "permit") { allow } else { block };
            Phrase::of("because the schema changed what ").then(listed(list)).say(&format!(" {does}"))
        }
        [one] => Phrase::of("because ").then(one_cause(policies, one)).say(blocks(group.direction, one)),
        all => {
            let list = all.iter().map(|cause| one_cause(policies, cause)).collect();
            let takes = if all.len() == 2 { "; it takes both" } else { "; it takes all of these" };
            Phrase::of("because ").then(listed(list)).say(takes)
        }
    }
}

/// What a forbid has to do with it.
fn blocks(direction: Direction, cause: &Cause) -> &'static str {
    match (cause.effect, direction) {
        ("forbid", Direction::Gained) => " and no longer blocks it",
        ("forbid", Direction::Lost) => " and now blocks it",
        _ => "",
    }
}

/// `, through x` of a permit, `, as x no longer blocks it` of a forbid: what of several policies `cause` does.
pub(super) fn through(direction: Direction, policies: &Policies<'_>, cause: &Cause) -> Phrase {
    let name = Phrase::default().name(policies.name(&cause.policy));
    match (cause.effect, direction) {
        ("forbid", Direction::Gained) => Phrase::of(", as ").then(name).say(" no longer blocks it"),
        ("forbid", Direction::Lost) => Phrase::of(", as ").then(name).say(" now blocks it"),
        _ => Phrase::of(", through ").then(name),
    }
}

/// `the permit x was edited`; of a link whose template was, that.
pub(super) fn one_cause(policies: &Policies<'_>, cause: &Cause) -> Phrase {
    if let (Change::Edited, Some(TemplateOf { name, old: Some(old), new: Some(new) })) = (cause.change, &cause.template)
        && old.text() != new.text()
    {
        return Phrase::of("the template ")
            .name(policies.name(name))
            .say(" of the ")
            .say(cause.effect)
            .say(" ")
            .name(policies.name(&cause.policy))
            .say(" was edited");
    }
    let what = named(policies, cause);
    match cause.change {
        Change::Schema => what.say(" reads otherwise under the new schema"),
        Change::Added | Change::Removed | Change::Edited => what.say(" was ").say(cause.change.as_str()),
    }
}

/// `the permit x`, with what it is called besides; of a link `the permit x (a link of template y)`.
pub(super) fn named(policies: &Policies<'_>, cause: &Cause) -> Phrase {
    let phrase = Phrase::of("the ").say(cause.effect).say(" ").name(policies.name(&cause.policy));
    let phrase = match &cause.called {
        Some(called) => phrase.say(" (\u{201c}").word(called).say("\u{201d})"),
        None => phrase,
    };
    match &cause.template {
        Some(template) => phrase.say(" (a link of ").name(policies.name(&template.name)).say(")"),
        None => phrase,
    }
}

/// Each named; of very many the first.
pub(super) fn listed(mut all: Vec<Phrase>) -> Phrase {
    let more = all.len().saturating_sub(LISTED);
    if more > 1 {
        all.truncate(LISTED);
        all.push(Phrase::of(&format!("{more} others")));
    }
    Phrase::listed(all, "and")
}

/// Kinds of request or whole stores that came or went have no policy to blame.
fn without_cause(store: &StoreChanges, group: &CauseGroup) -> Phrase {
    let all = |lifecycle| {
        let of = |index: usize| store.environments.get(index).map(|one| one.lifecycle);
        group.effects.iter().all(|effect| of(effect.environment) == Some(lifecycle))
    };
    match (group.direction, store.lifecycle) {
        (Direction::Gained, Lifecycle::Added) => Phrase::of("because the store ").name(&store.name).say(" is new"),
        (Direction::Lost, Lifecycle::Removed) => Phrase::of("because the store ").name(&store.name).say(" is gone"),
        (Direction::Gained, _) if all(Lifecycle::Added) => Phrase::of("because such requests are new"),
        (Direction::Lost, _) if all(Lifecycle::Removed) => Phrase::of("because there are no such requests any more"),
        _ => Phrase::of("because of all changes taken together"),
    }
}
