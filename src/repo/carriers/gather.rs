//! The carriers among the files of a repository: by the endings of their names, then by what stands in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use memchr::memmem;
use rayon::prelude::*;

use super::gathered::Gathered;
use super::helm;
use super::list::CARRIERS;
use super::spec::{Carried, Neighbours, Spec};
use crate::repo::files::Files;
use crate::repo::paths::dir;
use crate::source::ReadError;
use crate::text::SourceFile;

struct Around<'f, 's> {
    paths: &'f [String],
    files: &'f Files<'s>,
}

impl Neighbours for Around<'_, '_> {
    fn paths(&self) -> &[String] {
        self.paths
    }

    fn text(&self, path: &str) -> Option<Arc<SourceFile>> {
        self.files.text(path).ok()
    }

    fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        self.files.bytes(path).ok()
    }
}

#[cfg(test)]
/// How the names of files end that carriers include and that are none of Cedar's.
const INCLUDED: [&str; 2] = [".tfvars", ".tftpl"];

#[cfg(test)]
/// Whether a change of the file at `path` may change what a carrier holds, by its name.
pub(in crate::repo) fn may_matter(path: &str) -> bool {
    may_carry(path) || INCLUDED.iter().any(|ending| path.ends_with(ending))
}

/// Whether the name of the file at `path` is one that a carrier may have.
fn may_carry(path: &str) -> bool {
    CARRIERS.iter().any(|spec| named(spec, path))
}

fn named(spec: &Spec, path: &str) -> bool {
    spec.endings.iter().any(|ending| path.ends_with(ending))
}

/// What the carriers among `paths` hold; `paths` are sorted, and what is excluded is not among them. `is_other` says of
/// a path that its file is no carrier whatever it holds.
pub(in crate::repo) fn gather(paths: &[String], files: &Files<'_>, is_other: fn(&str) -> bool) -> Gathered {
    let wanted = |path: &&String| may_carry(path) && !is_other(path);
    let marked: Vec<(&String, Found)> =
        paths.par_iter().filter(wanted).filter_map(|path| Some((path, marks(path, files)?))).collect();
    let around = Around { paths, files };
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut carried: Vec<Carried> = Vec::new();
    for (at, spec) in CARRIERS.iter().enumerate() {
        let mut folders: BTreeMap<&str, Vec<Arc<SourceFile>>> = BTreeMap::new();
        for (path, found) in &marked {
            if let Found::Marks(specs) = found
                && specs.contains(&at)
                && !taken.contains(path.as_str())
                && let Some(file) = file(spec, path, files)
            {
                folders.entry(dir(path)).or_default().push(file);
            }
        }
        let mut read: Vec<Carried> =
            folders.into_par_iter().flat_map_iter(|(_, files)| spec.read.all(&files, &around)).collect();
        for one in &mut read {
            one.settle(&files.values);
            helm::tell_conditions(one);
        }
        taken.extend(
            marked.iter().map(|(path, _)| path.as_str()).filter(|path| read.iter().any(|one| one.file.path() == *path)),
        );
        carried.extend(read);
    }
    carried.sort_by(|a, b| a.file.path().cmp(b.file.path()));
    let mut gathered = Gathered::of(carried);
    let unread = |(path, found): &(&String, Found)| match found {
        Found::Unread(why) => Some(((*path).clone(), format!("it may hold policies, and {why}"))),
        Found::Marks(_) => None,
    };
    gathered.left_out.extend(marked.iter().filter_map(unread));
    gathered
}

/// The file at `path` as `spec` takes it.
fn file(spec: &Spec, path: &str, files: &Files<'_>) -> Option<Arc<SourceFile>> {
    if spec.is_text { files.text(path).ok() } else { Some(SourceFile::new(path, "")) }
}

/// What a look into a file shows.
enum Found {
    /// The marks of these carriers, by position in the list.
    Marks(Vec<usize>),
    /// It could not be looked into.
    Unread(String),
}

/// The carriers whose marks stand in the file at `path`. What has none is not kept.
fn marks(path: &str, files: &Files<'_>) -> Option<Found> {
    let bytes = match files.bytes(path) {
        Ok(bytes) => bytes,
        Err(error @ (ReadError::TooLarge(_) | ReadError::NotHere(_))) => return Some(Found::Unread(error.to_string())),
        Err(_) => return None,
    };
    let marked = |spec: &Spec| spec.marks.iter().any(|mark| memmem::find(&bytes, mark.as_bytes()).is_some());
    let specs = CARRIERS.iter().enumerate().filter(|(_, spec)| named(spec, path) && marked(spec));
    let specs: Vec<usize> = specs.map(|(at, _)| at).collect();
    (!specs.is_empty()).then_some(Found::Marks(specs))
}
