//! From what the engine found to values that people understand: real entities, numbers next to what decides, sets with
//! one element more.

use cedar_policy::{Context, Decision, EntityUid, EvalResult, Expression, Request};
use serde_json::{Map, Value as Json, json};

use super::probe;
use super::situation::Situation;
use super::slot::{Assignment, Holder, Slot, at, record};
use crate::expression;
use crate::outcome::{Change, ChangeKind};
use crate::symbolic::{Case, NumberKind, Witness, uid_value};

/// So many entities of a type are tried in the place of one that there is not.
const ENTITIES: usize = 64;

/// What a holder has in `case`: attributes and tags.
fn held(case: &Case, holder: &Holder) -> [Map<String, Json>; 2] {
    let object = |json: Option<Json>| match json {
        Some(Json::Object(fields)) => fields,
        _ => Map::new(),
    };
    let uid = match holder {
        Holder::Context => {
            return [object(case.request.context().and_then(|context| context.to_json_value().ok())), Map::new()];
        }
        holder => member(case, holder),
    };
    let entity = uid.and_then(|uid| case.entities.get(&uid)?.to_json_value().ok());
    ["attrs", "tags"].map(|key| object(entity.as_ref().and_then(|entity| entity.get(key)).cloned()))
}

fn member(case: &Case, holder: &Holder) -> Option<EntityUid> {
    match holder {
        Holder::Context => None,
        Holder::Principal => case.request.principal().cloned(),
        Holder::Resource => case.request.resource().cloned(),
        Holder::Entity(uid) => Some(uid.clone()),
    }
}

/// What `slot` is in `case`.
fn value(case: &Case, slot: &Slot) -> Option<Json> {
    let [attributes, tags] = held(case, slot.holder());
    match slot {
        Slot::Attribute(_, path) => at(&attributes, path).cloned(),
        Slot::Tag(_, key) => tags.get(key).cloned(),
        Slot::Group(holder, group) => {
            let member = member(case, holder)?;
            Some(Json::Bool(member == *group || case.entities.is_ancestor_of(group, &member)))
        }
    }
}

/// What `slots` are in `witness`, as changes of the situation: a record that appears or goes away does so whole, and
/// groups that follow from others are left out.
pub(super) fn read(situation: &Situation<'_>, slots: &[&Slot], witness: &Witness) -> Assignment {
    let Some(case) = witness.cases.first() else { return Vec::new() };
    let mut changes: Assignment = Vec::new();
    for slot in slots {
        let new = value(case, slot);
        let change = match slot {
            Slot::Attribute(holder, path) => {
                let [there, _] = held(case, holder);
                let here = situation.attributes(holder).cloned().unwrap_or_default();
                let prefixes = (1..=path.len()).filter_map(|count| path.get(..count));
                let mut apart = prefixes.filter(|path| at(&there, path).is_some() != at(&here, path).is_some());
                match apart.next() {
                    Some(path) => (Slot::Attribute(holder.clone(), path.to_vec()), at(&there, path).cloned()),
                    None => ((*slot).clone(), new),
                }
            }
            slot => ((*slot).clone(), new),
        };
        if change.1 != situation.value(&change.0) && !changes.contains(&change) {
            changes.push(change);
        }
    }
    let implied = |(slot, value): &(Slot, Option<Json>)| {
        let Slot::Group(holder, group) = slot else { return false };
        changes.iter().any(|(other, same)| match other {
            Slot::Group(whose, beside) if whose == holder && beside != group && same == value => match same {
                Some(Json::Bool(true)) => situation.is_in(beside, group),
                _ => situation.is_in(group, beside),
            },
            _ => false,
        })
    };
    let kept: Assignment = changes.iter().filter(|change| !implied(change)).cloned().collect();
    kept
}

/// The entity that `slot` is in `witness`, if it is one.
pub(super) fn entity_in(slot: &Slot, witness: &Witness) -> Option<EntityUid> {
    uid(&value(witness.cases.first()?, slot)?)
}

/// Whether a value is an entity that neither the store's entities nor policies nor the request know.
pub(super) fn is_made_up(situation: &Situation<'_>, value: Option<&Json>) -> bool {
    value.and_then(uid).is_some_and(|uid| !situation.knows(&uid))
}

/// That one of `slots` is not what it is in `witness`.
pub(super) fn is_other(slots: &[&Slot], witness: &Witness) -> Json {
    let all = witness
        .cases
        .first()
        .into_iter()
        .flat_map(|case| slots.iter().map(|slot| probe::is(slot, value(case, slot).as_ref())));
    let all = all.reduce(|left, right| json!({"&&": {"left": left, "right": right}}));
    json!({"!": {"arg": all.unwrap_or_else(|| json!({"Value": true}))}})
}

/// `changes` with values that people understand, when Cedar's authorizer confirms that they turn the decision.
pub(super) fn confirmed(situation: &Situation<'_>, changes: Assignment) -> Option<Assignment> {
    let changes = without_followers(situation, changes);
    let nicer = nicer(situation, changes.clone());
    [nicer, changes].into_iter().find(|changes| !changes.is_empty() && situation.confirms(changes))
}

/// `changes` without the memberships that follow from others: who is in a group that joins another is in that too.
fn without_followers(situation: &Situation<'_>, mut changes: Assignment) -> Assignment {
    let mut at = 0;
    while changes.len() > 1 && at < changes.len() {
        let mut fewer = changes.clone();
        let (slot, _) = fewer.remove(at);
        match matches!(slot, Slot::Group(..)) && turns(situation, &fewer) {
            true => changes = fewer,
            false => at += 1,
        }
    }
    changes
}

fn nicer(situation: &Situation<'_>, mut changes: Assignment) -> Assignment {
    for index in 0..changes.len() {
        let Some((slot, Some(new))) = changes.get(index).cloned() else { continue };
        let old = situation.value(&slot);
        let with = |value: Json| {
            let mut all = changes.clone();
            if let Some(change) = all.get_mut(index) {
                change.1 = Some(value);
            }
            all
        };
        let turns = |value: &Json| turns(situation, &with(value.clone()));
        let better = match (&new, &old) {
            (Json::Array(new), Some(Json::Array(old))) => set(new, old, &turns),
            (new, None) if record(new).is_some() => {
                let timely = situation.time().map(|time| timed(new, &time));
                timely.filter(|timely| timely != new && turns(timely))
            }
            (new, old) => match (uid(new), old.as_ref().and_then(number), number(new)) {
                (Some(uid), _, _) if !situation.has(&uid) => {
                    let all = situation.alike(&uid, ENTITIES).into_iter().map(|uid| uid_value(&uid));
                    all.filter(|other| Some(other) != old.as_ref()).find(|other| turns(other))
                }
                (_, Some((kind, bad)), Some((same, good))) if kind == same => {
                    nearest(bad, good, &|number| turns(&kind.json(number))).map(|number| kind.json(number))
                }
                _ => None,
            },
        };
        if let Some(better) = better {
            changes = with(better);
        }
    }
    changes
}

fn turns(situation: &Situation<'_>, changes: &Assignment) -> bool {
    let decided = situation.decide(changes);
    decided.is_some_and(|decision: Decision| decision != situation.decision)
}

/// A record with every time in it `time`, which nobody finds odd.
fn timed(value: &Json, time: &Json) -> Json {
    match record(value) {
        Some(fields) => Json::Object(fields.iter().map(|(name, field)| (name.clone(), timed(field, time))).collect()),
        None if number(value).is_some_and(|(kind, _)| kind == NumberKind::Datetime) => time.clone(),
        None => value.clone(),
    }
}

/// The set that differs least from `old` and does, where `new` does.
fn set(new: &[Json], old: &[Json], turns: &dyn Fn(&Json) -> bool) -> Option<Json> {
    let added = new.iter().filter(|element| !old.contains(element));
    let one_more = added.map(|element| old.iter().cloned().chain([element.clone()]).collect::<Vec<Json>>());
    let one_less = (0..old.len())
        .map(|gone| old.iter().enumerate().filter(|(at, _)| *at != gone).map(|(_, element)| element.clone()).collect());
    one_more.chain(one_less).map(Json::Array).find(|set| turns(set))
}

/// The number between `bad` and `good` that does and whose neighbour does not; `good` does.
pub(super) fn nearest(mut bad: i64, mut good: i64, does: &dyn Fn(i64) -> bool) -> Option<i64> {
    if bad == good || !does(good) {
        return None;
    }
    while good.abs_diff(bad) > 1 {
        let middle = bad.midpoint(good);
        if does(middle) {
            good = middle;
        } else {
            bad = middle;
        }
    }
    Some(good)
}

fn uid(value: &Json) -> Option<EntityUid> {
    EntityUid::from_json(value.get("__entity")?.clone()).ok()
}

/// What a value is as a number, and of which kind.
pub(super) fn number(value: &Json) -> Option<(NumberKind, i64)> {
    if let Some(number) = value.as_i64() {
        return Some((NumberKind::Long, number));
    }
    let name = value.get("__extn")?.get("fn")?.as_str()?;
    let text = expression::text(&json!({"Value": value}))?;
    match name {
        "datetime" | "offset" | "toDate" => {
            let since = format!("({text}).durationSince(datetime(\"1970-01-01\")).toMilliseconds()");
            Some((NumberKind::Datetime, evaluated(&since)?))
        }
        "duration" => Some((NumberKind::Duration, evaluated(&format!("({text}).toMilliseconds()"))?)),
        "decimal" => {
            let digits: String = value.get("__extn")?.get("arg")?.as_str()?.to_owned();
            let (whole, part) = digits.split_once('.')?;
            format!("{whole}{part:0<4}").parse().ok().map(|number| (NumberKind::Decimal, number))
        }
        _ => None,
    }
}

fn evaluated(text: &str) -> Option<i64> {
    let nobody: EntityUid = "Nobody::\"\"".parse().ok()?;
    let request = Request::new(nobody.clone(), nobody.clone(), nobody, Context::empty(), None).ok()?;
    let expression: Expression = text.parse().ok()?;
    match cedar_policy::eval_expression(&request, &cedar_policy::Entities::empty(), &expression) {
        Ok(EvalResult::Long(number)) => Some(number),
        _ => None,
    }
}

/// `context.mfa`, `principal.level`, `Team::"a".lead`.
pub(super) fn name(holder: &Holder, path: &[String]) -> String {
    let mut text = match holder {
        Holder::Context => "context".to_owned(),
        Holder::Principal => "principal".to_owned(),
        Holder::Resource => "resource".to_owned(),
        Holder::Entity(uid) => uid.to_string(),
    };
    text.push_str(&steps(path));
    text
}

/// `.a["b c"]`.
pub(super) fn steps(path: &[String]) -> String {
    let step = |step: &String| {
        let plain = step.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && step.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if plain { format!(".{step}") } else { format!("[{}]", Json::from(step.as_str())) }
    };
    path.iter().map(step).collect()
}

/// What a slot is called.
pub(super) fn called(situation: &Situation<'_>, slot: &Slot) -> String {
    match slot {
        Slot::Attribute(holder, path) => format!("`{}`", name(holder, path)),
        Slot::Tag(holder, key) => format!("`{}.getTag({})`", name(holder, &[]), Json::from(key.as_str())),
        Slot::Group(holder, group) => {
            let member = situation.entity(holder).map(|uid| uid.to_string()).unwrap_or_default();
            format!("whether {member} is in {group}")
        }
    }
}

/// A change as reports have it.
pub(super) fn change(situation: &Situation<'_>, slot: &Slot, new: Option<&Json>) -> Change {
    let entity = situation.entity(slot.holder()).map(|uid| uid.to_string());
    let value = |what: String| {
        let kind = ChangeKind::Value { old: situation.value(slot), new: new.cloned() };
        Change { what, entity: entity.clone(), kind }
    };
    match slot {
        Slot::Attribute(holder, path) => value(name(holder, path)),
        Slot::Tag(holder, key) => value(format!("{}.getTag({})", name(holder, &[]), Json::from(key.as_str()))),
        Slot::Group(holder, group) => Change {
            what: name(holder, &[]),
            entity,
            kind: ChangeKind::Member { group: group.to_string(), joins: new == Some(&Json::Bool(true)) },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_and_written() {
        let extension = |name: &str, text: &str| json!({"__extn": {"fn": name, "arg": text}});
        for value in [
            json!(-5),
            extension("datetime", "2026-11-20T09:00:00Z"),
            extension("duration", "1h30m"),
            extension("decimal", "-1.25"),
        ] {
            let (kind, number) = number(&value).unwrap();
            assert_eq!(kind.json(number), value);
        }
        assert_eq!(number(&extension("decimal", "0.5")), Some((NumberKind::Decimal, 5000)));
        assert_eq!(number(&json!("5")), None);
    }

    #[test]
    fn the_nearest_number_that_does_is_found() {
        assert_eq!(nearest(0, 1_000_000, &|number| number > 41), Some(42));
        assert_eq!(nearest(50, -7, &|number| number <= 3), Some(3));
        assert_eq!(nearest(5, 5, &|_| true), None);
    }

    #[test]
    fn names_are_written_as_policies_write_them() {
        assert_eq!(name(&Holder::Context, &["a".to_owned(), "b c".to_owned()]), "context.a[\"b c\"]");
    }
}
