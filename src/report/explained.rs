//! The words for one decision explained, for every report that people read.

use super::counted::counted;
use super::evidence::value_of;
use crate::outcome::{
    Cacheable, Change, ChangeKind, Decision, Explained, HangsOnKind, Lasting, PolicyStatus, Reach, Turn, Until,
};

/// Longer values are cut, in characters.
const LONGEST: usize = 120;

/// `allowed` or `denied`.
pub(super) fn decided(decision: Decision) -> &'static str {
    match decision {
        Decision::Allow => "allowed",
        Decision::Deny => "denied",
    }
}

/// Why, in half a sentence.
pub(super) fn cause(explained: &Explained) -> &'static str {
    match (explained.got.decision, explained.got.reason.is_empty()) {
        (Decision::Allow, _) => "a permit matches and no forbid does",
        (Decision::Deny, true) => "no permit matches",
        (Decision::Deny, false) => "a forbid matches",
    }
}

fn value(of: &serde_json::Value) -> String {
    let text = value_of(of);
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", text.get(..at).unwrap_or_default()),
        None => text,
    }
}

/// One thing of a change: "`context.mfa` is `true` (now `false`)".
pub(super) fn change(change: &Change) -> String {
    let what = &change.what;
    match (&change.kind, &change.entity) {
        (ChangeKind::Value { old, new }, _) => {
            let would = match new {
                Some(new) => format!("`{what}` is `{}`", value(new)),
                None => format!("`{what}` is not there"),
            };
            match old {
                Some(old) => format!("{would} (now `{}`)", value(old)),
                None => format!("{would} (not there now)"),
            }
        }
        (ChangeKind::Member { group, joins }, entity) => {
            let who = entity.as_deref().unwrap_or(what);
            let who = if who == what { format!("`{who}`") } else { format!("the {what} `{who}`") };
            let is = if *joins { "is in" } else { "is no longer in" };
            format!("{who} {is} `{group}`")
        }
    }
}

/// All of a change.
pub(super) fn turn(turn: &Turn) -> String {
    turn.changes.iter().map(change).collect::<Vec<_>>().join(" and ")
}

/// What `count` turns lead to: a heading without its colon. `reachable` are those that a challenge can bring.
pub(super) fn leads(explained: &Explained, reachable: bool, count: usize) -> String {
    let other = decided(explained.other());
    let these = if count == 1 { "this" } else { "one of these" };
    match reachable {
        true => format!("it would be {other} after a challenge that brings {these}"),
        false => format!("it would be {other} if {these} were so"),
    }
}

/// The attributes that a challenge has to bring: the ones of the smallest reachable change.
pub(super) fn challenge(explained: &Explained) -> Option<String> {
    let turn = explained.turns.iter().find(|turn| turn.reachable == Some(true))?;
    let names: Vec<String> = turn.changes.iter().map(|change| format!("`{}`", change.what)).collect();
    Some(format!("{} after {}", decided(explained.other()), names.join(" and ")))
}

/// How far the turns are known; nothing where a notice says it.
pub(super) fn reach(explained: &Explained) -> Option<String> {
    let other = decided(explained.other());
    match &explained.reach {
        Reach::Never => Some(format!("no change of the context, of attributes or of groups makes it {other}: proved")),
        Reach::Proved if explained.turns.is_empty() => None,
        Reach::Proved => Some("nothing smaller turns it: proved; each is confirmed by Cedar's authorizer".to_owned()),
        Reach::Tried(_) if explained.turns.is_empty() => None,
        Reach::Tried(_) => Some("each is confirmed by Cedar's authorizer".to_owned()),
    }
}

/// Until when the decision stays; nothing where a notice says that it is not known.
pub(super) fn lasting(explained: &Explained, lasting: &Lasting) -> Option<String> {
    let decided = decided(explained.got.decision);
    let Lasting { clock, from, along, until } = lasting;
    let along: Vec<String> = along.iter().map(|clock| format!("`{clock}`")).collect();
    let along = match along.as_slice() {
        [] => "when".to_owned(),
        [one] => format!("when {one} goes on with it and"),
        several => format!("when {} go on with it and", several.join(" and ")),
    };
    Some(match until {
        Until::Instant(instant) => format!(
            "it stays {decided} until `{clock}` is `{}` (now `{}`), {along} nothing else changes: keep it no longer",
            value(instant),
            value(from)
        ),
        Until::Ever => format!("it stays {decided} however late `{clock}` gets, {along} nothing else changes: proved"),
        Until::Unknown(_) => return None,
    })
}

/// What a policy does.
pub(super) fn does(status: PolicyStatus) -> &'static str {
    match status {
        PolicyStatus::Matches => "matches",
        PolicyStatus::Errors => "fails to evaluate",
        PolicyStatus::DoesNotMatch => "does not match",
        PolicyStatus::OutOfScope => "is out of scope",
    }
}

/// How many policies are out of scope.
pub(super) fn out_of_scope(explained: &Explained) -> Option<String> {
    let count = explained.policies.iter().filter(|policy| policy.status == PolicyStatus::OutOfScope).count();
    (count > 0).then(|| counted(count, "policy is out of scope", "policies are out of scope"))
}

/// What the decisions of an action hang on, besides who asks for what.
pub(super) fn hangs_on(action: &Cacheable) -> String {
    let of = |kind: HangsOnKind| {
        let names = action.on.iter().filter(|on| on.kind == kind && on.open.is_none());
        names.map(|on| format!("`{}`", on.attribute)).collect::<Vec<_>>()
    };
    let mut names = Vec::new();
    let times = of(HangsOnKind::Time);
    if !times.is_empty() {
        names.push(format!("the time ({})", times.join(", ")));
    }
    names.extend(of(HangsOnKind::Context));
    names.extend(of(HangsOnKind::Entity));
    let open = action.on.iter().filter(|on| on.open.is_some()).map(|on| format!("`{}`", on.attribute));
    let open: Vec<String> = open.collect();
    let groups: Vec<String> = action.groups.iter().map(|group| format!("`{group}`")).collect();
    let mut text = match (names.as_slice(), open.is_empty() && groups.is_empty()) {
        ([], true) => "hangs on nothing but who asks for what".to_owned(),
        ([], false) => "hangs on no attribute as far as that is known".to_owned(),
        (names, _) => format!("hangs on {}", names.join(", ")),
    };
    if !groups.is_empty() {
        text.push_str(&format!("; perhaps on who is in which {}", groups.join(" or ")));
    }
    if !open.is_empty() {
        text.push_str(&format!("; not known of {}", open.join(", ")));
    }
    text
}

/// What to do about it.
pub(super) fn keep(action: &Cacheable) -> Option<&'static str> {
    let time = action.on.iter().any(|on| on.kind == HangsOnKind::Time);
    time.then_some(
        "an allowance that is kept outlives the end of what allowed it; `polcheck explain` of the request says until \
         when it may be kept",
    )
}
