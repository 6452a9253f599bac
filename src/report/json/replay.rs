//! What recorded decisions say of a revision, for programs.

use serde::Serialize;
use serde_json::value::RawValue;

use crate::outcome::changes::Direction;
use crate::outcome::replay::{Input, Moved, Period, Place, Replayed};
use crate::report::replay::{causes, changes, grants, moved, policy, time};

/// The key `replay`.
#[derive(Serialize)]
pub(super) struct ReplayOut<'a> {
    from: Option<&'a str>,
    to: &'a str,
    lines: u64,
    decided: u64,
    undecided: u64,
    malformed: u64,
    changed: u64,
    gained: u64,
    lost: u64,
    read: u64,
    before_since: u64,
    unsampled: u64,
    untimed: u64,
    #[serde(flatten)]
    period: PeriodOut,
    since: Option<&'a str>,
    sample: Option<f64>,
    undecided_limit: f64,
    refused: u64,
    groups: Vec<GroupOut<'a>>,
    groups_complete: bool,
    examples: Vec<ExampleOut<'a>>,
    causes: Vec<CauseOut<'a>>,
    inputs: &'a [Input],
    repeated: &'a [String],
}

#[derive(Serialize)]
struct PeriodOut {
    first: Option<String>,
    last: Option<String>,
}

#[derive(Serialize)]
#[serde(tag = "by", rename_all = "lowercase")]
enum GroupOut<'a> {
    Change {
        change: &'static str,
        store: &'a str,
        action: &'a str,
        from: &'a [String],
        to: &'a [String],
        lines: u64,
        principals: u64,
        principals_exact: bool,
        #[serde(flatten)]
        period: PeriodOut,
    },
    Principal(NamedOut<'a>),
    Action(NamedOut<'a>),
    Policy {
        side: &'a str,
        #[serde(flatten)]
        named: NamedOut<'a>,
    },
    Grant {
        side: &'static str,
        store: &'a str,
        policy: &'a str,
        uses: u64,
        outside: u64,
        untimed: u64,
        window: Option<WindowOut>,
        #[serde(flatten)]
        period: PeriodOut,
    },
}

#[derive(Serialize)]
struct NamedOut<'a> {
    name: &'a str,
    lines: u64,
    gained: u64,
    lost: u64,
    #[serde(flatten)]
    period: PeriodOut,
}

#[derive(Serialize)]
struct WindowOut {
    from: Option<String>,
    until: Option<String>,
}

#[derive(Serialize)]
struct ExampleOut<'a> {
    change: &'static str,
    action: &'a str,
    #[serde(flatten)]
    place: &'a Place,
    time: Option<String>,
    recorded: Option<&'static str>,
    from: &'static str,
    to: &'static str,
    request: Option<Box<RawValue>>,
}

#[derive(Serialize)]
struct CauseOut<'a> {
    outcome: &'static str,
    kind: &'a str,
    message: &'a str,
    store: Option<&'a str>,
    policy: Option<&'a str>,
    lines: u64,
    places: Vec<&'a Place>,
}

fn period(period: &Period) -> PeriodOut {
    PeriodOut { first: period.first.map(time), last: period.last.map(time) }
}

fn word(allowed: bool) -> &'static str {
    if allowed { "allow" } else { "deny" }
}

fn of<'a>(name: &'a str, one: &Moved) -> NamedOut<'a> {
    NamedOut { name, lines: one.lines(), gained: one.gained, lost: one.lost, period: period(&one.period) }
}

pub(super) fn replay(replayed: &Replayed) -> ReplayOut<'_> {
    let tally = &replayed.tally;
    let (mut groups, mut examples) = (Vec::new(), Vec::new());
    for changed in changes(replayed) {
        let key = &changed.key;
        let (principals, principals_exact) = changed.principals.count();
        groups.push(GroupOut::Change {
            change: key.direction.as_str(),
            store: &key.store,
            action: &key.action,
            from: &key.from,
            to: &key.to,
            lines: changed.lines,
            principals,
            principals_exact,
            period: period(&changed.period),
        });
        let gained = key.direction == Direction::Gained;
        examples.extend(changed.examples().map(|example| ExampleOut {
            change: key.direction.as_str(),
            action: &key.action,
            place: &example.place,
            time: example.time.map(time),
            recorded: example.recorded.map(word),
            from: word(!gained),
            to: word(gained),
            request: example.request.clone().and_then(|text| RawValue::from_string(text).ok()),
        }));
    }
    groups.extend(moved(&tally.principals).into_iter().map(|(name, one)| GroupOut::Principal(of(name, one))));
    groups.extend(moved(&tally.actions).into_iter().map(|(name, one)| GroupOut::Action(of(name, one))));
    groups.extend(moved(&tally.policies).into_iter().map(|(name, one)| {
        let (side, name) = policy(name);
        GroupOut::Policy { side, named: of(name, one) }
    }));
    groups.extend(grants(replayed).into_iter().map(|grant| {
        GroupOut::Grant {
            side: grant.side.as_str(),
            store: &grant.store,
            policy: &grant.policy,
            uses: grant.uses,
            outside: grant.outside,
            untimed: grant.untimed,
            window: grant
                .window
                .is_bounded()
                .then(|| WindowOut { from: grant.window.from.map(time), until: grant.window.until.map(time) }),
            period: period(&grant.period),
        }
    }));
    let causes = causes(replayed).into_iter().map(|cause| CauseOut {
        outcome: cause.unread.as_str(),
        kind: &cause.kind,
        message: &cause.message,
        store: cause.store.as_deref(),
        policy: cause.policy.as_deref(),
        lines: cause.lines,
        places: cause.places().collect(),
    });
    let full = [tally.changes.is_full(), tally.principals.is_full(), tally.actions.is_full(), tally.policies.is_full()];
    ReplayOut {
        from: replayed.from.as_deref(),
        to: &replayed.to,
        lines: tally.lines(),
        decided: tally.decided,
        undecided: tally.undecided,
        malformed: tally.malformed,
        changed: tally.changed(),
        gained: tally.gained,
        lost: tally.lost,
        read: tally.read(),
        before_since: tally.before,
        unsampled: tally.unsampled,
        untimed: tally.untimed,
        period: period(&tally.period),
        since: replayed.since.as_deref(),
        sample: replayed.sample,
        undecided_limit: replayed.undecided_limit,
        refused: replayed.refused(),
        groups,
        groups_complete: !full.contains(&true),
        examples,
        causes: causes.collect(),
        inputs: &replayed.inputs,
        repeated: &replayed.repeated,
    }
}
