//! What recorded decisions say of a revision, in words that several reports share: the only owner of that wording.

use crate::outcome::changes::Direction;
use crate::outcome::replay::{Cause, Changed, Distinct, Grant, Kept, Moved, Period, Place, Replayed};
use crate::report::counted::counted;
use crate::text::inline;

/// `1 record`, `2 records`.
pub(super) fn records(count: u64) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), "record", "records")
}

/// What a run comes to, for the line that says how it ended.
pub(super) fn counts(replayed: &Replayed) -> String {
    let tally = &replayed.tally;
    let mut parts = Vec::new();
    for (count, what) in
        [(tally.gained, "gained"), (tally.lost, "lost"), (tally.undecided, "undecided"), (tally.malformed, "malformed")]
    {
        if count > 0 {
            parts.push(format!("{count} {what}"));
        }
    }
    if tally.decided > 0 && tally.changed() == 0 {
        parts.insert(0, "none changes".to_owned());
    }
    let found = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("{}{found}", records(tally.lines()))
}

/// Both sides, as a phrase.
pub(super) fn sides(replayed: &Replayed) -> String {
    let from = replayed.from.as_deref().unwrap_or("the recorded decision");
    format!("from {} to {}", inline(from), inline(&replayed.to))
}

/// How many changes the gate refuses, if any.
pub(super) fn refused(replayed: &Replayed) -> Option<String> {
    let refused = replayed.refused();
    (refused > 0).then(|| format!("{} refused by --deny", records(refused)))
}

/// A time, as it is in all reports.
pub(super) fn time(milliseconds: i64) -> String {
    match jiff::Timestamp::from_millisecond(milliseconds) {
        Ok(at) => at.to_string(),
        Err(_) => format!("{milliseconds} ms since 1970"),
    }
}

/// When something was, if that is known.
pub(super) fn period(period: &Period) -> Option<String> {
    match (period.first, period.last) {
        (Some(first), Some(last)) if first == last => Some(time(first)),
        (Some(first), Some(last)) => Some(format!("first {}, last {}", time(first), time(last))),
        _ => None,
    }
}

/// `12 principals`, or `about 1200 principals` where they were too many to keep.
pub(super) fn principals(distinct: &Distinct) -> String {
    let (count, exact) = distinct.count();
    let all = counted(usize::try_from(count).unwrap_or(usize::MAX), "principal", "principals");
    if exact { all } else { format!("about {all}") }
}

/// What changes, the most frequent first.
pub(super) fn changes(replayed: &Replayed) -> Vec<&Changed> {
    let mut all: Vec<&Changed> = replayed.tally.changes.iter().map(|(_, changed)| changed).collect();
    all.sort_by(|one, other| other.lines.cmp(&one.lines).then_with(|| one.key.cmp(&other.key)));
    all
}

/// Names with what they gain and lose, the most frequent first.
pub(super) fn moved(kept: &Kept<Moved>) -> Vec<(&str, &Moved)> {
    let mut all: Vec<(&str, &Moved)> = kept.iter().collect();
    all.sort_by(|one, other| other.1.lines().cmp(&one.1.lines()).then_with(|| one.0.cmp(other.0)));
    all
}

/// Permits, those that are used outside of their window first, then the most used.
pub(super) fn grants(replayed: &Replayed) -> Vec<&Grant> {
    let mut all: Vec<&Grant> = replayed.tally.grants.iter().map(|(_, grant)| grant).collect();
    all.sort_by(|one, other| {
        let key = |grant: &Grant| (std::cmp::Reverse(grant.outside), std::cmp::Reverse(grant.uses));
        let name = |grant: &Grant| (grant.side, grant.store.clone(), grant.policy.clone());
        key(one).cmp(&key(other)).then_with(|| name(one).cmp(&name(other)))
    });
    all
}

/// Why records were not decided: what is undecided first, then the most frequent.
pub(super) fn causes(replayed: &Replayed) -> Vec<&Cause> {
    let mut all: Vec<&Cause> = replayed.tally.causes.iter().map(|(_, cause)| cause).collect();
    all.sort_by(|one, other| {
        let key = |cause: &Cause| (cause.unread, std::cmp::Reverse(cause.lines));
        key(one).cmp(&key(other)).then_with(|| one.message.cmp(&other.message))
    });
    all
}

/// The side and the name of a policy that is counted.
pub(super) fn policy(name: &str) -> (&str, &str) {
    name.split_once('\n').unwrap_or(("", name))
}

/// `log:line`.
pub(super) fn place(place: &Place) -> String {
    format!("{}:{}", place.log, place.line)
}

/// Which policies decide a change, before and now; names between backticks.
pub(super) fn decided(changed: &Changed, replayed: &Replayed) -> String {
    let named = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| format!("`{}`", inline(name))).collect();
        names.join(", ")
    };
    let (from, to) = (&changed.key.from, &changed.key.to);
    let gained = changed.key.direction == Direction::Gained;
    let before = match (gained, from.is_empty()) {
        (_, true) if replayed.from.is_none() => "by the record".to_owned(),
        (true, true) => "where no permit matched".to_owned(),
        (false, true) => "by what is not known".to_owned(),
        (_, false) => format!("by {}", named(from)),
    };
    let now = match (gained, to.is_empty()) {
        (false, true) => "no permit matches".to_owned(),
        (true, true) => "allowed".to_owned(),
        (true, false) => format!("permitted by {}", named(to)),
        (false, false) => format!("forbidden by {}", named(to)),
    };
    format!("{} {before}; now {now}", if gained { "denied before" } else { "allowed before" })
}

/// How a permit is used.
pub(super) fn used(grant: &Grant) -> String {
    let count = |count: u64| counted(usize::try_from(count).unwrap_or(usize::MAX), "use", "uses");
    let mut parts = vec![count(grant.uses)];
    if grant.outside > 0 {
        parts.push(format!("{} outside of its window", grant.outside));
    }
    let window = grant.window;
    let bounds = match (window.from, window.until) {
        (None, None) => None,
        (from, until) => {
            let from = from.map(|from| format!("from {}", time(from)));
            let until = until.map(|until| format!("until before {}", time(until)));
            Some(from.into_iter().chain(until).collect::<Vec<_>>().join(" "))
        }
    };
    if let Some(bounds) = bounds {
        parts.push(format!("meant {bounds}"));
        if grant.untimed > 0 {
            parts.push(format!("{} without a time", grant.untimed));
        }
    }
    parts.extend(period(&grant.period));
    parts.join(", ")
}

/// Why records were not decided, and where some of them stand; names between backticks.
pub(super) fn why(cause: &Cause) -> String {
    let places: Vec<String> = cause.places().map(|at| format!("`{}`", inline(&place(at)))).collect();
    format!("{}: {} ({})", records(cause.lines), inline(&cause.message), places.join(", "))
}

/// The command that explains a record, where its place is enough.
pub(super) fn command(at: &Place) -> String {
    format!("polcheck explain --log {}", place(at))
}
