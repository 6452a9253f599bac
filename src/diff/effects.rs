//! Effects grouped by cause, with names and places.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::called::called;
use super::edits::edits;
use super::known::{Allows, Asker};
use super::pairing::{Item, Paired};
use super::stores::Stores;
use crate::compare::{self, Which};
use crate::finding::Evidence;
use crate::outcome::changes::{
    Cause, CauseGroup, Change, Clause, Condition, Direction, Effect, EnvironmentChange, Left, LeftOver, Ruling,
    TemplateOf, Witness,
};
use crate::text::{Location, Span};

/// What was found in one environment.
pub(super) struct Solved {
    pub(super) environment: usize,
    pub(super) gained: Vec<compare::Effect>,
    pub(super) lost: Vec<compare::Effect>,
}

/// What a group is told by: the direction, and the causes as indices of pairs.
type Key = (Direction, Vec<usize>);

/// The effects of all environments by direction and causes. `allows` says what Cedar's authorizer decides.
pub(super) fn group(
    solved: Vec<Solved>,
    environments: &[EnvironmentChange],
    pairs: &[Paired<'_>],
    stores: Stores<'_>,
    allows: &Allows<'_>,
) -> Vec<CauseGroup> {
    let mut groups: BTreeMap<Key, Vec<(usize, compare::Effect)>> = BTreeMap::new();
    for solved in solved {
        for (direction, effects) in [(Direction::Gained, solved.gained), (Direction::Lost, solved.lost)] {
            for effect in effects {
                let group = groups.entry((direction, effect.causes.clone())).or_default();
                match group.last_mut() {
                    // Two ways to the same change, by one side's members of an enumeration for instance: one example is
                    // enough.
                    Some((environment, known)) if *environment == solved.environment => {
                        known.condition = either(&known.condition, &effect.condition);
                        known.by_error &= effect.by_error;
                        // One way that hangs on nothing is enough.
                        if known.migrated.is_empty() || effect.migrated.is_empty() {
                            known.migrated.clear();
                        } else {
                            known.migrated.extend(effect.migrated);
                        }
                    }
                    _ => group.push((solved.environment, effect)),
                }
            }
        }
    }
    let count = groups.values().map(Vec::len).sum();
    let mut asker = if count > 0 { Asker::new(stores, allows, count) } else { None };
    groups
        .into_iter()
        .map(|((direction, causes), effects)| {
            let causes: Vec<&Paired<'_>> = causes.iter().filter_map(|index| pairs.get(*index)).collect();
            let content = content(direction, &causes, stores);
            let mut conditions = Conditions::default();
            let effects: Vec<Effect> = effects
                .into_iter()
                .map(|(environment, effect)| {
                    let found = asker.as_mut().map(|asker| asker.known(&effect, direction)).unwrap_or_default();
                    let first = found.first();
                    let own =
                        first.zip(asker.as_ref()).and_then(|(known, asker)| asker.example(&effect, direction, known));
                    (environment, effect, found, own)
                })
                .map(|(environment, effect, known, own)| Effect {
                    environment,
                    condition: conditions.named(&effect.condition, pairs),
                    witness: match own {
                        Some(evidence) => Witness { evidence, old: None, strangers: Vec::new() },
                        None => witness(effect.witness),
                    },
                    known: known.iter().map(|pair| pair.each_ref().map(ToString::to_string)).collect(),
                    migrated: effect
                        .migrated
                        .into_iter()
                        .map(|name| name.unwrap_or_else(|| "tags".to_owned()))
                        .collect(),
                    by_error: effect.by_error,
                    ruling: Ruling::Free,
                    fingerprint: fingerprint(&content, environments.get(environment)),
                })
                .collect();
            CauseGroup {
                direction,
                causes: causes.iter().map(|pair| cause(pair, pairs, stores)).collect(),
                fingerprint: of_all(&effects),
                effects,
                gate: None,
                guardrail: None,
            }
        })
        .collect()
}

/// Conditions with names; effects that share one go on sharing it.
#[derive(Default)]
struct Conditions(HashMap<*const compare::Condition, Arc<Condition>>);

impl Conditions {
    fn named(&mut self, condition: &Arc<compare::Condition>, pairs: &[Paired<'_>]) -> Arc<Condition> {
        let named = self.0.entry(Arc::as_ptr(condition)).or_insert_with(|| Arc::new(named(condition, pairs)));
        Arc::clone(named)
    }
}

fn named(condition: &compare::Condition, pairs: &[Paired<'_>]) -> Condition {
    let clause = |clause: &compare::Clause| {
        let pair = pairs.get(clause.entry)?;
        let item = match clause.side {
            Which::Old => pair.old.as_ref()?,
            Which::New => pair.new.as_ref()?,
        };
        Some(Clause {
            policy: item.name.to_owned(),
            location: item.location.clone(),
            alone: pair.old.is_none() || pair.new.is_none(),
            condition: clause.condition.clone(),
            opposite: clause.opposite.clone(),
        })
    };
    let list = |all: &[compare::Clause]| all.iter().filter_map(clause).collect();
    Condition {
        when: condition.when.clone(),
        where_allowed: list(&condition.where_allowed),
        unless_allowed: list(&condition.unless_allowed),
        unless_refused: list(&condition.unless_refused),
        left: condition.left.clone().map(|left| Left {
            of: left.of,
            what: match left.what {
                compare::LeftOver::Literals(all) => LeftOver::Literals(all),
                compare::LeftOver::Range(first, last) => LeftOver::Range(first, last),
            },
        }),
        everything: condition.everything,
        exact: condition.exact,
    }
}

/// Either condition: what both say, or what both concern at most.
fn either(one: &Arc<compare::Condition>, other: &Arc<compare::Condition>) -> Arc<compare::Condition> {
    if one == other {
        return Arc::clone(one);
    }
    let when = if one.when == other.when { one.when.clone() } else { format!("({}) || ({})", one.when, other.when) };
    Arc::new(compare::Condition { when, ..compare::Condition::default() })
}

/// A changed policy as a cause.
pub(super) fn cause(pair: &Paired<'_>, pairs: &[Paired<'_>], stores: Stores<'_>) -> Cause {
    let shown = pair.new.as_ref().or(pair.old.as_ref());
    let place = |item: &Option<Item<'_>>| item.as_ref().map(|item| item.location.clone());
    let near = match (&pair.old, &pair.new) {
        (Some(old), None) => near(old, pairs, stores),
        _ => None,
    };
    let edits = match (&pair.old, &pair.new) {
        (Some(old), Some(new)) if !pair.same => edits(old.written(), new.written()),
        _ => Vec::new(),
    };
    let changed = edits.iter().filter(|edit| edit.new.is_some()).find_map(|edit| edit.location.clone());
    Cause {
        policy: pair.name().to_owned(),
        effect: shown.map_or("permit", |item| item.effect),
        change: pair.change(),
        old: place(&pair.old),
        new: place(&pair.new),
        changed: changed.or_else(|| changed_line(pair)),
        edits,
        template: template(pair),
        called: shown.and_then(|item| called(item.source)),
        near,
    }
}

/// For a link: what it links on each side.
fn template(pair: &Paired<'_>) -> Option<TemplateOf> {
    let of =
        |item: &Option<Item<'_>>| item.as_ref().filter(|item| item.is_link).map(|item| item.source.location.clone());
    let shown = pair.new.as_ref().or(pair.old.as_ref()).filter(|item| item.is_link)?;
    Some(TemplateOf { name: shown.source.name.clone(), old: of(&pair.old), new: of(&pair.new) })
}

/// The first line of an edited policy that differs; of a link, that of its template.
fn changed_line(pair: &Paired<'_>) -> Option<Location> {
    let (old, new) = (pair.old.as_ref()?, pair.new.as_ref()?);
    if pair.same {
        return None;
    }
    if new.text == new.location.text() {
        return first_difference(&old.text, new.location);
    }
    // A link's text is not where the link stands.
    let (before, after) = (&old.source.location, &new.source.location);
    let edited = old.is_link && new.is_link && before.text() != after.text();
    if edited { first_difference(before.text(), after) } else { None }
}

/// The first line of what stands at `new` that `old` does not have there.
fn first_difference(old: &str, new: &Location) -> Option<Location> {
    let mut start = new.span.start;
    let mut before = old.lines();
    let mut last = None;
    for line in new.text().split_inclusive('\n') {
        let shown = line.trim_end();
        let indent = shown.len() - shown.trim_start().len();
        let place = Location::new(&new.file, Span::new(start + indent, start + shown.len()));
        if before.next().map(str::trim) != Some(shown.trim()) {
            return Some(place);
        }
        start += line.len();
        last = Some(place);
    }
    // Lines are missing at the end.
    last
}

/// Where a reader of the new side would look for a policy that is gone: what stood before it in its file, what stood
/// after it, or anything of the store.
fn near(gone: &Item<'_>, pairs: &[Paired<'_>], stores: Stores<'_>) -> Option<Location> {
    let neighbours = pairs.iter().filter_map(|pair| {
        let (old, new) = (pair.old.as_ref()?, pair.new.as_ref()?);
        let both_here = old.location.path() == gone.location.path() && new.location.path() == gone.location.path();
        both_here.then_some((old.location.key(), new.location))
    });
    let (mut before, mut after): (Vec<_>, Vec<_>) = neighbours.partition(|(key, _)| *key < gone.location.key());
    before.sort_by_key(|(key, _)| *key);
    after.sort_by_key(|(key, _)| *key);
    if let Some((_, place)) = before.pop().or_else(|| after.into_iter().next()) {
        return Some(place.clone());
    }
    let new = stores.new?;
    let first = new.policies.iter().map(|policy| &policy.location);
    let here = first.clone().find(|place| place.path() == gone.location.path());
    let schema = new.schema.ready().and_then(|schema| schema.files.first()).map(|file| Location::of_path(file.path()));
    here.or_else(|| first.into_iter().next()).cloned().or(schema)
}

fn witness(witness: crate::symbolic::Witness) -> Witness {
    let mut cases =
        witness.cases.into_iter().map(|case| Evidence { request: case.request_json, entities: case.entities_json });
    let nothing = || Evidence { request: serde_json::Value::Null, entities: serde_json::Value::Null };
    let first = cases.next();
    match cases.next() {
        Some(new) => Witness { old: first.filter(|old| *old != new), evidence: new, strangers: Vec::new() },
        None => Witness { evidence: first.unwrap_or_else(nothing), old: None, strangers: Vec::new() },
    }
}

/// What the fingerprints of a group stand on, environments aside: no names, no places.
fn content(direction: Direction, causes: &[&Paired<'_>], stores: Stores<'_>) -> Vec<u8> {
    let mut parts = vec![stores.name().to_owned(), direction.as_str().to_owned()];
    let mut texts: Vec<String> = Vec::new();
    for pair in causes {
        for item in [&pair.old, &pair.new] {
            texts.push(item.as_ref().map(|item| item.text.replace("\r\n", "\n")).unwrap_or_default());
        }
        if pair.change() == Change::Schema {
            texts.push("schema".to_owned());
        }
    }
    parts.extend(texts);
    hashed(&parts)
}

fn fingerprint(content: &[u8], environment: Option<&EnvironmentChange>) -> String {
    let mut parts: Vec<String> = Vec::new();
    if let Some(change) = environment {
        let environment = &change.environment;
        parts.extend([&environment.principal, &environment.action, &environment.resource].map(String::clone));
    }
    let mut hash = Sha256::new();
    hash.update(content);
    hash.update(hashed(&parts));
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// It differs as soon as one of the environments does.
fn of_all(effects: &[Effect]) -> String {
    let mut hash = Sha256::new();
    for effect in effects {
        hash.update(effect.fingerprint.as_bytes());
    }
    hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

fn hashed(parts: &[String]) -> Vec<u8> {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().to_vec()
}
