//! Policies that are not read because another program fills in a part of them: each cause told once.

use crate::outcome::{Notice, NoticeKind};
use crate::repo::{Store, Unfilled};
use crate::text::inline;

/// So many other places are named.
const PLACES: usize = 3;

/// A notice for each cause of `all`, which are policies of `stores`: what is filled in is the same in all that it is
/// about.
pub(super) fn notices(stores: &[Store], all: &[Unfilled]) -> Vec<Notice> {
    let of = |one: &Unfilled| {
        let path = one.location.path();
        stores.iter().find(|store| store.files.iter().any(|file| file == path)).map(|store| store.name.as_str())
    };
    let mut causes: Vec<(&str, &Unfilled, Vec<&Unfilled>)> = Vec::new();
    for one in all {
        let Some(store) = of(one) else { continue };
        match causes.iter_mut().find(|(name, first, _)| *name == store && first.written == one.written) {
            Some((_, _, others)) => others.push(one),
            None => causes.push((store, one, Vec::new())),
        }
    }
    let told = |(store, first, others): (&str, &Unfilled, Vec<&Unfilled>)| {
        let message = if others.is_empty() {
            format!("a policy is not read: {}", first.why("it"))
        } else {
            let mut places: Vec<String> =
                others.iter().take(PLACES).map(|one| inline(&one.location.label()).into_owned()).collect();
            if others.len() > PLACES {
                places.push(format!("{} more", others.len() - PLACES));
            }
            let last = places.pop().unwrap_or_default();
            let at = match places.as_slice() {
                [] => format!("the other is at {last}"),
                some => format!("the others are at {} and {last}", some.join(", ")),
            };
            format!("{} policies are not read: {}; {at}", others.len() + 1, first.why("them"))
        };
        Notice::new(NoticeKind::Unresolved, message).store(store).at(&first.location)
    };
    causes.into_iter().map(told).collect()
}
