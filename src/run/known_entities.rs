//! The entities that questions about people and things are answered over.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cedar_policy::EntityUid;

use super::error::RunError;
use super::loaded::Loaded;
use super::place::Place;
use super::reading::Reading;
use crate::access::changed_entities;
use crate::finding::Finding;
use crate::outcome::{Notice, NoticeKind};
use crate::repo::{EntityData, EntityState, Repo, Store, read_entities};
use crate::source::ReadError;
use crate::text::{SourceFile, inline};

/// So many entities that changed are named.
const NAMED: usize = 3;

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

/// The entities of both sides: of each its own where they are `others`, else those of the new side, or of the old where
/// that has none. Why they cannot be used.
pub(super) fn of_each_side(
    old: Option<&Store>,
    new: Option<&Store>,
    others: bool,
) -> Result<Option<[Arc<EntityData>; 2]>, String> {
    Ok(match (entities(old).ok().flatten(), entities(new)?) {
        (Some(before), Some(now)) if others => Some([before, now]),
        (_, Some(one)) | (Some(one), None) => Some([Arc::clone(&one), one]),
        (None, None) => entities(old)?.map(|one| [Arc::clone(&one), one]),
    })
}

/// The entities of a store that changed; none where a side has none that can be used.
pub(super) fn changed_of((old, new): Pair<'_>) -> BTreeSet<EntityUid> {
    match (entities(old), entities(new)) {
        (Ok(Some(before)), Ok(Some(now))) => changed(&before, &now),
        _ => BTreeSet::new(),
    }
}

/// That those entities of a store `changed`, with the first of them by name, if there are any. `and` says what is made
/// of it.
pub(super) fn entities_changed(store: &str, changed: &BTreeSet<EntityUid>, and: &str) -> Option<Notice> {
    let names: Vec<String> = changed.iter().take(NAMED).map(|uid| format!("`{}`", inline(&uid.to_string()))).collect();
    let names = match (names.split_last()?, changed.len() - names.len()) {
        (_, more @ 1..) => format!("{} and {more} more", names.join(", ")),
        ((only, []), 0) => only.clone(),
        ((last, first), 0) => format!("{} and {last}", first.join(", ")),
    };
    let noun = if changed.len() == 1 { "entity" } else { "entities" };
    let message = format!("store `{}`: the {noun} {names} changed{and}", inline(store));
    Some(Notice::new(NoticeKind::EntitiesChanged, message).store(store))
}

fn changed(one: &Arc<EntityData>, other: &Arc<EntityData>) -> BTreeSet<EntityUid> {
    if Arc::ptr_eq(one, other) { BTreeSet::new() } else { changed_entities(&one.cedar, &other.cedar) }
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
