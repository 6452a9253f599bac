//! What is counted of recorded decisions.

use serde::{Deserialize, Serialize};

use super::kept::{Distinct, Kept, Merge};
use crate::outcome::changes::Direction;

/// So many examples of a change, and places of what was not decided or read, are kept.
const EXAMPLES: usize = 3;

/// The first and the last time of something, in milliseconds since 1970; none where no record of it has a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Period {
    /// The first.
    pub first: Option<i64>,
    /// The last.
    pub last: Option<i64>,
}

impl Period {
    /// Takes in `time`.
    pub fn add(&mut self, time: Option<i64>) {
        self.merge(Self { first: time, last: time });
    }
}

impl Merge for Period {
    fn merge(&mut self, other: Self) {
        self.first = match (self.first, other.first) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        self.last = self.last.max(other.last);
    }
}

/// Where a record stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Place {
    /// The log, as it was named.
    pub log: String,
    /// The line in it, from 1.
    pub line: u64,
}

/// The few of many with the smallest hashes, whichever part of the log they stand in.
fn keep_few<T>(all: &mut Vec<(u64, T)>, one: (u64, T))
where
    T: Ord,
{
    match all.binary_search_by(|known| known.0.cmp(&one.0)) {
        // The same text again: it is the first of its places that is told.
        Ok(at) => {
            if let Some(known) = all.get_mut(at).filter(|known| one.1 < known.1) {
                *known = one;
            }
        }
        Err(at) => {
            all.insert(at, one);
            all.truncate(EXAMPLES);
        }
    }
}

/// A record whose decision changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Example {
    /// Where it stands.
    pub place: Place,
    /// When it was decided, in milliseconds since 1970, where the record says so.
    pub time: Option<i64>,
    /// The decision in the record, if there is one.
    pub recorded: Option<bool>,
    /// The request as JSON that `polcheck explain --request-json` takes, with its entities where the record has some;
    /// none where it is too large.
    pub request: Option<String>,
}

/// What changes alike: the same action decided by the same policies on both sides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ChangeKey {
    /// Which way.
    pub direction: Direction,
    /// The store, by name.
    pub store: String,
    /// The action.
    pub action: String,
    /// The policies that decided before, by name, as far as they are known.
    pub from: Vec<String>,
    /// The policies that decide now.
    pub to: Vec<String>,
}

/// The records that change alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changed {
    /// What they have in common.
    pub key: ChangeKey,
    /// How many there are.
    pub lines: u64,
    /// The different principals.
    pub principals: Distinct,
    /// When.
    pub period: Period,
    /// A few of them.
    examples: Vec<(u64, Example)>,
}

impl Changed {
    /// None yet.
    #[must_use]
    pub fn new(key: ChangeKey) -> Self {
        let (principals, period) = (Distinct::default(), Period::default());
        Self { key, lines: 0, principals, period, examples: Vec::new() }
    }

    /// Counts a record of `principal`; `hash` is that of its text.
    pub fn add(&mut self, principal: &str, hash: u64, example: impl FnOnce() -> Example, time: Option<i64>) {
        self.lines += 1;
        self.principals.add(principal);
        self.period.add(time);
        let wanted = self.examples.len() < EXAMPLES || self.examples.last().is_some_and(|(last, _)| hash <= *last);
        if wanted {
            keep_few(&mut self.examples, (hash, example()));
        }
    }

    /// A few of them.
    pub fn examples(&self) -> impl Iterator<Item = &Example> {
        self.examples.iter().map(|(_, example)| example)
    }
}

impl Merge for Changed {
    fn merge(&mut self, other: Self) {
        self.lines = self.lines.saturating_add(other.lines);
        self.principals.merge(other.principals);
        self.period.merge(other.period);
        other.examples.into_iter().for_each(|one| keep_few(&mut self.examples, one));
    }
}

/// How much is gained and lost by somebody, of an action, or by a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Moved {
    /// Records whose access is gained.
    pub gained: u64,
    /// Records whose access is lost.
    pub lost: u64,
    /// When.
    pub period: Period,
}

impl Moved {
    /// Counts a record.
    pub fn add(&mut self, direction: Direction, time: Option<i64>) {
        match direction {
            Direction::Gained => self.gained += 1,
            Direction::Lost => self.lost += 1,
        }
        self.period.add(time);
    }

    /// Both together.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.gained + self.lost
    }
}

impl Merge for Moved {
    fn merge(&mut self, other: Self) {
        self.gained = self.gained.saturating_add(other.gained);
        self.lost = self.lost.saturating_add(other.lost);
        self.period.merge(other.period);
    }
}

/// The side of a comparison that a grant is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantSide {
    /// The old one.
    From,
    /// The new one.
    To,
}

impl GrantSide {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::From => "from",
            Self::To => "to",
        }
    }
}

/// From when until when a grant is meant to be used, in milliseconds since 1970; open where there is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Window {
    /// The first instant.
    pub from: Option<i64>,
    /// The first instant after the last.
    pub until: Option<i64>,
}

impl Window {
    /// Whether it has a bound.
    #[must_use]
    pub fn is_bounded(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }

    /// Whether `time` lies in it.
    #[must_use]
    pub fn holds(&self, time: i64) -> bool {
        self.from.is_none_or(|from| time >= from) && self.until.is_none_or(|until| time < until)
    }
}

/// A permit, and how records use it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The side.
    pub side: GrantSide,
    /// The store, by name.
    pub store: String,
    /// The policy or link, by full name.
    pub policy: String,
    /// Records that it allows.
    pub uses: u64,
    /// Of these, records that do not say when.
    pub untimed: u64,
    /// Of these, records whose time lies outside of the window.
    pub outside: u64,
    /// The window that its text states.
    pub window: Window,
    /// When it is used.
    pub period: Period,
}

impl Grant {
    /// Counts a use.
    pub fn add(&mut self, time: Option<i64>) {
        self.uses += 1;
        self.period.add(time);
        match time {
            None => self.untimed += 1,
            Some(time) => self.outside += u64::from(!self.window.holds(time)),
        }
    }
}

impl Merge for Grant {
    fn merge(&mut self, other: Self) {
        self.uses = self.uses.saturating_add(other.uses);
        self.untimed = self.untimed.saturating_add(other.untimed);
        self.outside = self.outside.saturating_add(other.outside);
        self.period.merge(other.period);
    }
}

/// What became of a record that was not decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unread {
    /// It is a record, and what it would come to is not known.
    Undecided,
    /// It is no record that could be read.
    Malformed,
}

impl Unread {
    /// The word in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Undecided => "undecided",
            Self::Malformed => "malformed",
        }
    }
}

/// Why records were not decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// What became of them.
    pub unread: Unread,
    /// What is the matter, a word.
    pub kind: String,
    /// The same as a sentence.
    pub message: String,
    /// The store, where it is about one.
    pub store: Option<String>,
    /// The policy, where it is about one.
    pub policy: Option<String>,
    /// How many records.
    pub lines: u64,
    /// Where a few of them stand.
    places: Vec<(u64, Place)>,
}

impl Cause {
    /// None yet.
    #[must_use]
    pub fn new(unread: Unread, kind: &str, message: &str) -> Self {
        let (kind, message) = (kind.to_owned(), message.to_owned());
        Self { unread, kind, message, store: None, policy: None, lines: 0, places: Vec::new() }
    }

    /// The same, about a store and a policy, by name.
    #[must_use]
    pub fn about(self, store: Option<String>, policy: Option<String>) -> Self {
        Self { store, policy, ..self }
    }

    /// Counts a record; `hash` is that of its text.
    pub fn add(&mut self, hash: u64, place: impl FnOnce() -> Place) {
        self.lines += 1;
        let wanted = self.places.len() < EXAMPLES || self.places.last().is_some_and(|(last, _)| hash <= *last);
        if wanted {
            keep_few(&mut self.places, (hash, place()));
        }
    }

    /// Where a few of them stand.
    pub fn places(&self) -> impl Iterator<Item = &Place> {
        self.places.iter().map(|(_, place)| place)
    }
}

impl Merge for Cause {
    fn merge(&mut self, other: Self) {
        self.lines = self.lines.saturating_add(other.lines);
        other.places.into_iter().for_each(|one| keep_few(&mut self.places, one));
    }
}

/// What is counted of a log, or of a part of one. A line that holds several records counts as so many.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Records that were decided on both sides.
    pub decided: u64,
    /// Records that were not.
    pub undecided: u64,
    /// Lines that are no record.
    pub malformed: u64,
    /// Records from before the time that was asked for.
    pub before: u64,
    /// Records that are not in the sample.
    pub unsampled: u64,
    /// Records that say no time.
    pub untimed: u64,
    /// Records whose access is gained.
    pub gained: u64,
    /// Records whose access is lost.
    pub lost: u64,
    /// When they were decided.
    pub period: Period,
    /// Why records were not decided.
    pub causes: Kept<Cause>,
    /// What changes.
    pub changes: Kept<Changed>,
    /// By principal.
    pub principals: Kept<Moved>,
    /// By action.
    pub actions: Kept<Moved>,
    /// By determining policy.
    pub policies: Kept<Moved>,
    /// By permit.
    pub grants: Kept<Grant>,
}

impl Tally {
    /// The records that were looked at: decided, undecided and malformed.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.decided + self.undecided + self.malformed
    }

    /// All of them, those that were left out included.
    #[must_use]
    pub fn read(&self) -> u64 {
        self.lines() + self.before + self.unsampled
    }

    /// The records whose decision changes.
    #[must_use]
    pub fn changed(&self) -> u64 {
        self.gained + self.lost
    }
}

impl Merge for Tally {
    fn merge(&mut self, other: Self) {
        self.decided = self.decided.saturating_add(other.decided);
        self.undecided = self.undecided.saturating_add(other.undecided);
        self.malformed = self.malformed.saturating_add(other.malformed);
        self.before = self.before.saturating_add(other.before);
        self.unsampled = self.unsampled.saturating_add(other.unsampled);
        self.untimed = self.untimed.saturating_add(other.untimed);
        self.gained = self.gained.saturating_add(other.gained);
        self.lost = self.lost.saturating_add(other.lost);
        self.period.merge(other.period);
        self.causes.merge(other.causes);
        self.changes.merge(other.changes);
        self.principals.merge(other.principals);
        self.actions.merge(other.actions);
        self.policies.merge(other.policies);
        self.grants.merge(other.grants);
    }
}
