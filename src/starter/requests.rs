//! Requests over a store's own entities, or over made-up ones, and what the store decides of them today.
//!
//! For each request environment the engine is asked for a context in which each policy matters, and for the plainest
//! one. Cedar's authorizer then decides them for the store's own principals and resources. Of what comes out, one
//! request is kept for each action and each answer: the decision, and the policies that make it. So no row is a guess.
//! Where no request fits the store's own entities, mostly because it has none, they come from the engine too
//! (`synthetic`): principal, resource and what they need.

use std::collections::BTreeMap;
use std::sync::Arc;

use cedar_policy::{Effect, Entities, EntityTypeName, EntityUid, Schema};
use serde_json::Value;

use crate::example::{Asker, Row};
use crate::repo::{EntityState, Store};
use crate::symbolic::{Answer, CompiledPolicies, Formula, PolicyRef, SchemaModel, Session, Sessions, Subject};
use crate::text::inline;

/// Rows that people will still read.
const MOST_ROWS: usize = 20;
/// Rows of one action over made-up entities: an allow and a deny.
const ANSWERS: usize = 2;
/// Entities of one type that are tried.
const MOST_ENTITIES: usize = 12;
/// Request environments that are looked at.
const MOST_ENVIRONMENTS: usize = 60;
/// Contexts that are tried in one environment.
pub(super) const MOST_CONTEXTS: usize = 12;
/// What the engine may spend on one context, in conflicts.
const BUDGET: u64 = 2000;

/// The rows of a first table.
pub(super) struct Found {
    /// Grouped by action.
    pub(super) rows: Vec<Row>,
    /// How many more were found than people will read.
    pub(super) more: usize,
    /// Whether the entities are made up.
    pub(super) synthetic: bool,
}

/// The rows for `store`.
///
/// # Errors
/// Why there are none: what the store lacks.
pub(super) fn today(store: &Store) -> Result<Found, String> {
    if !store.tables.is_empty() {
        return Err("it has some already".to_owned());
    }
    let Some(schema) = store.schema.ready() else {
        return Err("it has no schema that can be used, so there is no telling what may be asked".to_owned());
    };
    if let Some(path) = store.broken.first().map(|file| &file.path) {
        return Err(format!("`{}` does not load whole, so what is decided today is not known", inline(path)));
    }
    let none = Entities::empty();
    let entities = match &store.entities {
        EntityState::Ready(data) => &data.cedar,
        EntityState::Broken(..) => return Err("its entities cannot be used".to_owned()),
        EntityState::None => &none,
    };
    let model = SchemaModel::new(&schema.cedar).map_err(|why| format!("its schema cannot be analysed: {why}"))?;
    let world = World::new(store, &schema.cedar, entities, &model);
    let sessions = Sessions::new(&world.rules).with_budget(BUDGET);
    let (rows, more) = chosen(&sessions, usize::MAX, |session| world.rows(session));
    if !rows.is_empty() {
        return Ok(Found { rows, more, synthetic: false });
    }
    let (rows, more) = chosen(&sessions, ANSWERS, |session| world.synthetic(session));
    if rows.is_empty() {
        return Err("no request was found that is decided without an error".to_owned());
    }
    Ok(Found { rows, more, synthetic: true })
}

/// What people will read of the rows for each environment of `sessions`, at most `most` of one action, and how many are
/// left out.
fn chosen(
    sessions: &Sessions<'_>,
    most: usize,
    rows: impl Fn(&mut Session<'_>) -> Vec<Row> + Sync,
) -> (Vec<Row>, usize) {
    let environments: Vec<usize> = (0..sessions.environments().len()).take(MOST_ENVIRONMENTS).collect();
    let found = sessions.spread(&environments, 1, |sessions, at| sessions.full(*at).map(&rows).unwrap_or_default());
    let mut by_action: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in found.into_iter().flatten() {
        by_action.entry(row.action.to_string()).or_default().push(row);
    }
    let by_action: Vec<Vec<Row>> = by_action.into_values().map(|rows| most_telling(rows, most)).collect();
    let found: usize = by_action.iter().map(Vec::len).sum();
    let rows = fairly(by_action);
    let more = found - rows.len();
    (rows, more)
}

/// `most` of one action's rows: an allow and a deny before the others.
fn most_telling(rows: Vec<Row>, most: usize) -> Vec<Row> {
    let mut rest = rows;
    let mut ordered = Vec::new();
    for allowed in [true, false] {
        if let Some(at) = rest.iter().position(|row| row.allowed == allowed) {
            ordered.push(rest.remove(at));
        }
    }
    ordered.append(&mut rest);
    ordered.truncate(most);
    ordered
}

/// As many rows as are read, from every action in turn.
fn fairly(mut by_action: Vec<Vec<Row>>) -> Vec<Row> {
    let mut allowed: Vec<usize> = vec![0; by_action.len()];
    let mut left = MOST_ROWS;
    while left > 0 {
        let before = left;
        for (take, rows) in allowed.iter_mut().zip(&by_action) {
            if left > 0 && *take < rows.len() {
                *take += 1;
                left -= 1;
            }
        }
        if left == before {
            break;
        }
    }
    for (take, rows) in allowed.iter().zip(&mut by_action) {
        rows.truncate(*take);
    }
    by_action.into_iter().flatten().collect()
}

/// What requests are made of and decided by.
pub(super) struct World<'s> {
    entities: &'s Entities,
    by_type: BTreeMap<EntityTypeName, Vec<EntityUid>>,
    pub(super) rules: CompiledPolicies,
    pub(super) asker: Asker<'s>,
}

impl<'s> World<'s> {
    fn new(store: &'s Store, schema: &'s Schema, entities: &'s Entities, model: &Arc<SchemaModel>) -> Self {
        let mut by_type: BTreeMap<EntityTypeName, Vec<EntityUid>> = BTreeMap::new();
        for entity in entities.iter() {
            by_type.entry(entity.uid().type_name().clone()).or_default().push(entity.uid());
        }
        for of_type in by_type.values_mut() {
            of_type.sort();
            of_type.truncate(MOST_ENTITIES);
        }
        let subjects = store.deciding().filter_map(|(key, _, _)| Some(Subject::policy(store.set.policy(key)?)));
        let rules = CompiledPolicies::new(Arc::clone(model), subjects.collect());
        Self { entities, by_type, rules, asker: Asker::new(store, Some(schema)) }
    }

    /// One request for each answer that is found in the environment of `session`.
    fn rows(&self, session: &mut Session<'_>) -> Vec<Row> {
        let environment = session.environment().clone();
        let of = |ty: &EntityTypeName| self.by_type.get(ty).map(Vec::as_slice).unwrap_or_default();
        let (principals, resources) = (of(environment.principal()), of(environment.resource()));
        if principals.is_empty() || resources.is_empty() {
            return Vec::new();
        }
        let mut rows: Vec<Row> = Vec::new();
        for context in self.contexts(session) {
            for principal in principals {
                for resource in resources {
                    let asked = [principal, environment.action(), resource];
                    let Some(row) = self.asker.decide(asked, &context, self.entities).filter(|row| !row.errs) else {
                        continue;
                    };
                    let same = |known: &Row| known.allowed == row.allowed && known.because == row.because;
                    if !rows.iter().any(same) {
                        rows.push(row);
                    }
                }
            }
        }
        rows
    }

    /// The plainest context, and one for each policy in which it matters.
    fn contexts(&self, session: &mut Session<'_>) -> Vec<Value> {
        let allow = session.allow(0);
        let applicable = session.applicable(0);
        let effect = |policy: &PolicyRef| self.rules.subjects().get(policy.index).map(Subject::effect);
        let permits = applicable.iter().filter(|policy| effect(policy) == Some(Effect::Permit)).copied();
        let permitted = Formula::Or(permits.map(Formula::Matches).collect());
        let mut questions = vec![Formula::Constant(true)];
        questions.extend(applicable.iter().map(|policy| match effect(policy) {
            Some(Effect::Permit) => allow.clone().and(Formula::Matches(*policy)),
            _ => permitted.clone().and(Formula::Matches(*policy)),
        }));
        let mut contexts = Vec::new();
        for question in questions.iter().take(MOST_CONTEXTS) {
            let Answer::Witness(witness) = session.find(question) else { continue };
            let context = witness.cases.first().and_then(|case| case.request_json.get("context"));
            let Some(context) = context.and_then(|context| self.asker.plainly(session.environment().action(), context))
            else {
                continue;
            };
            if !contexts.contains(&context) {
                contexts.push(context);
            }
        }
        contexts
    }
}
