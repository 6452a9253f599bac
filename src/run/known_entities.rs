//! The entities that questions about people and things are answered over.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::RunError;
use super::loaded::Loaded;
use super::place::Place;
use super::reading::Reading;
use crate::finding::Finding;
use crate::repo::{EntityData, EntityState, Repo, Store, read_entities};
use crate::source::ReadError;
use crate::text::{SourceFile, inline};

/// Entities that are named with nothing else replace those of the repository.
pub(super) fn apart(reading: &Reading) -> (Reading, Vec<PathBuf>) {
    let files = &reading.files;
    let alone = files.policies.is_empty() && files.schemas.is_empty() && files.links.is_empty();
    if !alone || files.entities.is_empty() {
        return (reading.clone(), Vec::new());
    }
    let mut reading = reading.clone();
    let entities = std::mem::take(&mut reading.files.entities);
    (reading, entities)
}

/// The text of `file`, wherever it lies.
///
/// # Errors
/// When it cannot be read, or is not UTF-8.
pub(super) fn read(place: &Place, file: &Path) -> Result<String, RunError> {
    let shown = file.display().to_string();
    let failed = |why: &dyn Display| RunError::usage(format!("cannot read `{}`: {why}", inline(&shown)));
    let is_json = shown.trim_start().starts_with(['{', '[']);
    let bytes = place.read_from_disk(file).map_err(|error| match error {
        ReadError::Missing if is_json => failed(&"it is JSON, and a file is wanted here: write it to one"),
        other => failed(&other),
    })?;
    String::from_utf8(bytes).map_err(|_| failed(&"it is not UTF-8"))
}

/// The entities of `files`, if there are any, under the schema of the only store.
pub(super) fn given(
    place: &Place,
    files: &[PathBuf],
    new: &Loaded,
    findings: &mut Vec<Finding>,
) -> Result<Option<Arc<EntityData>>, RunError> {
    if files.is_empty() {
        return Ok(None);
    }
    let mut stores = new.repo.stores.iter().filter(|store| !store.policies.is_empty());
    let (Some(store), None) = (stores.next(), stores.next()) else {
        let names: Vec<String> = new.repo.stores.iter().map(|store| format!("`{}`", inline(&store.name))).collect();
        let way_out = match names.is_empty() {
            true => "and there is no store here".to_owned(),
            false => format!("name it with `--store`: {}", names.join(", ")),
        };
        return Err(RunError::usage(format!("the entities are those of one store; {way_out}")));
    };
    let texts = files.iter().map(|file| Ok(SourceFile::new(place.relative(file), read(place, file)?)));
    let texts = texts.collect::<Result<Vec<_>, RunError>>()?;
    let (state, faults) = read_entities(&texts, &store.schema);
    findings.extend(faults);
    match state {
        EntityState::Ready(data) => Ok(Some(data)),
        EntityState::None => Ok(None),
        EntityState::Broken(location, why) => {
            Err(RunError::usage(format!("the entities cannot be used: {}: {why}", inline(&location.label()))))
        }
    }
}

/// The entities of a side; why they cannot be used.
pub(super) fn entities(store: Option<&Store>) -> Result<Option<Arc<EntityData>>, String> {
    match store.map(|store| &store.entities) {
        Some(EntityState::Ready(data)) if data.count > 0 => Ok(Some(Arc::clone(data))),
        Some(EntityState::Broken(location, why)) => Err(format!("{}: {why}", location.label())),
        Some(EntityState::Ready(_) | EntityState::None) | None => Ok(None),
    }
}

/// A store as each side has it.
pub(super) type Pair<'r> = (Option<&'r Store>, Option<&'r Store>);

/// The stores that hold policies, by name; of one on each side it is the same.
pub(super) fn pairs<'r>(old: Option<&'r Repo>, new: &'r Repo) -> Vec<Pair<'r>> {
    let holds = |store: &&Store| !store.policies.is_empty() || !store.broken.is_empty();
    let new: Vec<&Store> = new.stores.iter().filter(holds).collect();
    let mut old: Vec<&Store> = old.into_iter().flat_map(|old| &old.stores).filter(holds).collect();
    let alone = new.len() == 1 && old.len() == 1;
    let mut pairs: Vec<Pair<'_>> = Vec::new();
    for store in new {
        let place = old.iter().position(|other| alone || other.name == store.name);
        pairs.push((place.map(|at| old.remove(at)), Some(store)));
    }
    pairs.extend(old.into_iter().map(|store| (Some(store), None)));
    pairs
}
