//! Entities of a row that turn out not to be there when it runs.
//!
//! # Why
//!
//! Silence about errors is not an expectation: a row without `errors` passes whatever fails to evaluate, as
//! docs/tables.md has it. But of our own tables the run says so, and it says when an entity of a request is not there
//! while another of nearly that name is.

use std::sync::Arc;

use cedar_policy::{Entities, Entity, EntityUid, Request};
use rustc_hash::{FxHashMap, FxHashSet};

use super::known::{Known, Part, named as mentioned, near_among};
use super::ran::SILENT;
use super::rows::{Row, RowEntities, Uid};
use super::strangers::{Met, Stranger};
use super::uid::meant;
use crate::outcome::{PolicyError, TestResult};
use crate::text::inline;

/// How many entities that are not there are looked at: where so many are, it is meant so.
const STRANGERS: usize = 200;
/// How many entities of a row are compared with one that is not there.
const COMPARED: usize = 1000;

/// What was found so far of the rows of one table.
pub(super) struct Absent<'r> {
    known: &'r Known<'r>,
    /// Entities that are not there, and those of nearly their names.
    near: FxHashMap<EntityUid, Option<EntityUid>>,
    /// Principals and resources that the store knows.
    familiar: FxHashSet<EntityUid>,
    /// What the entities name that were asked last.
    mentions: Option<(Arc<Entities>, FxHashSet<EntityUid>)>,
}

impl<'r> Absent<'r> {
    pub(super) fn new(known: &'r Known<'r>) -> Self {
        Self { known, near: FxHashMap::default(), familiar: FxHashSet::default(), mentions: None }
    }

    /// The principal and the resource of a row in one of the forms of others, as far as they exist nowhere. Where
    /// neither the store nor the row has any entities, they are kept elsewhere.
    pub(super) fn strangers(&mut self, row: &Row<'_>, request: &Request, entities: &Arc<Entities>) -> Vec<Stranger> {
        let known = self.known;
        let request = [
            (request.principal(), &row.principal, Part::Principal),
            (request.resource(), &row.resource, Part::Resource),
        ];
        let mut found = Vec::new();
        for (uid, written, part) in request {
            let (Some(uid), Uid::Json(node)) = (uid, written) else { continue };
            if self.familiar.contains(uid) {
                continue;
            }
            let of_row = entities.get(uid).is_some();
            if of_row || known.has(uid) || !known.matters(uid, part) {
                if !of_row || matches!(row.entities, RowEntities::OfStore) {
                    self.familiar.insert(uid.clone());
                }
                continue;
            }
            let action = |entity: &Entity| entity.uid().type_name().basename() == "Action";
            if !known.any() && entities.iter().all(action) {
                continue;
            }
            let mentions = match &mut self.mentions {
                Some((of, mentions)) if Arc::ptr_eq(of, entities) => mentions,
                mentions => &mut mentions.insert((Arc::clone(entities), mentioned(entities.iter()))).1,
            };
            if !mentions.contains(uid) && found.iter().all(|known: &Stranger| known.uid != *uid) {
                let near = match row.entities {
                    RowEntities::OfStore => None,
                    _ => near_among(uid, entities.iter().take(COMPARED).map(Entity::uid)),
                };
                found.push(Stranger { uid: uid.clone(), part, span: node.span(), near });
            }
        }
        found
    }

    /// Says what is probably not meant: an entity that is not there while one of nearly that name is, and policies that
    /// fail to evaluate where the row is silent about it.
    pub(super) fn note(
        &mut self,
        about: &[Option<&EntityUid>],
        entities: &Entities,
        met: &Met,
        silent: &[PolicyError],
        result: &mut TestResult,
    ) {
        let absent = about.iter().copied().flatten().filter(|uid| entities.get(uid).is_none() && !met.has(uid));
        for uid in absent {
            if self.near.len() >= STRANGERS && !self.near.contains_key(uid) {
                continue;
            }
            let near = self.near.entry(uid.clone()).or_insert_with(|| meant(uid, entities));
            if let Some(near) = near {
                let (uid, near) = (uid.to_string(), near.to_string());
                result.notes.push(format!("{} is not among the entities, and {} is", inline(&uid), inline(&near)));
            }
        }
        let silent = silent.iter().map(|error| {
            let (policy, words) = (inline(&error.policy.name), inline(&error.message));
            format!("`{policy}`{SILENT}{words}")
        });
        result.notes.extend(silent);
    }
}
