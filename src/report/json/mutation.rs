//! What rows notice of small changes of policies, in the JSON report.

use serde::Serialize;
use serde_json::{Map, Value};

use super::location::{LocationOut, location};
use crate::outcome::{Mutation, SuggestedRow, Survival, Survivor};

#[derive(Serialize)]
pub(super) struct MutationOut<'a> {
    percent: usize,
    killed: usize,
    survived: usize,
    equivalent: usize,
    unknown: usize,
    untried: usize,
    rows: usize,
    floor: Option<u32>,
    since: Option<&'a str>,
    survivors: Vec<SurvivorOut<'a>>,
    suggested: Vec<SuggestedOut<'a>>,
}

#[derive(Serialize)]
struct SurvivorOut<'a> {
    store: &'a str,
    policy: &'a str,
    kind: &'static str,
    location: LocationOut<'a>,
    was: Option<&'a str>,
    becomes: Option<&'a str>,
    /// The number of the suggested row that would notice.
    suggested: Option<usize>,
    /// Why it is not known whether any decision changes.
    unknown: Option<&'a str>,
}

#[derive(Serialize)]
struct SuggestedOut<'a> {
    store: &'a str,
    name: &'a str,
    principal: &'a str,
    action: &'a str,
    resource: &'a str,
    context: &'a Value,
    with: Map<String, Value>,
    expect: &'static str,
}

pub(super) fn mutation(mutation: &Mutation) -> MutationOut<'_> {
    MutationOut {
        percent: mutation.percent(),
        killed: mutation.killed,
        survived: mutation.survivors.len() - mutation.unknown(),
        equivalent: mutation.equivalent,
        unknown: mutation.unknown(),
        untried: mutation.untried,
        rows: mutation.rows,
        floor: mutation.floor,
        since: mutation.since.as_deref(),
        survivors: mutation.survivors.iter().map(survivor).collect(),
        suggested: mutation.suggested.iter().map(suggested).collect(),
    }
}

fn survivor(survivor: &Survivor) -> SurvivorOut<'_> {
    let (suggested, unknown) = match &survivor.survival {
        Survival::Unnoticed(row) => (*row, None),
        Survival::Unknown(why) => (None, Some(why.as_str())),
    };
    SurvivorOut {
        store: &survivor.store,
        policy: &survivor.policy.name,
        kind: survivor.kind,
        location: location(&survivor.location),
        was: survivor.was.as_deref(),
        becomes: survivor.becomes.as_deref(),
        suggested,
        unknown,
    }
}

fn suggested(row: &SuggestedRow) -> SuggestedOut<'_> {
    SuggestedOut {
        store: &row.store,
        name: &row.name,
        principal: &row.principal,
        action: &row.action,
        resource: &row.resource,
        context: &row.context,
        with: row.with.iter().cloned().collect(),
        expect: row.expect.as_str(),
    }
}
