//! From the lines of a log to what is counted of them: what one thread does.
//!
//! # Why
//!
//! Whatever can be put off is: texts are made, and Cedar is asked, only for records that change.

use rustc_hash::FxHashMap;
use serde_json::value::RawValue;

use super::asker::{Asker, Seen, Side, Unknown};
use super::chunks::{Layout, Piece};
use super::classes::{Class, Sample};
use super::formats;
use super::judge::Why;
use super::record::{Given, Read, Record, Wrong};
use super::stores::Stores;
use crate::outcome::changes::Direction;
use crate::outcome::replay::{
    Cause, ChangeKey, Changed, Example, Grant, GrantSide, Kept, Merge, Moved, Place, Tally, Unread, stable_hash,
};
use crate::text::inline;

/// What is asked of the records of a log.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'s> {
    /// The stores of both sides.
    pub stores: &'s Stores<'s>,
    /// Only records from this time on, in milliseconds since 1970, and those that say no time.
    pub since: Option<i64>,
    /// Only this percentage of the records, told by their text.
    pub sample: Option<f64>,
    /// Whether requests are sorted by what policies make of them.
    pub classes: bool,
}

/// What is counted.
#[derive(Debug, Clone, Default)]
pub struct Counted {
    /// Of all records.
    pub tally: Tally,
    /// Requests by what policies make of them, where that is asked for.
    pub classes: Kept<Class>,
}

impl Merge for Counted {
    fn merge(&mut self, other: Self) {
        self.tally.merge(other.tally);
        self.classes.merge(other.classes);
    }
}

/// So many of the records that do not change are confirmed: one of these.
const CONFIRMED: u64 = 1_024;

/// Larger records are no examples, in bytes.
const LARGEST_EXAMPLE: usize = 16_384;

/// So many policies tell changes apart.
const POLICIES: usize = 8;

/// One thread.
pub(super) struct Worker<'s> {
    asking: Asking<'s>,
    asker: Asker<'s>,
    /// Uses of permits since the last piece.
    grants: FxHashMap<(usize, usize, u32), Grant>,
    /// Classes of requests since the last piece.
    classes: Kept<Class>,
}

/// Where a record stands and what it is.
struct Spot<'t> {
    log: &'t str,
    line: u64,
    text: &'t str,
}

impl Spot<'_> {
    fn place(&self) -> Place {
        Place { log: self.log.to_owned(), line: self.line }
    }
}

impl<'s> Worker<'s> {
    pub(super) fn new(asking: Asking<'s>) -> Self {
        let asker = Asker::new(asking.stores);
        Self { asking, asker, grants: FxHashMap::default(), classes: Kept::default() }
    }

    /// What is counted of `piece` of `log`.
    ///
    /// # Errors
    /// A request about which Cedar's authorizer is of another mind.
    pub(super) fn count(&mut self, log: &str, piece: &Piece) -> Result<Counted, String> {
        let mut tally = Tally::default();
        match piece.layout {
            Layout::TooLong => {
                let wrong = Wrong { kind: "too-long", message: "a line of more than 64 MiB".to_owned() };
                let spot = Spot { log, line: piece.line, text: "" };
                malformed(&spot, &wrong, &mut tally);
            }
            Layout::Lines => self.lines(log, piece.line, &piece.bytes, &mut tally)?,
            Layout::Values => self.values(log, piece, &mut tally)?,
        }
        for ((_, _, _), grant) in self.grants.drain() {
            let name = format!("{}\n{}\n{}", grant.side.as_str(), grant.store, grant.policy);
            let empty = Grant { uses: 0, untimed: 0, outside: 0, ..grant.clone() };
            if let Some(known) = tally.grants.entry(&name, || empty) {
                known.merge(grant);
            }
        }
        Ok(Counted { tally, classes: std::mem::take(&mut self.classes) })
    }

    /// Values of several lines each; from the first that is none on, a record a line.
    fn values(&mut self, log: &str, piece: &Piece, tally: &mut Tally) -> Result<(), String> {
        let text = match std::str::from_utf8(&piece.bytes) {
            // A list is one value and nothing else, or it is lines of which the first looks like one.
            Ok(text) if text.trim_start().starts_with('[') && serde_json::from_str::<&RawValue>(text).is_err() => {
                return self.lines(log, piece.line, &piece.bytes, tally);
            }
            Ok(text) => text,
            Err(_) => return self.lines(log, piece.line, &piece.bytes, tally),
        };
        let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
        let mut done = 0;
        let line_at = |at: usize| {
            let before = text.as_bytes().get(..at).unwrap_or_default();
            piece.line + u64::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or_default()
        };
        while let Some(Ok(value)) = values.next() {
            let start = values.byte_offset().saturating_sub(value.get().len());
            self.line(&Spot { log, line: line_at(start), text: value.get() }, tally)?;
            done = values.byte_offset();
        }
        let rest = piece.bytes.get(done..).unwrap_or_default();
        match rest.trim_ascii().is_empty() {
            true => Ok(()),
            false => {
                let skipped = rest.len() - rest.trim_ascii_start().len();
                self.lines(log, line_at(done + skipped), rest.trim_ascii_start(), tally)
            }
        }
    }

    fn lines(&mut self, log: &str, first: u64, bytes: &[u8], tally: &mut Tally) -> Result<(), String> {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let mut rest = Some(bytes);
        let mut number = first;
        while let Some(bytes) = rest {
            let (line, after) = match memchr::memchr(b'\n', bytes) {
                Some(at) => (bytes.get(..at).unwrap_or_default(), bytes.get(at + 1..)),
                None => (bytes, None),
            };
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match std::str::from_utf8(line) {
                Ok(text) => self.line(&Spot { log, line: number, text }, tally)?,
                Err(_) => {
                    let wrong = Wrong { kind: "not-utf-8", message: "a line that is not UTF-8".to_owned() };
                    malformed(&Spot { log, line: number, text: "" }, &wrong, tally);
                }
            }
            number += 1;
            rest = after;
        }
        Ok(())
    }

    fn line(&mut self, spot: &Spot<'_>, tally: &mut Tally) -> Result<(), String> {
        let records: Read<'_> = formats::read(spot.text);
        let several = records.len() > 1;
        if records.is_empty() {
            malformed(spot, &Wrong::foreign("a line of JSON that holds no record"), tally);
        }
        for (at, record) in records.into_iter().enumerate() {
            match record {
                Ok(record) => self.record(spot, several.then_some(at), &record, tally)?,
                Err(wrong) => malformed(spot, &wrong, tally),
            }
        }
        Ok(())
    }

    /// Counts `record`, which is the one at `place` of several in its line.
    fn record(
        &mut self,
        spot: &Spot<'_>,
        place: Option<usize>,
        record: &Record<'_>,
        tally: &mut Tally,
    ) -> Result<(), String> {
        let hash = || {
            let hash = stable_hash(spot.text.as_bytes());
            place.map_or(hash, |at| stable_hash(&[hash.to_le_bytes(), at.to_le_bytes()].concat()))
        };
        if let (Some(since), Some(time)) = (self.asking.since, record.time)
            && time < since
        {
            tally.before += 1;
            return Ok(());
        }
        if let Some(percent) = self.asking.sample {
            #[expect(clippy::cast_precision_loss, reason = "a share of all hashes")]
            let share = hash() as f64 / u64::MAX as f64 * 100.0;
            if share >= percent {
                tally.unsampled += 1;
                return Ok(());
            }
        }
        tally.untimed += u64::from(record.time.is_none());
        tally.period.add(record.time);
        let seen = match self.asker.look(record) {
            Ok(seen) => seen,
            Err(unknown) => {
                not_decided(spot, hash(), &unknown, tally);
                return Ok(());
            }
        };
        let old = match (&seen.sides[0], self.asking.stores.compared) {
            (Some(side), _) => side.said.as_ref().map(|said| said.allowed).map_err(|why| (0, why)),
            (None, true) => {
                let message = "the store is not there on the old side".to_owned();
                not_decided(spot, hash(), &Unknown { unread: Unread::Undecided, kind: "no-store", message }, tally);
                return Ok(());
            }
            (None, false) => match record.decision {
                Some(allowed) => Ok(allowed),
                None => {
                    let message = "the record names no decision to compare with".to_owned();
                    let unknown = Unknown { unread: Unread::Undecided, kind: "no-decision", message };
                    not_decided(spot, hash(), &unknown, tally);
                    return Ok(());
                }
            },
        };
        let new = match &seen.sides[1] {
            Some(side) => side.said.as_ref().map_err(|why| (1, why)),
            None => {
                let message = "the store is not there on the new side".to_owned();
                not_decided(spot, hash(), &Unknown { unread: Unread::Undecided, kind: "no-store", message }, tally);
                return Ok(());
            }
        };
        let (old, new) = match (old, new) {
            (Ok(old), Ok(new)) => (old, new),
            (Err((side, why)), _) | (_, Err((side, why))) => {
                self.undecided(spot, hash(), &seen, side, why, tally);
                return Ok(());
            }
        };
        let changed = old != new.allowed;
        if changed || spot.line.is_multiple_of(CONFIRMED) {
            self.asker.confirm(record, &seen)?;
        }
        tally.decided += 1;
        self.use_grants(&seen, record.time);
        if self.asking.classes {
            self.class(hash(), record, &seen);
        }
        if changed {
            self.changed(spot, hash(), record, &seen, tally);
        }
        Ok(())
    }

    /// Puts a request that is known whole into its class.
    fn class(&mut self, hash: u64, record: &Record<'_>, seen: &Seen<'_>) {
        let (Some(Side { question: Some(question), said: Ok(decided) }), Some(context)) =
            (&seen.sides[1], &record.context)
        else {
            return;
        };
        let asked = question.whole().filter(|_| !decided.open && !matches!(record.entities, Given::Some(_)));
        let Some([principal, action, resource]) = asked else { return };
        let entities = record.entities.json().map(str::to_owned);
        let [principal, action, resource] = [principal, action, resource].map(Clone::clone);
        let sample = Sample { principal, action, resource, context: context.to_string(), entities };
        let expected = record.decision.unwrap_or(decided.allowed);
        let key = Class::key(seen.pair, expected, decided, &sample);
        let new = || Class { pair: seen.pair, expected, lines: 0, decided: decided.clone(), samples: Vec::new() };
        if let Some(class) = self.classes.entry(&key, new) {
            class.add(hash, || sample);
        }
    }

    fn use_grants(&mut self, seen: &Seen<'_>, time: Option<i64>) {
        for (at, side) in seen.sides.iter().enumerate() {
            let Some(Side { said: Ok(decided), .. }) = side else { continue };
            for policy in decided.permits.iter().filter(|_| decided.allowed) {
                let ready = self.asker.ready(seen.pair, at);
                let named = ready.and_then(|ready| Some((ready.store, ready.policy(*policy)?)));
                let grant = self.grants.entry((seen.pair, at, *policy)).or_insert_with(|| Grant {
                    side: if at == 0 { GrantSide::From } else { GrantSide::To },
                    store: named.map(|(store, _)| store.name.clone()).unwrap_or_default(),
                    policy: named.map(|(_, named)| named.name.clone()).unwrap_or_default(),
                    uses: 0,
                    untimed: 0,
                    outside: 0,
                    window: named.map(|(_, named)| named.window).unwrap_or_default(),
                    period: Default::default(),
                });
                grant.add(time);
            }
        }
    }

    fn undecided(&self, spot: &Spot<'_>, hash: u64, seen: &Seen<'_>, side: usize, why: &Why, tally: &mut Tally) {
        let ready = self.asker.ready(seen.pair, side);
        let named = why.policy.and_then(|policy| ready?.policy(policy));
        let where_ = match (side, self.asking.stores.compared) {
            (0, _) => " on the old side",
            (_, true) => " on the new side",
            (_, false) => "",
        };
        let message = match named {
            Some(named) => format!("`{}` {}{where_}", inline(&named.name), why.message),
            None => format!("{}{where_}", why.message),
        };
        tally.undecided += 1;
        let store = ready.map(|ready| ready.store.name.clone());
        let policy = named.map(|named| named.name.clone());
        let new = || Cause::new(Unread::Undecided, why.kind, &message).about(store, policy);
        if let Some(cause) = tally.causes.entry(&format!("undecided\n{}\n{message}", why.kind), new) {
            cause.add(hash, || spot.place());
        }
    }

    fn changed(&self, spot: &Spot<'_>, hash: u64, record: &Record<'_>, seen: &Seen<'_>, tally: &mut Tally) {
        let names = |side: usize| -> Vec<String> {
            let Some(Side { said: Ok(decided), .. }) = seen.sides.get(side).and_then(Option::as_ref) else {
                return Vec::new();
            };
            let ready = self.asker.ready(seen.pair, side);
            let name = |number: &u32| ready.and_then(|ready| ready.policy(*number)).map(|named| named.name.clone());
            decided.reason().iter().filter_map(name).take(POLICIES).collect()
        };
        let mut from = match self.asking.stores.compared {
            true => names(0),
            false => {
                let ready = self.asker.ready(seen.pair, 1);
                let called = |name: &String| {
                    ready.and_then(|ready| ready.called(name)).map_or_else(|| name.clone(), str::to_owned)
                };
                record.reason.iter().take(POLICIES).map(called).collect()
            }
        };
        from.sort();
        let mut to = names(1);
        to.sort();
        let allowed = matches!(&seen.sides[1], Some(Side { said: Ok(decided), .. }) if decided.allowed);
        let direction = if allowed { Direction::Gained } else { Direction::Lost };
        match direction {
            Direction::Gained => tally.gained += 1,
            Direction::Lost => tally.lost += 1,
        }
        let store = self.asker.ready(seen.pair, 1).map(|ready| ready.store.name.clone()).unwrap_or_default();
        for (side, names) in [("from", &from), ("to", &to)] {
            for name in names {
                if let Some(moved) = tally.policies.entry(&format!("{side}\n{name}"), Moved::default) {
                    moved.add(direction, record.time);
                }
            }
        }
        let (principal, action) = (seen.principal(), seen.action.uid.to_string());
        for (counts, name) in [(&mut tally.principals, &principal), (&mut tally.actions, &action)] {
            if let Some(moved) = counts.entry(name, Moved::default) {
                moved.add(direction, record.time);
            }
        }
        let key = ChangeKey { direction, store, action, from, to };
        let name = serde_json::to_string(&key).unwrap_or_default();
        if let Some(changed) = tally.changes.entry(&name, || Changed::new(key)) {
            changed.add(&principal, hash, || self.example(spot, record, seen), record.time);
        }
    }

    fn example(&self, spot: &Spot<'_>, record: &Record<'_>, seen: &Seen<'_>) -> Example {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let mut request = format!(
            "{{\"principal\":{},\"action\":{},\"resource\":{}",
            quoted(&seen.principal()),
            quoted(&seen.action.uid.to_string()),
            quoted(&seen.resource())
        );
        for (name, json) in [("context", record.context.as_deref()), ("entities", record.entities.json())] {
            if let Some(json) = json {
                request.push_str(&format!(",\"{name}\":{json}"));
            }
        }
        request.push('}');
        let usable = seen.named() && request.len() <= LARGEST_EXAMPLE;
        Example {
            place: spot.place(),
            time: record.time,
            recorded: record.decision,
            request: usable.then_some(request),
        }
    }
}

fn malformed(spot: &Spot<'_>, wrong: &Wrong, tally: &mut Tally) {
    let unknown = Unknown { unread: Unread::Malformed, kind: wrong.kind, message: wrong.message.clone() };
    not_decided(spot, stable_hash(spot.text.as_bytes()), &unknown, tally);
}

fn not_decided(spot: &Spot<'_>, hash: u64, unknown: &Unknown, tally: &mut Tally) {
    match unknown.unread {
        Unread::Undecided => tally.undecided += 1,
        Unread::Malformed => tally.malformed += 1,
    }
    let name = format!("{}\n{}\n{}", unknown.unread.as_str(), unknown.kind, unknown.message);
    let new = || Cause::new(unknown.unread, unknown.kind, &unknown.message);
    if let Some(cause) = tally.causes.entry(&name, new) {
        cause.add(hash, || spot.place());
    }
}
