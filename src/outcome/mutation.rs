//! What decision tables notice of small changes of the policies they test.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Decision, PolicyRef};
use crate::text::Location;

/// A row that somebody may add to a decision table: what the policies decide today, where a change would decide
/// otherwise.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestedRow {
    /// The store that it is about.
    pub store: String,
    /// What it pins, as its name says it.
    pub name: String,
    /// Who asks.
    pub principal: String,
    /// What for.
    pub action: String,
    /// On what.
    pub resource: String,
    /// The context, an object.
    pub context: Value,
    /// The entities that it brings along, by name, as a table's `with` has them.
    pub with: Vec<(String, Value)>,
    /// The same entities in Cedar's JSON, over which alone the request is decided so as well; none where the store's
    /// own serve.
    pub entities: Option<Value>,
    /// Whether it is about these entities alone.
    pub alone: bool,
    /// Those of the request that exist nowhere.
    pub unknown: Vec<String>,
    /// What is decided today.
    pub expect: Decision,
    /// The row as an entry of a table in YAML.
    pub yaml: String,
}

/// A name for a row that is suggested: as `wanted`, unlike all `names`, to which it is added.
#[must_use]
pub fn row_name(wanted: &str, names: &mut BTreeSet<String>) -> String {
    // ` / ` stands between a row and its cells.
    let wanted = wanted.replace(" / ", "/");
    let mut name = wanted.clone();
    let mut number = 1;
    while !names.insert(name.clone()) {
        number += 1;
        name = format!("{wanted} ({number})");
    }
    name
}

/// What became of a change that no row notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Survival {
    /// It changes decisions: the row of this number among those suggested would notice, where one could be written.
    Unnoticed(Option<usize>),
    /// Whether it changes any decision is not known; a phrase that says why.
    Unknown(String),
}

/// A small change of a policy that no row notices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survivor {
    /// Its store.
    pub store: String,
    /// The policy, or the template.
    pub policy: PolicyRef,
    /// The kind of change, a word.
    pub kind: &'static str,
    /// Where the policy would differ.
    pub location: Location,
    /// What stands there; none where all of the policy is meant.
    pub was: Option<String>,
    /// What would stand there; none where it would go.
    pub becomes: Option<String>,
    /// What became of it.
    pub survival: Survival,
}

/// What rows notice of small changes of policies.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mutation {
    /// Changes that some row notices.
    pub killed: usize,
    /// Changes that are proved to change no decision.
    pub equivalent: usize,
    /// Changes that no row notices, by place.
    pub survivors: Vec<Survivor>,
    /// Changes that were not tried, because there were too many.
    pub untried: usize,
    /// How many rows passed and were asked.
    pub rows: usize,
    /// Rows that would notice what no row does.
    pub suggested: Vec<SuggestedRow>,
    /// The revision since which policies had to change to be tried, as the user calls it.
    pub since: Option<String>,
    /// The percentage that fails the run when it is not reached.
    pub floor: Option<u32>,
}

impl Mutation {
    /// Those of the survivors of which it is not known whether they change any decision.
    #[must_use]
    pub fn unknown(&self) -> usize {
        self.survivors.iter().filter(|one| matches!(one.survival, Survival::Unknown(_))).count()
    }

    /// How many changes some row notices, and how many there are; those that change nothing are none, and what is not
    /// known counts as not noticed.
    #[must_use]
    pub fn figure(&self) -> (usize, usize) {
        (self.killed, self.killed + self.survivors.len())
    }

    /// The same in percent, rounded down; 100 where there is nothing to notice.
    #[must_use]
    pub fn percent(&self) -> usize {
        let (killed, all) = self.figure();
        (killed * 100).checked_div(all).unwrap_or(100)
    }

    /// Whether there is a floor that is not reached.
    #[must_use]
    pub fn below_floor(&self) -> bool {
        self.floor.is_some_and(|floor| self.percent() < floor as usize)
    }
}
