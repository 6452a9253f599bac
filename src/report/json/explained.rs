//! One decision explained, as JSON.

use serde::Serialize;
use serde_json::Value;

use super::location::{LocationOut, location};
use crate::finding::Evidence;
use crate::outcome::{
    Cacheable, Change, ChangeKind, Decision, Explained, Explanation, Lasting, Mark, PolicyExplained, Reach, RowRequest,
    Turn, Until,
};
use crate::report::explained as words;

#[derive(Serialize)]
pub(super) struct ExplainedOut<'a> {
    store: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'a str>,
    request: &'a RowRequest,
    decision: Decision,
    reason: Vec<&'a str>,
    errors: Vec<ErrorOut<'a>>,
    sentences: Vec<SentenceOut<'a>>,
    policies: Vec<PolicyOut<'a>>,
    turns: Vec<TurnOut<'a>>,
    /// How far `turns` is known.
    reach: &'static str,
    /// Why no more is known.
    why: Option<&'a str>,
    lasts: Vec<LastingOut<'a>>,
}

#[derive(Serialize)]
struct ErrorOut<'a> {
    policy: &'a str,
    message: &'a str,
}

#[derive(Serialize)]
struct SentenceOut<'a> {
    policy: Option<&'a str>,
    sentence: &'a str,
    marks: Vec<MarkOut<'a>>,
}

#[derive(Serialize)]
struct MarkOut<'a> {
    location: LocationOut<'a>,
    text: &'a str,
}

#[derive(Serialize)]
struct PolicyOut<'a> {
    policy: &'a str,
    effect: &'static str,
    location: LocationOut<'a>,
    status: &'static str,
    marks: Vec<MarkOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    values: Vec<ValueOut<'a>>,
}

#[derive(Serialize)]
struct ValueOut<'a> {
    location: LocationOut<'a>,
    text: &'a str,
    value: Option<&'a str>,
    error: Option<&'a str>,
}

#[derive(Serialize)]
struct TurnOut<'a> {
    text: String,
    change: Vec<ChangeOut<'a>>,
    decision: Decision,
    reachable: Option<bool>,
}

#[derive(Serialize)]
struct ChangeOut<'a> {
    attribute: Option<&'a str>,
    entity: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    joins: Option<bool>,
    old: Option<&'a Value>,
    new: Option<&'a Value>,
}

#[derive(Serialize)]
struct LastingOut<'a> {
    clock: &'a str,
    from: &'a Value,
    along: &'a [String],
    status: &'static str,
    until: Option<&'a Value>,
    why: Option<&'a str>,
}

pub(super) fn explained(explained: &Explained) -> ExplainedOut<'_> {
    let (reach, why) = match &explained.reach {
        Reach::Proved => ("proved", None),
        Reach::Never => ("never", None),
        Reach::Tried(why) => ("tried", Some(why.as_str())),
    };
    let other = explained.other();
    ExplainedOut {
        store: &explained.store,
        from: explained.from.as_deref(),
        request: &explained.request,
        decision: explained.got.decision,
        reason: explained.got.reason.iter().map(|policy| policy.name.as_str()).collect(),
        errors: (explained.got.errors.iter())
            .map(|error| ErrorOut { policy: &error.policy.name, message: &error.message })
            .collect(),
        sentences: explained.reasons.iter().map(sentence).collect(),
        policies: explained.policies.iter().map(policy).collect(),
        turns: explained.turns.iter().map(|one| turn(one, other)).collect(),
        reach,
        why,
        lasts: explained.lasting.iter().map(lasting).collect(),
    }
}

fn mark(mark: &Mark) -> MarkOut<'_> {
    MarkOut { location: location(&mark.location), text: &mark.text }
}

fn sentence(of: &Explanation) -> SentenceOut<'_> {
    SentenceOut {
        policy: of.policy.as_ref().map(|policy| policy.name.as_str()),
        sentence: &of.sentence,
        marks: of.marks.iter().map(mark).collect(),
    }
}

fn policy(of: &PolicyExplained) -> PolicyOut<'_> {
    let values = of.values.iter().map(|part| ValueOut {
        location: location(&part.location),
        text: &part.text,
        value: part.value.as_ref().ok().map(String::as_str),
        error: part.value.as_ref().err().map(String::as_str),
    });
    PolicyOut {
        policy: &of.policy.name,
        effect: of.policy.effect,
        location: location(&of.policy.location),
        status: of.status.as_str(),
        marks: of.marks.iter().map(mark).collect(),
        values: values.collect(),
    }
}

fn turn(of: &Turn, decision: Decision) -> TurnOut<'_> {
    TurnOut {
        text: words::turn(of),
        change: of.changes.iter().map(change).collect(),
        decision,
        reachable: of.reachable,
    }
}

fn change(of: &Change) -> ChangeOut<'_> {
    let entity = of.entity.as_deref();
    match &of.kind {
        ChangeKind::Value { old, new } => ChangeOut {
            attribute: Some(&of.what),
            entity,
            group: None,
            joins: None,
            old: old.as_ref(),
            new: new.as_ref(),
        },
        ChangeKind::Member { group, joins } => {
            ChangeOut { attribute: None, entity, group: Some(group), joins: Some(*joins), old: None, new: None }
        }
    }
}

fn lasting(of: &Lasting) -> LastingOut<'_> {
    let (status, until, why) = match &of.until {
        Until::Instant(instant) => ("until", Some(instant), None),
        Until::Ever => ("ever", None, None),
        Until::Unknown(why) => ("unknown", None, Some(why.as_str())),
    };
    LastingOut { clock: &of.clock, from: &of.from, along: &of.along, status, until, why }
}

#[derive(Serialize)]
pub(super) struct CacheableOut<'a> {
    store: &'a str,
    action: &'a str,
    hangs_on: Vec<HangsOnOut<'a>>,
    groups: &'a [String],
}

#[derive(Serialize)]
struct HangsOnOut<'a> {
    attribute: &'a str,
    kind: &'static str,
    status: &'static str,
    why: Option<&'a str>,
    example: Option<&'a [Evidence; 2]>,
}

pub(super) fn cacheable(of: &Cacheable) -> CacheableOut<'_> {
    let on = of.on.iter().map(|on| HangsOnOut {
        attribute: &on.attribute,
        kind: on.kind.as_str(),
        status: if on.open.is_some() { "unknown" } else { "yes" },
        why: on.open.as_deref(),
        example: on.example.as_deref(),
    });
    CacheableOut { store: &of.store, action: &of.action, hangs_on: on.collect(), groups: &of.groups }
}
