//! Rows that kill what no row kills.
//!
//! # Why
//!
//! A request that the engine found kills one mutant, and mostly others too: so rows are taken one after the other, and
//! each only for what those before it leave. People read rows over entities that they know, so that the store's own are
//! tried first, with the context of the request that was found.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Entities, Entity, EntityTypeName, EntityUid, Request};
use serde_json::Value;

use super::mutant::Mutant;
use super::rows::Effects;
use crate::example::{Asker, Row, yaml};
use crate::outcome::{Decision, SuggestedRow, row_name};
use crate::repo::{EntityState, Store};
use crate::symbolic::Case;
use crate::tables::unknown;

/// Entities of one type that are tried.
const TRIED: usize = 12;

/// Longer conditions are not in the name of a row.
const LONG: usize = 120;

/// A row with what it is asked with.
struct Candidate {
    row: Row,
    request: Request,
    entities: Entities,
    /// Those that the row brings along, in Cedar's JSON.
    own: Option<Value>,
}

/// Makes rows for one store.
pub(super) struct Suggestions<'s> {
    store: &'s Store,
    effects: &'s Effects,
    asker: Asker<'s>,
    schema: Option<&'s cedar_policy::Schema>,
    entities: Entities,
    by_type: BTreeMap<EntityTypeName, Vec<EntityUid>>,
    names: BTreeSet<String>,
    rows: Vec<(SuggestedRow, Request, Entities)>,
    first: usize,
}

impl<'s> Suggestions<'s> {
    /// None yet; the number of the first will be `first`.
    pub(super) fn new(store: &'s Store, effects: &'s Effects, first: usize) -> Self {
        let schema = store.schema.ready().map(|schema| &schema.cedar);
        let entities = match &store.entities {
            EntityState::Ready(data) => data.cedar.clone(),
            EntityState::Broken(..) | EntityState::None => Entities::empty(),
        };
        let mut by_type: BTreeMap<EntityTypeName, Vec<EntityUid>> = BTreeMap::new();
        for entity in entities.iter() {
            by_type.entry(entity.uid().type_name().clone()).or_default().push(entity.uid());
        }
        for of_type in by_type.values_mut() {
            of_type.sort();
            of_type.truncate(TRIED);
        }
        let (asker, names, rows) = (Asker::new(store, schema), BTreeSet::new(), Vec::new());
        Self { store, effects, asker, schema, entities, by_type, names, rows, first }
    }

    /// The number of a row that kills `mutant`, of those that there are or of `case`; none where there can be none.
    pub(super) fn kill(&mut self, mutant: &Mutant<'_>, case: &Case) -> Option<usize> {
        if let Some(at) = self.rows.iter().position(|(_, request, entities)| self.decides(mutant, request, entities)) {
            return Some(self.first + at);
        }
        let Candidate { row, request, entities, own } =
            self.known(mutant, case).or_else(|| self.made_up(mutant, case))?;
        let name = self.name(mutant);
        let suggested = SuggestedRow {
            store: self.store.name.clone(),
            principal: row.principal.to_string(),
            action: row.action.to_string(),
            resource: row.resource.to_string(),
            context: row.context.clone(),
            with: row.with.iter().map(|(uid, said)| (uid.to_string(), said.clone())).collect(),
            entities: own,
            alone: false,
            unknown: row.unknown.iter().map(ToString::to_string).collect(),
            expect: if row.allowed { Decision::Allow } else { Decision::Deny },
            yaml: yaml::entry(&row, &name, &BTreeMap::new()),
            name,
        };
        self.rows.push((suggested, request, entities));
        Some(self.first + self.rows.len() - 1)
    }

    /// Hands over the rows.
    pub(super) fn into_rows(self) -> impl Iterator<Item = SuggestedRow> {
        self.rows.into_iter().map(|(row, ..)| row)
    }

    /// Whether `mutant` decides this request otherwise.
    fn decides(&self, mutant: &Mutant<'_>, request: &Request, entities: &Entities) -> bool {
        let today = self.effects.satisfied(request, entities);
        today.verdict().allowed != today.with(mutant, request, entities).verdict().allowed
    }

    /// A row over entities of the store, with the context of `case`.
    fn known(&self, mutant: &Mutant<'_>, case: &Case) -> Option<Candidate> {
        let of = |uid: Option<&EntityUid>| {
            uid.and_then(|uid| self.by_type.get(uid.type_name())).map(Vec::as_slice).unwrap_or_default()
        };
        let (principals, resources) = (of(case.request.principal()), of(case.request.resource()));
        let action = case.request.action()?;
        let context = self.asker.plainly(action, case.request_json.get("context")?)?;
        principals.iter().flat_map(|principal| resources.iter().map(move |resource| (principal, resource))).find_map(
            |(principal, resource)| {
                let asked = [principal, action, resource];
                let request = self.asker.request(asked, &context)?;
                if !self.decides(mutant, &request, &self.entities) {
                    return None;
                }
                let row = self.asker.decide(asked, &context, &self.entities)?;
                Some(Candidate {
                    row: Row { lasting: false, ..row },
                    request,
                    entities: self.entities.clone(),
                    own: None,
                })
            },
        )
    }

    /// A row that brings the entities of `case` along, over those of the store.
    fn made_up(&self, mutant: &Mutant<'_>, case: &Case) -> Option<Candidate> {
        let (alone, own) = self.asker.of_case(case)?;
        let asked = [&alone.principal, &alone.action, &alone.resource];
        let request = self.asker.request(asked, &alone.context)?;
        let json = Value::Array(own.iter().filter_map(|entity| entity.to_json_value().ok()).collect());
        let own: Vec<Entity> = own.iter().cloned().collect();
        let entities = self.entities.clone().upsert_entities(own, self.schema).ok()?;
        if !self.decides(mutant, &request, &entities) {
            return None;
        }
        let row = self.asker.decide(asked, &alone.context, &entities)?;
        let mut row = Row { with: alone.with, lasting: false, ..row };
        let text = format!("tests:\n{}", yaml::entry(&row, "unknown", &BTreeMap::new()));
        row.unknown = unknown(self.store, &text).into_iter().flatten().collect();
        Some(Candidate { row, request, entities, own: Some(json) })
    }

    /// What a row for `mutant` pins, unlike the names before it.
    fn name(&mut self, mutant: &Mutant<'_>) -> String {
        let policy = &mutant.policy.short;
        let draft = &mutant.draft;
        let name = match (&draft.was, &draft.becomes) {
            (Some(was), Some(becomes)) if was.len() + becomes.len() <= LONG => {
                format!("{policy}: {was}, and not {becomes}")
            }
            (Some(was), _) if was.len() <= LONG => format!("{policy}: {was}"),
            (Some(_), _) => format!("{policy}: the condition in line {}", draft.location.start().line),
            _ => format!("{policy} decides"),
        };
        row_name(&name, &mut self.names)
    }
}
