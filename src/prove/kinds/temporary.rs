//! `@temporary` on a policy: whatever is true of a request, there is an end after which the policy does not match.
//!
//! # Why
//!
//! A policy has an end when it does not match in a future that is so far away that every other time which it reads is
//! long past. So it is asked whether it matches a million years after the year 9999, with every other time it reads not
//! after that year, and no length of time longer than a hundred thousand years.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::{Sources, covered, policy};
use crate::config::Unit;
use crate::prove::guardrail::{Cover, Demand, Guardrail, Place, Reach, Rule};
use crate::prove::instant::{Clock, clock_at};
use crate::repo::cedar::{Body, attribute_at};
use crate::repo::shape::Shape;
use crate::text::inline;

pub(super) fn collect(sources: &Sources<'_>) -> Vec<Guardrail> {
    let guardrails = &sources.config.guardrails;
    let clock = guardrails.clock().to_owned();
    let unit = guardrails.unit;
    let mut all = Vec::new();
    for store in &sources.repo.stores {
        for temporary in store.policies.iter().filter(|policy| policy.body.annotation("temporary").is_some()) {
            let json = match &temporary.body {
                Body::Static(policy) => policy.to_json(),
                Body::Template(template) => template.to_json(),
            };
            let mut times = Times::default();
            json.iter().for_each(|json| compared(json, &clock, &mut times));
            let Times { paths, opaque } = times;
            let clock = clock.clone();
            let each = move |place: &Place<'_>| {
                let Some(kind) = clock_at(place, &clock, unit) else {
                    return Cover::Unable(format!("its requests have no time at `{}`", inline(&clock)));
                };
                let bounds = paths.iter().filter(|path| **path != clock).filter_map(|path| bound(place, path, kind));
                let all: Vec<String> = std::iter::once(far(&clock, kind)).chain(bounds).collect();
                let text = format!("permit (principal, action, resource) when {{ {} }};", all.join(" && "));
                policy(&text).map_or_else(Cover::Unable, covered)
            };
            all.push(Guardrail {
                id: format!("temporary {}", temporary.short),
                kind: "temporary",
                why: temporary.body.annotation("why").map(str::to_owned),
                location: temporary.head(),
                expansion: Some(format!("for every request there is an end of `{}`", inline(&temporary.short))),
                reach: Reach::Only(vec![store.name.clone()]),
                demand: Demand::Unmatched(temporary.name.clone(), Rule::Each(Arc::new(each))),
                doubt: opaque.then(|| {
                    "its end hangs on a tag, a condition or an attribute whose name is no word, which are not looked into"
                        .to_owned()
                }),
            });
        }
    }
    all
}

/// The last instant of the year 9999, in milliseconds since 1970.
const YEAR_9999: i64 = 253_402_300_799_999;
const DAY: i64 = 86_400_000;

/// The clock stands where nothing else can be.
fn far(clock: &str, kind: Clock) -> String {
    match kind {
        Clock::Datetime => {
            format!("{clock} > datetime(\"9999-12-31T23:59:59.999Z\").offset(duration(\"365000000d\"))")
        }
        Clock::Long(Unit::Milliseconds) => format!("{clock} > {}", YEAR_9999 + 365_000_000 * DAY),
        Clock::Long(Unit::Seconds) => format!("{clock} > {}", (YEAR_9999 + 365_000_000 * DAY) / 1000),
    }
}

/// What is there at `path` is near, if it is a time or a length of time.
fn bound(place: &Place<'_>, path: &str, kind: Clock) -> Option<String> {
    let shape = attribute_at(place.schema, place.environment, path)?.0;
    let near = match (&shape, kind) {
        (Shape::Extension(name), _) if name == "datetime" => {
            format!("{path} <= datetime(\"9999-12-31T23:59:59.999Z\")")
        }
        (Shape::Extension(name), _) if name == "duration" => format!("{path} <= duration(\"36500000d\")"),
        (Shape::Long, Clock::Long(Unit::Milliseconds)) => format!("{path} <= {YEAR_9999}"),
        (Shape::Long, Clock::Long(Unit::Seconds)) => format!("{path} <= {}", YEAR_9999 / 1000),
        _ => return None,
    };
    let mut steps = path.split('.');
    let mut so_far = steps.next()?.to_owned();
    let mut there = Vec::new();
    for step in steps {
        there.push(format!("{so_far} has {step}"));
        so_far = format!("{so_far}.{step}");
    }
    Some(format!("(!({}) || {near})", there.join(" && ")))
}

/// The times that a policy compares its clock with.
#[derive(Default)]
struct Times {
    /// Chains of attributes, where they can be written with dots.
    paths: BTreeSet<String>,
    /// Whether there is something else.
    opaque: bool,
}

/// What has to do with the clock in one comparison, or one sum, is a time; what has not is not.
const COMPARING: [&str; 8] = ["<", "<=", ">", ">=", "==", "!=", "durationSince", "offset"];

/// Adds what `json`, of a policy, compares the `clock` with.
fn compared(json: &Value, clock: &str, times: &mut Times) {
    match json {
        Value::Object(fields) => {
            let comparing = COMPARING.iter().any(|operator| fields.contains_key(*operator));
            let mut inside = Times::default();
            if comparing {
                read(json, &mut inside);
            }
            if inside.paths.contains(clock) {
                times.paths.extend(inside.paths);
                times.opaque |= inside.opaque;
            } else {
                fields.values().for_each(|value| compared(value, clock, times));
            }
        }
        Value::Array(all) => all.iter().for_each(|value| compared(value, clock, times)),
        _ => {}
    }
}

/// Adds the chains of attributes that `json` reads, and whether it reads anything else.
fn read(json: &Value, times: &mut Times) {
    match json {
        Value::Object(fields) => {
            match chain(json) {
                Some(path) => {
                    times.paths.insert(path);
                }
                None if fields.keys().any(|key| [".", "getTag", "if-then-else"].contains(&key.as_str())) => {
                    times.opaque = true;
                }
                None => {}
            }
            fields.values().for_each(|value| read(value, times));
        }
        Value::Array(all) => all.iter().for_each(|value| read(value, times)),
        _ => {}
    }
}

fn chain(json: &Value) -> Option<String> {
    if let Some(Value::String(root)) = json.get("Var") {
        return Some(root.clone());
    }
    let access = json.get(".")?;
    let attribute = access.get("attr")?.as_str()?;
    let plain = attribute.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let first = attribute.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    (plain && first).then_some(())?;
    Some(format!("{}.{attribute}", chain(access.get("left")?)?))
}
