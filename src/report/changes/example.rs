//! A request that shows a change, with no more of its data than the clauses read.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::untrusted_text::Phrase;
use crate::finding::Evidence;
use crate::outcome::changes::{Condition, Direction, Effect};
use crate::report::evidence;

/// The example on one line: who does what on what, and the data that decides it.
pub(in crate::report) fn example(direction: Direction, effect: &Effect) -> Phrase {
    let evidence = &effect.witness.evidence;
    let entity = |key: &str| evidence.request.get(key).and_then(evidence::uid);
    let (Some(principal), Some(action), Some(resource)) = (entity("principal"), entity("action"), entity("resource"))
    else {
        return Phrase::default().word(&evidence.request.to_string());
    };
    let may = may(direction, effect);
    let action =
        action.split_once("::\"").and_then(|(_, id)| id.strip_suffix('"')).map_or(action.clone(), str::to_owned);
    let mut seen = seen(evidence, effect, &principal, &resource);
    if let Some(old) = &effect.witness.old {
        seen.before(self::seen(old, effect, &principal, &resource).shown);
    }
    let phrase = Phrase::default().word(&principal).say(may).word(&action).say(" on ").word(&resource);
    let shown: Vec<Phrase> = seen.shown.iter().map(|one| Phrase::default().word(one)).collect();
    let phrase = if shown.is_empty() { phrase } else { phrase.say(", with ").then(commas(shown)) };
    let what = if effect.condition.exact { "any value" } else { "not shown" };
    if seen.others > 0 { phrase.say(&format!(" (everything else: {what})")) } else { phrase }
}

/// What `evidence` holds of what the clauses of `effect` read.
fn seen(evidence: &Evidence, effect: &Effect, principal: &str, resource: &str) -> Seen {
    let mut seen = Seen { read: read(&effect.condition), shown: Vec::new(), others: 0 };
    for entity in evidence.entities.as_array().into_iter().flatten() {
        let Some(uid) = entity.get("uid").and_then(evidence::uid) else { continue };
        let name = match () {
            () if uid == principal => "principal".to_owned(),
            () if uid == resource => "resource".to_owned(),
            () => uid.clone(),
        };
        let parents = entity.get("parents").and_then(Value::as_array);
        let parents: Vec<String> = parents.into_iter().flatten().filter_map(evidence::uid).collect();
        if !parents.is_empty() {
            seen.shown.push(format!("{name} in {}", parents.join(" and in ")));
        }
        seen.fields(&name, entity.get("attrs").and_then(Value::as_object), false);
        seen.fields(&name, entity.get("tags").and_then(Value::as_object), true);
    }
    seen.fields("context", evidence.request.get("context").and_then(Value::as_object), false);
    let asked = asked(&effect.condition);
    for (of, name) in asked {
        let held = match of {
            "context" => evidence.request.get("context"),
            of => {
                let uid = if of == "principal" { principal } else { resource };
                let mut all = evidence.entities.as_array().into_iter().flatten();
                let holds = |one: &&Value| one.get("uid").and_then(evidence::uid).as_deref() == Some(uid);
                all.find(holds).and_then(|entity| entity.get("attrs"))
            }
        };
        if held.and_then(|held| held.get(&name)).is_none() {
            seen.shown.push(format!("no {of}.{name}"));
        }
    }
    seen
}

/// What becomes of the example.
fn may(direction: Direction, effect: &Effect) -> &'static str {
    match (direction, effect.migrated.is_empty()) {
        (Direction::Gained, true) => " is now allowed ",
        (Direction::Lost, true) => " is no longer allowed ",
        (Direction::Gained, false) => " may now be allowed ",
        (Direction::Lost, false) => " may no longer be allowed ",
    }
}

/// The request of the example alone: `User::"user-1" is now allowed read on Record::"record-1"`.
pub(in crate::report) fn example_request(direction: Direction, effect: &Effect) -> Phrase {
    let request = &effect.witness.evidence.request;
    let entity = |key: &str| request.get(key).and_then(evidence::uid).unwrap_or_default();
    let action = entity("action");
    let id = action.split_once("::\"").and_then(|(_, id)| id.strip_suffix('"')).unwrap_or(&action);
    Phrase::default()
        .word(&entity("principal"))
        .say(may(direction, effect))
        .word(id)
        .say(" on ")
        .word(&entity("resource"))
}

fn commas(all: Vec<Phrase>) -> Phrase {
    all.into_iter().reduce(|list, one| list.say(", ").then(one)).unwrap_or_default()
}

/// The words of the clauses: an attribute that they read is among them.
fn read(condition: &Condition) -> BTreeSet<String> {
    let others = [&condition.where_allowed, &condition.unless_allowed, &condition.unless_refused].into_iter().flatten();
    let texts = others.map(|clause| &*clause.condition).chain([condition.when.as_str()]);
    let words = texts.flat_map(|text| text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_')));
    words.map(str::to_owned).collect()
}

/// The attributes of the request's own that the clauses ask for with `has`.
fn asked(condition: &Condition) -> BTreeSet<(&'static str, String)> {
    let others = [&condition.where_allowed, &condition.unless_allowed, &condition.unless_refused].into_iter().flatten();
    let texts = others.map(|clause| &*clause.condition).chain([condition.when.as_str()]);
    let word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut found = BTreeSet::new();
    for text in texts {
        for of in ["principal", "resource", "context"] {
            for (at, asks) in text.match_indices(&format!("{of} has ")) {
                let alone =
                    text.get(..at).and_then(|before| before.chars().next_back()).is_none_or(|c| !word(c) && c != '.');
                let rest = text.get(at + asks.len()..).unwrap_or_default();
                let end = rest.find(|letter| !word(letter)).unwrap_or(rest.len());
                let name = rest.get(..end).unwrap_or_default();
                if alone && !name.is_empty() {
                    found.insert((of, name.to_owned()));
                }
            }
        }
    }
    found
}

struct Seen {
    read: BTreeSet<String>,
    shown: Vec<String>,
    others: usize,
}

impl Seen {
    /// Says of each value what it was, where that was another; `old` is what was shown then.
    fn before(&mut self, old: Vec<String>) {
        for one in old {
            let Some((name, value)) = one.split_once(" = ") else { continue };
            let same = |shown: &&mut String| shown.split_once(" = ").is_some_and(|(known, _)| known == name);
            match self.shown.iter_mut().find(same) {
                Some(shown) if *shown == one => {}
                Some(shown) => {
                    let now = shown.split_once(" = ").map_or("", |(_, value)| value);
                    *shown = format!("{name} = {value} before and {now} now");
                }
                None => self.shown.push(format!("{name} = {value} before")),
            }
        }
    }

    fn fields(&mut self, of: &str, fields: Option<&Map<String, Value>>, tags: bool) {
        for (key, value) in fields.into_iter().flatten() {
            // A key of several words is read when all of them are.
            let words = key.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
            if !words.filter(|word| !word.is_empty()).all(|word| self.read.contains(word)) {
                self.others += 1;
                continue;
            }
            let name =
                if tags { format!("{of} tag {}", evidence::key(key)) } else { format!("{of}.{}", evidence::key(key)) };
            match value.as_object() {
                Some(inner) if !evidence::is_literal(inner) && inner.keys().any(|key| self.read.contains(key)) => {
                    self.fields(&name, Some(inner), false);
                }
                _ => self.shown.push(format!("{name} = {}", evidence::value_of(value))),
            }
        }
    }
}
