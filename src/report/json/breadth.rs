//! How far permits reach.

use serde::Serialize;

use super::location::{LocationOut, location};
use crate::outcome::{Asked, Before, Breadth, Broader, Since};

#[derive(Serialize)]
pub(super) struct BreadthOut<'a> {
    store: &'a str,
    policy: &'a str,
    location: LocationOut<'a>,
    rank: usize,
    environments: usize,
    unconditional: usize,
    of: usize,
    conditions: usize,
    open: &'a [&'static str],
    asks: Vec<AskedOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<SinceOut<'a>>,
}

#[derive(Serialize)]
struct AskedOut<'a> {
    text: &'a str,
    binds: Option<bool>,
}

#[derive(Serialize)]
struct SinceOut<'a> {
    before: Option<BeforeOut>,
    broader: &'static str,
    broader_in: Option<usize>,
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct BeforeOut {
    rank: usize,
    environments: usize,
    unconditional: usize,
    conditions: usize,
}

/// One permit.
pub(super) fn breadth(breadth: &Breadth) -> BreadthOut<'_> {
    BreadthOut {
        store: &breadth.store,
        policy: &breadth.policy,
        location: location(&breadth.location),
        rank: breadth.rank,
        environments: breadth.environments,
        unconditional: breadth.unconditional,
        of: breadth.of,
        conditions: breadth.conditions,
        open: &breadth.open,
        asks: breadth.asks.iter().map(|Asked { text, binds }| AskedOut { text, binds: *binds }).collect(),
        since: breadth.since.as_ref().map(since),
    }
}

fn since(since: &Since) -> SinceOut<'_> {
    let before = since.before.map(|Before { rank, environments, unconditional, conditions }| BeforeOut {
        rank,
        environments,
        unconditional,
        conditions,
    });
    let (broader_in, why) = match &since.broader {
        Broader::Yes(environments) => (Some(*environments), None),
        Broader::Unknown(why) => (None, Some(why.as_str())),
        Broader::No | Broader::New => (None, None),
    };
    SinceOut { before, broader: since.broader.as_str(), broader_in, why }
}
