//! Rows of a decision table: one for each class of recorded requests.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cedar_policy::{Context, Entities, EntityUid};
use serde_json::Value;

use super::classes::{Class, Sample};
use super::judge::{Asked, Judge, Party};
use super::pseudonyms::{Names, Public, Way};
use super::record::Given;
use super::stores::{Ready, Stores};
use crate::example::{Asker, Row, yaml};
use crate::outcome::replay::Kept;
use crate::outcome::{Decision, SuggestedRow, row_name};
use crate::repo::cedar::{direct_parents, entity_values};
use crate::tables;

/// Rows, and for how many classes there is none.
#[derive(Debug, Default)]
pub struct Rows {
    /// The rows, by store and name.
    pub rows: Vec<SuggestedRow>,
    /// Classes whose decision hangs on names that would have to be told.
    pub nameless: usize,
    /// Classes of which the recorded decision is not the one of these policies.
    pub differing: usize,
}

/// Rows of the `classes`, over the stores of the new side. With `keep_names` names stay as they are in the log.
#[must_use]
pub fn rows(stores: &Stores<'_>, classes: &Kept<Class>, keep_names: bool) -> Rows {
    let mut made = Rows::default();
    for (at, pair) in stores.pairs.iter().enumerate() {
        let Some(ready) = &pair.to else { continue };
        let mut of_store = Making::new(ready, keep_names);
        let mut own: Vec<&Class> = classes.iter().map(|(_, class)| class).filter(|class| class.pair == at).collect();
        own.sort_by(|one, other| {
            let sample = |class: &Class| class.samples.first().map(|(_, sample)| sample.clone());
            other.lines.cmp(&one.lines).then_with(|| sample(one).cmp(&sample(other)))
        });
        for class in own {
            made.differing += usize::from(class.expected != class.decided.allowed);
            match class.samples.iter().find_map(|(_, sample)| of_store.row(class, sample)) {
                Some(row) => made.rows.push(row),
                None => made.nameless += 1,
            }
        }
    }
    made
}

/// Rows of one store.
struct Making<'r> {
    ready: &'r Ready<'r>,
    asker: Asker<'r>,
    judge: Judge<'r>,
    public: Public,
    keep_names: bool,
    names: BTreeSet<String>,
}

impl<'r> Making<'r> {
    fn new(ready: &'r Ready<'r>, keep_names: bool) -> Self {
        Self {
            ready,
            asker: Asker::new(ready.store, ready.schema),
            judge: Judge::new(ready, 1),
            public: Public::of(ready.store),
            keep_names,
            names: BTreeSet::new(),
        }
    }

    /// A row for `class` made of `sample`, of which every policy makes the same.
    fn row(&mut self, class: &Class, sample: &Sample) -> Option<SuggestedRow> {
        let schema = self.ready.schema.map(|schema| (schema, &sample.action));
        let context = tables::cedar_context(&sample.context).ok()?;
        let context = Context::from_json_str(&context, schema).ok()?.to_json_value().ok()?;
        let own = match &sample.entities {
            Some(json) => Some(Entities::from_json_str(&tables::cedar_entities(json).ok()?, self.ready.schema).ok()?),
            None => None,
        };
        let entities = around(sample, &context, own.as_ref().unwrap_or(&self.ready.entities));
        let public = std::mem::take(&mut self.public);
        let ways: Vec<Option<Way<'_>>> = match self.keep_names {
            true => vec![None],
            false => public.ways().into_iter().map(Some).collect(),
        };
        let row = ways.into_iter().find_map(|way| self.try_way(class, sample, (&context, &entities), way));
        self.public = public;
        let (row, json) = row?;
        Some(self.suggested(class, row, json))
    }

    fn try_way(
        &mut self,
        class: &Class,
        sample: &Sample,
        (context, entities): (&Value, &[Value]),
        way: Option<Way<'_>>,
    ) -> Option<(Row, Value)> {
        let mut names = Names::new(way, entities.iter().chain([context]));
        let asked = [&sample.principal, &sample.action, &sample.resource].map(|uid| names.uid(uid));
        let context = names.value(context);
        let entities: Vec<Value> = entities.iter().map(|one| names.described(one)).collect::<Option<_>>()?;
        let json = Value::Array(entities);
        let [principal, action, resource] = &asked;
        let party = |uid: &EntityUid| Rc::new(Party::new(uid.clone(), None));
        let (context_text, given) = (context.to_string(), Given::All(json.to_string().into()));
        let asked = Asked {
            principal: party(principal),
            action: party(action),
            resource: party(resource),
            context: Some(&context_text),
            entities: &given,
        };
        let question = self.judge.question(asked).ok()?;
        let decided = self.judge.judge(&question).ok()?;
        let same = decided.permits == class.decided.permits
            && decided.forbids == class.decided.forbids
            && decided.errors == class.decided.errors;
        if !same || self.judge.confirm(&question, &decided).is_err() {
            return None;
        }
        let (row, _) = self.asker.of_world([principal, action, resource], &context, &json)?;
        (row.allowed == class.decided.allowed).then_some((row, json))
    }

    fn suggested(&mut self, class: &Class, row: Row, json: Value) -> SuggestedRow {
        let differs = class.expected != class.decided.allowed;
        let name = self.name(class, &row);
        let mut row = Row { allowed: class.expected, lasting: row.lasting && !differs, ..row };
        let text = |row: &Row, name: &str| yaml::entry(row, name, &BTreeMap::new());
        let table = format!("entities: []\ntests:\n{}", text(&row, "unknown"));
        row.unknown = tables::unknown(self.ready.store, &table).into_iter().flatten().collect();
        SuggestedRow {
            store: self.ready.store.name.clone(),
            principal: row.principal.to_string(),
            action: row.action.to_string(),
            resource: row.resource.to_string(),
            context: row.context.clone(),
            with: row.with.iter().map(|(uid, said)| (uid.to_string(), said.clone())).collect(),
            entities: Some(json),
            alone: true,
            unknown: row.unknown.iter().map(ToString::to_string).collect(),
            expect: if row.allowed { Decision::Allow } else { Decision::Deny },
            yaml: text(&row, &name),
            name,
        }
    }

    /// What the row pins, unlike the names before it.
    fn name(&mut self, class: &Class, row: &Row) -> String {
        let id: &str = row.action.id().as_ref();
        let by = match (class.decided.allowed, row.because.is_empty()) {
            (true, _) => format!("allowed by {}", row.because.join(", ")),
            (false, false) => format!("forbidden by {}", row.because.join(", ")),
            (false, true) => "no permit matches".to_owned(),
        };
        let recorded = match class.expected == class.decided.allowed {
            true => String::new(),
            false => format!("recorded as {}, ", if class.expected { "allowed" } else { "denied" }),
        };
        row_name(&format!("{id}: {recorded}{by}"), &mut self.names)
    }
}

/// The entities that the request of `sample` leads to, in Cedar's JSON, in order; actions are the schema's.
fn around(sample: &Sample, context: &Value, entities: &Entities) -> Vec<Value> {
    let mut open = vec![sample.principal.clone(), sample.resource.clone()];
    named(context, &mut open);
    let (mut seen, mut found) = (BTreeSet::new(), BTreeMap::new());
    while let Some(uid) = open.pop() {
        let Some(entity) = entities.get(&uid).filter(|_| seen.insert(uid.clone())) else { continue };
        open.extend(direct_parents(entity));
        open.extend(entity_values(entity));
        found.extend(entity.to_json_value().ok().map(|json| (uid, json)));
    }
    // Principal and resource have the first of the names that stand for others.
    let first = [&sample.principal, &sample.resource];
    let mut all: Vec<Value> = first.iter().filter_map(|uid| found.remove(uid)).collect();
    all.extend(found.into_values());
    all
}

/// Adds the entities in `value`, which is in Cedar's JSON with its escapes.
fn named(value: &Value, found: &mut Vec<EntityUid>) {
    match value {
        Value::Object(fields) => {
            let entity = fields.get("__entity").filter(|_| fields.len() == 1);
            found.extend(entity.and_then(|entity| EntityUid::from_json(entity.clone()).ok()));
            fields.values().for_each(|value| named(value, found));
        }
        Value::Array(all) => all.iter().for_each(|value| named(value, found)),
        _ => {}
    }
}
