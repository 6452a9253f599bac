//! Numbers, times and addresses near what decides: nought, or the boundary itself, days of our time, and addresses that
//! one has seen before.
//!
//! # Why
//!
//! A search finds any number that will do. Whoever reads it looks for the reason, and a number next to the boundary
//! shows it: 10001 where more than 10000 is refused. The authorizer is asked, not the solver: between a number that
//! does not do and one that does, halving leads to two neighbours of which the one does and the other does not.

use std::collections::BTreeMap;

use cedar_policy::EntityUid;

use super::datum::Datum;
use super::draft::Draft;

/// A day of our time at its beginning, in milliseconds.
const TODAY: i64 = 1_767_225_600_000;
const DAY: i64 = 86_400_000;
const SECOND: i64 = 1_000;

/// Where a number or time stands in a draft.
#[derive(Debug, Clone)]
struct Spot {
    /// In the entity's attributes, or in its tags; in the context without one.
    entity: Option<(EntityUid, bool)>,
    path: Vec<String>,
    value: Datum,
}

fn fields<'d>(draft: &'d Draft, entity: Option<&(EntityUid, bool)>) -> Option<&'d BTreeMap<String, Datum>> {
    match entity {
        None => Some(&draft.context),
        Some((uid, false)) => draft.entities.get(uid).map(|entity| &entity.attributes),
        Some((uid, true)) => draft.entities.get(uid).map(|entity| &entity.tags),
    }
}

fn spots(draft: &Draft) -> Vec<Spot> {
    fn within(
        fields: &BTreeMap<String, Datum>,
        entity: Option<&(EntityUid, bool)>,
        path: &mut Vec<String>,
        found: &mut Vec<Spot>,
    ) {
        for (name, value) in fields {
            path.push(name.clone());
            match value {
                Datum::Record(inner) => within(inner, entity, path, found),
                Datum::Long(_) | Datum::Decimal(_) | Datum::Datetime(_) | Datum::Duration(_) | Datum::Ip(_) => {
                    found.push(Spot { entity: entity.cloned(), path: path.clone(), value: value.clone() });
                }
                _ => {}
            }
            path.pop();
        }
    }
    let mut found = Vec::new();
    let entities = draft.entities.keys().flat_map(|uid| [(uid.clone(), false), (uid.clone(), true)]).map(Some);
    for entity in std::iter::once(None).chain(entities) {
        if let Some(fields) = fields(draft, entity.as_ref()) {
            within(fields, entity.as_ref(), &mut Vec::new(), &mut found);
        }
    }
    found
}

/// The drafts with `value` at the spot, in each that has there what the spot has.
fn with(drafts: &[Draft], spot: &Spot, value: &Datum) -> Vec<Draft> {
    let mut all = drafts.to_vec();
    for draft in &mut all {
        let fields = match &spot.entity {
            None => Some(&mut draft.context),
            Some((uid, false)) => draft.entities.get_mut(uid).map(|entity| &mut entity.attributes),
            Some((uid, true)) => draft.entities.get_mut(uid).map(|entity| &mut entity.tags),
        };
        let slot = fields.and_then(|fields| slot(fields, &spot.path));
        if let Some(slot) = slot.filter(|slot| **slot == spot.value) {
            *slot = value.clone();
        }
    }
    all
}

fn slot<'d>(fields: &'d mut BTreeMap<String, Datum>, path: &[String]) -> Option<&'d mut Datum> {
    let (first, rest) = path.split_first()?;
    let value = fields.get_mut(first)?;
    match (rest, value) {
        ([], value) => Some(value),
        (rest, Datum::Record(inner)) => slot(inner, rest),
        _ => None,
    }
}

fn number(value: &Datum) -> Option<i64> {
    match value {
        Datum::Long(number) | Datum::Decimal(number) | Datum::Datetime(number) | Datum::Duration(number) => {
            Some(*number)
        }
        _ => None,
    }
}

/// A value of the same kind.
fn like(value: &Datum, number: i64) -> Datum {
    match value {
        Datum::Datetime(_) => Datum::Datetime(number),
        Datum::Decimal(_) => Datum::Decimal(number),
        Datum::Duration(_) => Datum::Duration(number),
        _ => Datum::Long(number),
    }
}

/// The drafts with numbers and times near what decides; `holds` says whether drafts still show what they are to show,
/// and may be asked `left` times.
pub(super) fn nearer(mut drafts: Vec<Draft>, mut left: usize, holds: &dyn Fn(&[Draft]) -> bool) -> Vec<Draft> {
    let mut ask = |drafts: &[Draft]| {
        let may = left > 0;
        left = left.saturating_sub(1);
        may && holds(drafts)
    };
    // All times at once: what decides is mostly the time of day, or how far they are apart. One that stands at nought
    // was asked nothing.
    let times = |drafts: &[Draft]| -> Vec<Spot> {
        let all = drafts.iter().flat_map(spots);
        all.filter(|spot| matches!(spot.value, Datum::Datetime(_))).collect()
    };
    let all = times(&drafts);
    let numbers = || all.iter().filter_map(|spot| number(&spot.value));
    let day = |first: i64| TODAY.checked_sub(first.div_euclid(DAY).saturating_mul(DAY));
    let [first, least] = [numbers().filter(|time| *time != 0).min(), numbers().min()].map(|first| first.and_then(day));
    let of_day = |time: i64| Some(TODAY + time.rem_euclid(DAY));
    let apart = |time: i64| if time == 0 { Some(TODAY) } else { time.checked_add(first?) };
    let whole = |time: i64| time.checked_add(least?);
    let ways: [&dyn Fn(i64) -> Option<i64>; 3] = [&of_day, &apart, &whole];
    let mut moved_together = false;
    for way in ways.into_iter().filter(|_| !all.is_empty()) {
        let moved = all.iter().try_fold(drafts.clone(), |drafts, spot| {
            Some(with(&drafts, spot, &Datum::Datetime(way(number(&spot.value)?)?)))
        });
        if let Some(moved) = moved.filter(|moved| ask(moved)) {
            drafts = moved;
            moved_together = true;
            break;
        }
    }
    let goal = |spot: &Spot, value: i64| match spot.value {
        Datum::Datetime(_) if moved_together => value.div_euclid(DAY).saturating_mul(DAY),
        // A date that is written out decides: the way from our time to it ends there.
        Datum::Datetime(_) => TODAY,
        _ => 0,
    };
    // One that keeps away from another may come nearer once that has.
    for round in 0..ROUNDS {
        let before = drafts.clone();
        let count: usize = drafts.iter().map(|draft| spots(draft).len()).sum();
        for at in 0..count {
            let Some(spot) = drafts.iter().flat_map(spots).nth(at) else { break };
            // Alone, and else with all that is equal to it.
            for all in [false, true] {
                let other = match number(&spot.value) {
                    Some(value) => like(&spot.value, goal(&spot, value)),
                    None => Datum::Ip(String::new()),
                };
                if all && everywhere(&drafts, &spot, &other) == with(&drafts, &spot, &other) {
                    break;
                }
                let with = if all { everywhere } else { with };
                let found = match number(&spot.value) {
                    Some(value) => {
                        let mut does = |number| ask(&with(&drafts, &spot, &like(&spot.value, number)));
                        let mut found = nearest(value, goal(&spot, value), round > 0, &mut does);
                        if matches!(spot.value, Datum::Datetime(_) | Datum::Duration(_)) {
                            found = rounded(found.unwrap_or(value), &mut does).or(found);
                        }
                        found.map(|near| like(&spot.value, near))
                    }
                    None => address(&spot.value, &mut |address| ask(&with(&drafts, &spot, address))),
                };
                if let Some(found) = found {
                    drafts = with(&drafts, &spot, &found);
                    break;
                }
            }
        }
        if drafts == before {
            break;
        }
    }
    drafts
}

/// So often it is tried again.
const ROUNDS: usize = 3;

/// The drafts with `value` in the place of everything that is equal to what the spot has, elements of sets among them.
fn everywhere(drafts: &[Draft], spot: &Spot, value: &Datum) -> Vec<Draft> {
    fn within(datum: &mut Datum, from: &Datum, to: &Datum) {
        match datum {
            Datum::Record(fields) => fields.values_mut().for_each(|field| within(field, from, to)),
            Datum::Set(elements) => {
                *elements = std::mem::take(elements)
                    .into_iter()
                    .map(|mut element| {
                        within(&mut element, from, to);
                        element
                    })
                    .collect();
            }
            other if other == from => *other = to.clone(),
            _ => {}
        }
    }
    let mut all = drafts.to_vec();
    for draft in &mut all {
        let entities = draft.entities.values_mut();
        let held = entities.flat_map(|entity| entity.attributes.values_mut().chain(entity.tags.values_mut()));
        held.chain(draft.context.values_mut()).for_each(|datum| within(datum, &spot.value, value));
    }
    all
}

/// Addresses that one has seen before, of which one mostly does.
const ADDRESSES: [&str; 4] = ["10.0.0.1", "192.168.0.1", "203.0.113.1", "2001:db8::1"];

/// One of [`ADDRESSES`], or the first of a network, that does in the place of this one.
fn address(value: &Datum, does: &mut dyn FnMut(&Datum) -> bool) -> Option<Datum> {
    let Datum::Ip(text) = value else { return None };
    if ADDRESSES.contains(&text.as_str()) {
        return None;
    }
    let bare = text.split('/').next().unwrap_or(text);
    let first = bare.strip_suffix(".0").map(|network| format!("{network}.1"));
    let first = first.or_else(|| bare.ends_with("::").then(|| format!("{bare}1")));
    let known = ADDRESSES.into_iter().map(str::to_owned);
    let all = known.chain(first).chain([bare.to_owned()]).filter(|one| one != text).map(Datum::Ip);
    all.into_iter().find(|one| does(one))
}

/// The whole second beside this time, or length of time, that does: nobody writes milliseconds.
fn rounded(time: i64, does: &mut dyn FnMut(i64) -> bool) -> Option<i64> {
    let beyond = time.rem_euclid(SECOND);
    let before = time.checked_sub(beyond).filter(|_| beyond != 0)?;
    let beside = [Some(before), before.checked_add(SECOND)];
    beside.into_iter().flatten().find(|whole| does(*whole))
}

/// The number between `goal` and `value` that is nearest to the goal and does; numbers in between may not. One above
/// nought rather than one below. With `beside` none is looked for where the neighbour does not do.
fn nearest(value: i64, goal: i64, beside: bool, does: &mut dyn FnMut(i64) -> bool) -> Option<i64> {
    if value == goal || does(goal) {
        return (value != goal).then_some(goal);
    }
    let neighbour = value.saturating_add(if goal < value { -1 } else { 1 });
    if beside && !does(neighbour) {
        return None;
    }
    let (mut bad, mut good) = (goal, value);
    while good.abs_diff(bad) > 1 {
        let middle = bad.midpoint(good);
        if does(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    let above = (goal == 0 && good < 0).then(|| good.checked_neg()).flatten();
    let good = above.filter(|above| does(*above)).unwrap_or(good);
    (good != value).then_some(good)
}
