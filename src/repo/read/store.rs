//! A store from its plan: every file read, every fault a finding.

use std::sync::Arc;

use rayon::prelude::*;

use super::assemble::{add_link, add_policies};
use super::found::PolicyFile;
use super::{entities, links, policies, tables, translations};
use crate::finding::Finding;
use crate::repo::discover::Plan;
use crate::repo::error::OwnStoreError;
use crate::repo::files::{Files, Unread};
use crate::repo::forms::{StorePaths, TableForm};
use crate::repo::model::{Broken, EntityState, SchemaState, Store, Table, Unfilled};
use crate::repo::paths::shown;
use crate::repo::schema;
use crate::repo::templating::stand_ins;
use crate::source::ReadError;
use crate::text::{Location, SourceFile, Span};

/// A store as read, with what went wrong.
pub(in crate::repo) struct ReadStore {
    pub(in crate::repo) store: Store,
    pub(in crate::repo) findings: Vec<Finding>,
    /// Files that are not used: path and reason.
    pub(in crate::repo) left_out: Vec<(String, String)>,
    /// Policies that are not read because a part of them is filled in.
    pub(in crate::repo) unfilled: Vec<Unfilled>,
}

/// The parts of a store that is being read.
struct Reading<'f, 's> {
    files: &'f Files<'s>,
    findings: Vec<Finding>,
    left_out: Vec<(String, String)>,
}

impl Reading<'_, '_> {
    /// The texts of `paths`, and whether one of them is missing for a reason that matters.
    fn texts(&mut self, paths: &[String], what: &str) -> (Vec<Arc<SourceFile>>, Vec<String>) {
        let mut texts = Vec::new();
        let mut faults = Vec::new();
        for path in paths {
            if self.files.is_unknown(path) {
                faults.push(shown(path).to_owned());
                continue;
            }
            // A link stands for what it leads to, unless that is here under its own name.
            if let Err(ReadError::LinkTo(target)) = self.files.text(path)
                && !paths.contains(&target)
                && let Ok(file) = self.files.linked(path)
            {
                texts.push(file);
                continue;
            }
            match self.files.belonging(path, what) {
                Ok(file) => texts.push(file),
                Err(Unread::Elsewhere(why)) => self.left_out.push((path.clone(), why)),
                Err(Unread::Fault(finding)) => {
                    self.findings.push(*finding);
                    faults.push(path.clone());
                }
            }
        }
        (texts, faults)
    }
}

/// Reads the files of `plan`.
pub(in crate::repo) fn read_store(plan: Plan, files: &Files<'_>) -> ReadStore {
    let mut reading = Reading { files, findings: Vec::new(), left_out: Vec::new() };
    let mut files_of_store: Vec<String> = plan.files().map(|path| shown(path).to_owned()).collect();
    files_of_store.dedup();
    let schema_texts = schema_texts(&plan, &mut reading);
    let of_schema = reading.findings.len();
    let (policy_files, mut broken) = reading.texts(&plan.policies, "policy file");
    let (link_files, broken_links) = reading.texts(&plan.links, "file of template links");
    broken.extend(broken_links);
    let broken = broken.into_iter().map(Broken::of_path).collect();
    let known = files.parsed.as_ref();
    let read_policies = |file| (Arc::clone(&file), policies::read(&file, known));
    let ((schema, found), mut read) = rayon::join(
        || schema_texts.map_or_else(|state| (state, Vec::new()), |(files, twins)| schema::read(&files, &twins, known)),
        || policy_files.into_par_iter().map(read_policies).collect::<Vec<(Arc<SourceFile>, PolicyFile)>>(),
    );
    reading.findings.splice(of_schema..of_schema, found);
    read.extend(link_files.into_iter().map(|file| (Arc::clone(&file), links::read(&file))));
    let schema_files = plan.schema.iter().chain(plan.twins.iter().map(|(twin, _)| twin));
    let folder = plan.folder().to_owned();
    let mut store = Store {
        schema,
        schema_source: plan.schema_source,
        broken,
        level: plan.level,
        folder,
        schema_files: schema_files.map(|path| shown(path).to_owned()).collect(),
        files: files_of_store,
        ..Store::empty(&plan.name)
    };
    translations::leave_out(&mut read, &mut reading.findings, &mut reading.left_out);
    translations::count_once(&mut read, &mut reading.left_out);
    let mut unfilled = Vec::new();
    names_filled_in(&plan.schema, &store.schema, &mut read, files);
    let mut found_links = Vec::new();
    for (file, mut part) in read {
        if part.broken {
            let text = file.name().ends_with(".cedar").then(|| file.text().replace("\r\n", "\n"));
            store.broken.push(Broken { path: file.path().to_owned(), text });
        }
        reading.findings.append(&mut part.findings);
        unfilled.append(&mut part.unfilled);
        found_links.append(&mut part.links);
        add_policies(&mut store, &file, part);
    }
    for link in found_links {
        if let Err(finding) = add_link(&mut store, &link) {
            store.broken.push(Broken::of_path(link.location.path()));
            reading.findings.push(*finding);
        }
    }
    let (entity_files, entity_faults) = reading.texts(&plan.entities, "entity file");
    let known = files.parsed.as_ref().filter(|_| !entity_files.is_empty());
    let mut state = match known.and_then(|known| known.entities(&entity_files, &store.schema)) {
        Some(data) => EntityState::Ready(data),
        None => {
            let (state, found) = entities::read_entities(&entity_files, &store.schema);
            if let (Some(known), EntityState::Ready(data), true) = (known, &state, found.is_empty()) {
                known.keep_entities(&entity_files, &store.schema, data);
            }
            reading.findings.extend(found);
            state
        }
    };
    if let Some(path) = entity_faults.first() {
        let place = Location::of_path(path.clone());
        state = EntityState::Broken(place, "it cannot be read".to_owned());
    }
    store.entities = state;
    store.tables = read_tables(&plan.tables, &mut reading);
    for finding in &mut reading.findings {
        finding.store.get_or_insert_with(|| store.name.clone());
    }
    ReadStore { store, findings: reading.findings, left_out: reading.left_out, unfilled }
}

/// Takes policies that speak of types in whose names something is filled in out of `read`, where the schema declares no
/// such types: which of its types these are is not known.
fn names_filled_in(
    schemas: &[String],
    schema: &SchemaState,
    read: &mut [(Arc<SourceFile>, PolicyFile)],
    files: &Files<'_>,
) {
    if schema.ready().is_none() {
        return;
    }
    let texts: Vec<_> = schemas.iter().filter_map(|path| files.text(path).ok()).collect();
    let declared = |word: &str| texts.iter().any(|text| text.text().contains(word));
    for (file, part) in read {
        let mut unknown = Vec::new();
        part.policies.retain(|policy| {
            let Some(word) = stand_ins(file.slice(policy.span)).next() else { return true };
            let all = stand_ins(file.slice(policy.span)).all(declared);
            if !all {
                let at = file.slice(policy.span).find(word).unwrap_or_default();
                let span = Span::new(policy.span.start + at, policy.span.start + at + word.len());
                unknown.push(Location::new(file, span));
            }
            all
        });
        part.broken |= !unknown.is_empty();
        part.unfilled.extend(unknown.into_iter().map(|place| {
            let written = place.shown().text().to_owned();
            Unfilled::new(place, std::iter::once(written.as_str()))
        }));
    }
}

/// The files of a schema, and those that hold the same in the other syntax, each with the one it should equal.
type SchemaTexts = (Vec<Arc<SourceFile>>, Vec<(Arc<SourceFile>, Arc<SourceFile>)>);

/// What the schema is to be read from, or what there is of a schema where it is not to be read.
fn schema_texts(plan: &Plan, reading: &mut Reading<'_, '_>) -> Result<SchemaTexts, SchemaState> {
    if let Some(conflict) = &plan.conflict {
        reading.findings.push(conflict.clone());
        return Err(SchemaState::Broken);
    }
    if plan.schema.is_empty() {
        return Err(SchemaState::None);
    }
    let (files, faults) = reading.texts(&plan.schema, "schema");
    if !faults.is_empty() || files.is_empty() {
        return Err(SchemaState::Broken);
    }
    let twins: Vec<_> = plan
        .twins
        .iter()
        .filter_map(|(twin, of)| {
            let (text, _) = reading.texts(std::slice::from_ref(twin), "schema");
            let of = files.iter().find(|file| file.path() == of)?;
            Some((text.into_iter().next()?, Arc::clone(of)))
        })
        .collect();
    Ok((files, twins))
}

fn read_tables(paths: &[(String, bool)], reading: &mut Reading<'_, '_>) -> Vec<Table> {
    let mut found = Vec::new();
    for (path, must) in paths {
        // Rows run once, under the name of their file.
        if let Err(error @ ReadError::LinkTo(_)) = reading.files.text(path) {
            reading.left_out.push((path.clone(), error.to_string()));
            continue;
        }
        let (text, _) = reading.texts(std::slice::from_ref(path), "decision table");
        let Some(file) = text.into_iter().next() else { continue };
        match TableForm::of(&file, *must) {
            None if !*must => {
                reading.left_out.push((path.clone(), "it is no decision table in any known form".to_owned()));
            }
            form => found.push((file, form)),
        }
    }
    let files = reading.files;
    found
        .into_par_iter()
        .map(|(file, form)| {
            let mut table = tables::table(files, file, form);
            let paths = tables::store_paths(files, &table);
            table.own_store = paths.map(|paths| own_store(files, table.file.path(), paths?));
            table
        })
        .collect()
}

/// The store at `paths` that the table at `table` brings. It has to be whole: a part that cannot be read makes its rows
/// errors.
fn own_store(files: &Files<'_>, table: &str, paths: StorePaths) -> Result<Box<Store>, OwnStoreError> {
    let plan = Plan {
        name: table.to_owned(),
        schema: paths.schema.into_iter().collect(),
        policies: vec![paths.policies],
        entities: paths.entities.into_iter().collect(),
        ..Plan::default()
    };
    let read = read_store(plan, files);
    match read.findings.into_iter().next() {
        Some(finding) => Err(OwnStoreError::Faulty { place: finding.location.label(), message: finding.message }),
        None => Ok(Box::new(read.store)),
    }
}
