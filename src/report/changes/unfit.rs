//! What no longer fits the new schema: the breaking part of a change, which comes first.

use super::places::label;
use super::policies::Policies;
use super::schema::schema_change;
use super::untrusted_text::Phrase;
use crate::outcome::changes::{Comparison, StoreChanges, Unfit, UnfitKind};
use crate::report::counted::counted;

/// Everything that no longer fits, each with why: `the permit x (a.cedar:3:1): attribute .. not found, because ..`.
pub(in crate::report) fn unfit(comparison: &Comparison) -> Vec<Phrase> {
    let several = comparison.stores.len() > 1;
    let policies = Policies::of(comparison);
    let all = comparison.stores.iter().flat_map(|store| store.unfit.iter().map(move |one| (store, one)));
    all.map(|(store, one)| {
        let phrase = phrase(&policies, store, one);
        if several { phrase.say(" in store ").word(&store.name) } else { phrase }
    })
    .collect()
}

fn phrase(policies: &Policies<'_>, store: &StoreChanges, unfit: &Unfit) -> Phrase {
    let phrase = match unfit.kind {
        UnfitKind::Policy => Phrase::of("the policy ").name(policies.name(&unfit.name)),
        UnfitKind::Entity => Phrase::of("an entity"),
        UnfitKind::Row => Phrase::of("the row ").name(unfit.name.rsplit_once('#').map_or(&*unfit.name, |(_, row)| row)),
    };
    let phrase = phrase.say(" (").word(&label(&unfit.location)).say("): ").word(&unfit.why);
    let causes: Vec<Phrase> =
        unfit.because.iter().filter_map(|at| store.schema_changes.get(*at)).map(schema_change).collect();
    if causes.is_empty() { phrase } else { phrase.say("; schema: ").then(Phrase::listed(causes, "and")) }
}

/// `2 policies and 1 row no longer fit the new schema`; none where everything does.
pub(super) fn counts(comparison: &Comparison) -> Option<String> {
    let all = || comparison.stores.iter().flat_map(|store| &store.unfit);
    let of = |kind: UnfitKind, one: &str, many: &str| {
        let count = all().filter(|unfit| unfit.kind == kind).count();
        (count > 0).then(|| counted(count, one, many))
    };
    let parts: Vec<String> = [
        of(UnfitKind::Policy, "policy", "policies"),
        of(UnfitKind::Entity, "entity", "entities"),
        of(UnfitKind::Row, "row of a decision table", "rows of decision tables"),
    ]
    .into_iter()
    .flatten()
    .collect();
    let fit = if all().count() == 1 { "fits" } else { "fit" };
    let (last, others) = parts.split_last()?;
    let list = if others.is_empty() { last.clone() } else { format!("{} and {last}", others.join(", ")) };
    Some(format!("{list} no longer {fit} the new schema"))
}
