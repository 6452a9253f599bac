//! Decision tables, with the files that they bring along.

use std::collections::HashMap;
use std::sync::Arc;

use crate::repo::error::{EntityFileError, OwnStoreError};
use crate::repo::files::Files;
use crate::repo::forms::{Bound, StorePaths, TableForm};
use crate::repo::model::Table;
use crate::text::SourceFile;

/// The table `file`, in `form` if it is in a known one, with the entity files that it names and without a store of its
/// own.
pub(super) fn table(files: &Files<'_>, file: Arc<SourceFile>, form: Option<TableForm>) -> Table {
    let named = form.and_then(|form| form.spec().entity_files);
    let entity_files = named.map_or_else(HashMap::new, |(named, bound)| {
        let read = |written: String| {
            let read = entity_file(files, file.path(), &written, bound);
            (written, read)
        };
        named(&file).into_iter().map(read).collect()
    });
    Table { file, form, own_store: None, entity_files }
}

/// The entity file that the table at `table` names by the path `written`.
fn entity_file(
    files: &Files<'_>,
    table: &str,
    written: &str,
    bound: Bound,
) -> Result<Arc<SourceFile>, EntityFileError> {
    let path = match bound {
        Bound::Folder => resolve(table, written, table.split('/').count() - 1)
            .ok_or_else(|| EntityFileError::OutsideFolder(written.to_owned())),
        Bound::Repository => {
            resolve(table, written, 0).ok_or_else(|| EntityFileError::OutsideRepository(written.to_owned()))
        }
    }?;
    files.text(&path).map_err(|error| EntityFileError::Unreadable { path, error })
}

/// `relative` from the folder of `path`; `None` when it leads above the first `depth` folders of it, or is absolute.
fn resolve(path: &str, relative: &str, depth: usize) -> Option<String> {
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                (parts.len() > depth).then(|| parts.pop())?;
            }
            part => parts.push(part),
        }
    }
    (!relative.starts_with('/')).then(|| parts.join("/"))
}

/// The paths of the store that `table` brings, if its form brings one; each is resolved against the nearest folder
/// above the table where it exists.
pub(super) fn store_paths(files: &Files<'_>, table: &Table) -> Option<Result<StorePaths, OwnStoreError>> {
    let store = table.form?.spec().store?;
    Some(store(&table.file, &|written| nearest_above(files, table.file.path(), written)))
}

fn nearest_above(files: &Files<'_>, table: &str, written: &str) -> Option<String> {
    let mut folder = table;
    loop {
        folder = match folder.rsplit_once('/') {
            Some((above, _)) => above,
            None if folder.is_empty() => return None,
            None => "",
        };
        let path = if folder.is_empty() { written.to_owned() } else { format!("{folder}/{written}") };
        if files.text(&path).is_ok() {
            return Some(path);
        }
        if folder.is_empty() {
            return None;
        }
    }
}
