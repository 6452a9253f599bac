//! `[[guardrail.expires]]`: nothing is allowed once its time is over.
//!
//! # Why
//!
//! `now < from || now.durationSince(from) < within` holds exactly of the times before the end, at the ends of what a
//! number can hold as well: where the difference overflows, time is long over, and a guardrail that fails counts as
//! matched.

use std::sync::Arc;

use super::{Sources, bounded, covered, is_about, policy, scope};
use crate::config::{Asked, GRANTED, GuardrailConfig, Unit};
use crate::prove::guardrail::{Cover, Demand, Guardrail, Place, Reach, Rule};
use crate::prove::instant::{Clock, clock_at, instant};
use crate::repo::cedar::attribute_at;
use crate::repo::shape::Shape;
use crate::text::inline;

pub(super) fn collect(sources: &Sources<'_>) -> Vec<Guardrail> {
    let mut all = Vec::new();
    for one in &sources.config.guardrails.all {
        let Asked::Expires { clock, from, within, written } = &one.asked else { continue };
        let unit = sources.config.guardrails.unit;
        if from == GRANTED {
            all.extend(granted(sources, one, clock, within.unwrap_or_default(), written));
            continue;
        }
        let condition = condition(clock, from, *within, written, Clock::Datetime);
        let (own, clock, from, written) = (one.clone(), clock.clone(), from.clone(), written.clone());
        let within = *within;
        let each = move |place: &Place<'_>| cover(&own, place, (&clock, &from), (within, &written), unit);
        all.push(Guardrail {
            id: one.id.clone(),
            kind: "expires",
            why: one.why.clone(),
            location: one.location.clone(),
            expansion: Some(format!("forbid {} unless {{ {condition} }};", scope(one))),
            reach: Reach::Called(one.stores.clone()),
            demand: Demand::Refused(Rule::Each(Arc::new(each))),
            doubt: None,
        });
    }
    all
}

fn cover(
    one: &GuardrailConfig,
    place: &Place<'_>,
    (clock, from): (&str, &str),
    (within, written): (Option<i64>, &str),
    unit: Unit,
) -> Cover {
    if !is_about(one, place) {
        return Cover::Nothing;
    }
    let of = |path: &str| attribute_at(place.schema, place.environment, path).map(|(shape, _)| shape);
    let time = |shape: &Shape| matches!(shape, Shape::Long) || *shape == Shape::Extension("datetime".to_owned());
    let (Some(now), Some(start)) = (of(clock), of(from)) else {
        let missing = if of(clock).is_none() { clock } else { from };
        return Cover::Unable(format!("nothing declares `{}` there", inline(missing)));
    };
    if now != start || !time(&now) {
        return Cover::Unable(format!("`{}` and `{}` are no two times of one kind there", inline(clock), inline(from)));
    }
    let kind = if now == Shape::Long { Clock::Long(unit) } else { Clock::Datetime };
    let text =
        format!("forbid (principal, action, resource) unless {{ {} }};", condition(clock, from, within, written, kind));
    let end = match (within, kind) {
        (None, _) => format!("{clock} == {from}"),
        (Some(_), Clock::Datetime) => format!("{clock} == {from}.offset(duration(\"{written}\"))"),
        (Some(within), Clock::Long(Unit::Milliseconds)) => format!("{clock} == {from} + {within}"),
        (Some(within), Clock::Long(Unit::Seconds)) => format!("{clock} == {from} + {}", seconds(within)),
    };
    bounded(&text, &format!("permit (principal, action, resource) when {{ {end} }};"))
}

/// Seconds that hold so many milliseconds.
fn seconds(milliseconds: i64) -> i64 {
    (milliseconds + 999) / 1000
}

fn condition(clock: &str, from: &str, within: Option<i64>, written: &str, kind: Clock) -> String {
    match (within, kind) {
        (None, _) => format!("{clock} < {from}"),
        (Some(_), Clock::Datetime) => {
            format!("{clock} < {from} || {clock}.durationSince({from}) < duration(\"{written}\")")
        }
        (Some(within), Clock::Long(Unit::Milliseconds)) => {
            format!("{clock} < {from} || {clock} - {from} < {within}")
        }
        // What is not a whole number of seconds is over with the last whole one before it.
        (Some(within), Clock::Long(Unit::Seconds)) => {
            format!("{clock} < {from} || {clock} - {from} < {}", seconds(within))
        }
    }
}

/// One for each permit of the actions: dead so long after the time that its annotation gives.
fn granted(sources: &Sources<'_>, one: &GuardrailConfig, clock: &str, within: i64, written: &str) -> Vec<Guardrail> {
    let mut all = Vec::new();
    let unit = sources.config.guardrails.unit;
    for store in &sources.repo.stores {
        let named = |store: &str| one.stores.is_empty() || one.stores.iter().any(|name| name.text == store);
        for permit in store.policies.iter().filter(|_| named(&store.name)) {
            if permit.effect() != cedar_policy::Effect::Permit {
                continue;
            }
            let at = permit.body.annotation("granted");
            let end = at.and_then(instant).and_then(|from| from.checked_add(within));
            let (own, clock_path) = (one.clone(), clock.to_owned());
            let each = move |place: &Place<'_>| {
                if !is_about(&own, place) {
                    return Cover::Nothing;
                }
                match (end, clock_at(place, &clock_path, unit)) {
                    (None, _) => policy("permit (principal, action, resource);").map_or_else(Cover::Unable, covered),
                    (_, None) => Cover::Unable(format!("nothing declares `{}` there", inline(&clock_path))),
                    (Some(end), Some(kind)) => {
                        let when = |condition| format!("permit (principal, action, resource) when {{ {condition} }};");
                        bounded(&when(kind.at_or_after(&clock_path, end)), &when(kind.first_at(&clock_path, end)))
                    }
                }
            };
            let said = match at {
                Some(at) => format!("dead {written} after {}", inline(at)),
                None => "dead for lack of `@granted`".to_owned(),
            };
            all.push(Guardrail {
                id: format!("{} of {}", one.id, permit.short),
                kind: "expires",
                why: one.why.clone(),
                location: permit.head(),
                expansion: Some(format!("`{}` is {said}", inline(&permit.short))),
                reach: Reach::Only(vec![store.name.clone()]),
                demand: Demand::Unmatched(permit.name.clone(), Rule::Each(Arc::new(each))),
                doubt: None,
            });
        }
    }
    all
}
