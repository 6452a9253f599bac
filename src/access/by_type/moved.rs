//! What differs between two conditions of a kind of request, decided by the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::{Policy, RequestEnv};
use serde_json::Value as Json;

use super::Key;
use super::side::{Answers, Open, Policies, Question, Side};
use crate::compare::{Body, Decided, Found, Options, Pair, PolicyPair, Where, Which};
use crate::repo::cedar::same_schema;
use crate::symbolic::{Limits, Witness};
use crate::text::inline;

/// Kinds of request with the same contexts before and now, and one of these kinds to read the contexts by.
type Alike = Vec<(Key, RequestEnv)>;

/// For kinds of request that are allowed on both sides and not under the same condition: whether something is gained,
/// and whether something is lost. What is not decided is said to be both.
pub(super) fn moved(
    sides: [&Side<'_>; 2],
    [before, now]: [&Answers; 2],
    question: Question<'_>,
    open: &mut Open,
) -> BTreeMap<Key, [bool; 2]> {
    let mut alike: BTreeMap<(&str, &str), Alike> = BTreeMap::new();
    for (key, answer) in now {
        if let Some(earlier) = before.get(key).filter(|earlier| earlier.access != answer.access) {
            let names = (earlier.context.as_str(), answer.context.as_str());
            alike.entry(names).or_default().push((key.clone(), answer.environment.clone()));
        }
    }
    let mut found = BTreeMap::new();
    for kinds in alike.into_values() {
        let Some((_, first)) = kinds.first() else { continue };
        let policies = sides.map(|side| side.policies(question, side.given(question.context, first)));
        let [Ok(earlier), Ok(later)] = &policies else { continue };
        for ((key, environment), decided) in kinds.iter().zip(compared(sides, [earlier, later], &kinds)) {
            let mut some = |decided: &Decided| match decided {
                Decided::No => false,
                Decided::Yes => true,
                Decided::Unknown(why) => {
                    let action = question.said(environment.action().to_string());
                    open.leave(format!("whether who may do `{}` is who might before: {why}", inline(&action)));
                    true
                }
            };
            found.insert(key.clone(), [some(&decided[0]), some(&decided[1])]);
        }
    }
    found
}

fn compared([old, new]: [&Side<'_>; 2], [earlier, later]: [&Policies; 2], kinds: &Alike) -> Vec<[Decided; 2]> {
    let alike = same_schema(old.model.schema(), new.model.schema());
    let pair = Pair::new(Some(&old.model), Some(&new.model), alike, &paired(earlier, later));
    let confirm = |witness: &Witness, side: Which, both: bool| {
        let cases = match witness.cases.as_slice() {
            [only] => [only, only],
            [before, now] => [before, now],
            _ => return Err(String::new()),
        };
        let allowed = [earlier.allow(cases[0]), later.allow(cases[1])];
        let (mine, other) = if side == Which::Old { (allowed[0], allowed[1]) } else { (allowed[1], allowed[0]) };
        if mine && !(both && other) { Ok(()) } else { Err(cases[1].request_json.to_string()) }
    };
    let environments: Vec<(RequestEnv, Where)> = kinds.iter().map(|(_, one)| (one.clone(), Where::Both)).collect();
    let deltas = pair.compare(&environments, Options::new(&confirm, false));
    // Some of it is what it is whatever else is not decided.
    let decided = |found: &Found| if found.effects.is_empty() { found.decided.clone() } else { Decided::Yes };
    deltas.iter().map(|delta| [decided(&delta.gained), decided(&delta.lost)]).collect()
}

/// The policies of both sides; those that both have stand beside each other.
fn paired(earlier: &Policies, later: &Policies) -> Vec<PolicyPair> {
    let named = |policy: &Policy| policy.to_json().as_ref().map(Json::to_string).ok();
    let mut known: BTreeMap<String, Vec<(&Policy, &Limits)>> = BTreeMap::new();
    let mut pairs = Vec::new();
    for one in earlier.all.iter().zip(&earlier.limits) {
        match named(one.0) {
            Some(name) => known.entry(name).or_default().push(one),
            None => pairs.push(pair(Some(one), None)),
        }
    }
    for one in later.all.iter().zip(&later.limits) {
        let same = named(one.0).and_then(|name| known.get_mut(&name)?.pop());
        pairs.push(pair(same, Some(one)));
    }
    pairs.extend(known.into_values().flatten().map(|one| pair(Some(one), None)));
    pairs
}

fn pair(old: Option<(&Policy, &Limits)>, new: Option<(&Policy, &Limits)>) -> PolicyPair {
    let body = |one: Option<(&Policy, &Limits)>| one.map(|(policy, _)| Body::Policy(Arc::new(policy.clone())));
    let limits = |one: Option<(&Policy, &Limits)>| one.map_or_else(Limits::default, |(_, limits)| limits.clone());
    PolicyPair {
        old: body(old),
        new: body(new),
        limits: [limits(old), limits(new)],
        same: old.is_some() && new.is_some(),
        opened: None,
    }
}
